"""How every case of every row of the table went, as arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ugembed.ablate.config import RowRef
from ugembed.ablate.plan import Cell
from ugembed.ablate.questions import QuestionFile
from ugembed.compose.candidates import CANDIDATES
from ugembed.errors import StoreError
from ugembed.eval.metrics import Floats, Gain, expected_gain, hit_gain, ndcg_gain, reciprocal_gain
from ugembed.eval.results import CaseRank, read_evaluation
from ugembed.files import MANIFEST

METRICS: dict[str, Gain] = {
    "hit@1": hit_gain(1), "hit@5": hit_gain(5), "ndcg@5": ndcg_gain(5), "mrr": reciprocal_gain,
}  # fmt: skip
"""What is averaged, by name."""
ALL = "all"


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """Cases that are averaged: ``name`` is ``all``, a family, or ``family/kind``."""

    split: str
    candidates: int
    name: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What one model answered to one group of questions of one seed.

    Attributes:
        cases: (file, line) of each.
        values: (metrics, n) expected gain of each case, in the order of `METRICS`.
        chance: Mean gain of a random order, by metric.
    """

    cases: tuple[tuple[str, int], ...]
    values: Floats
    chance: Floats

    def facts(self) -> dict[str, Any]:
        """Means by name, with the number of cases."""
        means = dict(zip(METRICS, self.values.mean(axis=1).tolist(), strict=True))
        return {"n": len(self.cases), **means, "chance_hit@5": float(self.chance[list(METRICS).index("hit@5")])}


Table = dict[Group, dict[RowRef, dict[int, Answers]]]
"""Answers by group, row and seed."""


def read_answers(cells: Iterable[Cell]) -> Table:
    """The answers of all finished evaluations.

    Raises:
        StoreError: a damaged evaluation; ``ablation-cases-differ`` when two rows of a seed were not asked the same.
    """
    table: Table = {}
    for cell in cells:
        for mode in cell.modes:
            folder = cell.evaluation(mode)
            if (folder / MANIFEST).is_file():
                row = RowRef(variant=cell.variant, mode=mode)
                for group, answers in _grouped(read_evaluation(folder).cases):
                    table.setdefault(group, {}).setdefault(row, {})[cell.seed] = answers
    for group, rows in table.items():
        _check_same(group, rows)
    return table


def _grouped(cases: Sequence[CaseRank]) -> Iterator[tuple[Group, Answers]]:
    groups: dict[Group, list[CaseRank]] = {}
    for case in cases:
        file = QuestionFile.parse(case.file)
        names = [file.family] if file.kind == file.family else [file.family, f"{file.family}/{file.kind}"]
        if file.candidates == CANDIDATES:
            names.append(ALL)
        for name in names:
            groups.setdefault(Group(file.split, file.candidates, name), []).append(case)
    yield from ((group, _answers(members)) for group, members in groups.items())


def _answers(cases: Sequence[CaseRank]) -> Answers:
    better = np.array([case.better for case in cases], dtype=np.int64)
    tied = np.array([case.tied for case in cases], dtype=np.int64)
    others = np.array([case.candidates - 1 for case in cases], dtype=np.int64)
    return Answers(
        cases=tuple((case.file, case.line) for case in cases),
        values=_gains(lambda gain: expected_gain(better, tied, gain)),
        chance=_gains(lambda gain: expected_gain(np.zeros_like(others), others, gain)).mean(axis=1),
    )


def _gains(values: Callable[[Gain], Floats]) -> Floats:
    return np.stack([values(gain) for gain in METRICS.values()])


def _check_same(group: Group, rows: Mapping[RowRef, Mapping[int, Answers]]) -> None:
    asked: dict[int, tuple[RowRef, Answers]] = {}
    for row, by_seed in rows.items():
        for seed, answers in by_seed.items():
            first, other = asked.setdefault(seed, (row, answers))
            if other.cases != answers.cases:
                raise StoreError(
                    f"seed {seed}, {group.split}, {group.name}: {row} and {first} were not asked the same questions",
                    code="ablation-cases-differ",
                    hint="remove the evaluations folder of the older one and run the ablation again",
                )


def result_lines(table: Table) -> list[dict[str, Any]]:
    """One JSON row for every variant, mode, seed and group."""
    return [
        {
            "variant": row.variant,
            "mode": row.mode,
            "seed": seed,
            "split": group.split,
            "candidates": group.candidates,
            "family": group.name,
            **answers.facts(),
        }
        for group, rows in table.items()
        for row, by_seed in rows.items()
        for seed, answers in by_seed.items()
    ]
