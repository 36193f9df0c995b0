"""Averages over files, families and everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ugembed.eval.benchmark import FAMILIES, BenchmarkFile
from ugembed.eval.chance import chance_metrics
from ugembed.eval.metrics import HEADLINE_K, bootstrap_interval, expected_gain, hit_gain, mean_metrics
from ugembed.eval.results import CaseRank, Summary
from ugembed.files import sha256_file


@dataclass(frozen=True, slots=True)
class Summaries:
    """Averages in which every case counts the same (micro)."""

    files: tuple[Summary, ...]
    families: tuple[Summary, ...]
    overall: Summary


def summarise(
    files: Sequence[BenchmarkFile], ranked: Sequence[CaseRank], *, k_values: Sequence[int], ndcg_k: int
) -> Summaries:
    """Average ``ranked`` cases by file, by family (the reference's order first) and overall."""

    def average(members: Sequence[BenchmarkFile], **labels: str) -> Summary:
        names = {file.name for file in members}
        cases = [case for case in ranked if case.file in names]
        return _summary(cases, k_values=k_values, ndcg_k=ndcg_k, **labels)

    families = sorted({file.family for file in files}, key=_family_order)
    return Summaries(
        files=tuple(
            average([f], name=f.name, family=f.family, path=str(f.path), sha256=sha256_file(f.path)) for f in files
        ),
        families=tuple(
            average([f for f in files if f.family == family], name=family, family=family) for family in families
        ),
        overall=average(files, name="overall"),
    )


def _family_order(family: str) -> tuple[int, str]:
    return (FAMILIES.index(family) if family in FAMILIES else len(FAMILIES), family)


def _summary(cases: Sequence[CaseRank], *, k_values: Sequence[int], ndcg_k: int, **labels: str) -> Summary:
    better = np.array([case.better for case in cases], dtype=np.int64)
    tied = np.array([case.tied for case in cases], dtype=np.int64)
    counts = [case.candidates for case in cases]
    return Summary(
        **labels,
        cases=len(cases),
        candidates=float(np.mean(counts)),
        metrics=mean_metrics(better, tied, k_values=k_values, ndcg_k=ndcg_k),
        chance=chance_metrics(counts, k_values=k_values, ndcg_k=ndcg_k),
        hit5_interval=bootstrap_interval(expected_gain(better, tied, hit_gain(HEADLINE_K))),
        tied_cases=int((tied > 0).sum()),
        leaks=sum(case.leak for case in cases),
    )
