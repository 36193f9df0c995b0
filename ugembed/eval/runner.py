"""Evaluate one model on benchmark files in one query mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveInt

from ugembed import __version__
from ugembed.embed.encode import ItemEncoder, encode_distinct
from ugembed.embed.store import source_names
from ugembed.eval.benchmark import BenchmarkFile, read_benchmark_file
from ugembed.eval.results import Answer, CaseRank, Evaluation, Shown
from ugembed.eval.scoring import Scored, ScoringCase, score_cases
from ugembed.eval.summary import summarise
from ugembed.eval.tasks import QueryMode, apply_mode, query_shows_gold_graph
from ugembed.models.prompts import as_document, as_query
from ugembed.progress import OnProgress, silent
from ugembed.records.case import RankingCase
from ugembed.records.item import Item
from ugembed.registry import Config


class EvalSettings(Config):
    """What is asked of a model, whatever the model and the files are."""

    query_mode: QueryMode = "fusion"
    """``image``: pictures and text; ``text``: the query is text alone; ``fusion``: everything, graphs included."""
    k_values: tuple[PositiveInt, ...] = Field(default=(1, 3, 5, 10), min_length=1)
    """K of Hit@K; 5 is always reported."""
    ndcg_k: PositiveInt = 5
    """K of NDCG@K."""
    limit: PositiveInt | None = None
    """Use only the first so many rows of every file."""
    batch_size: PositiveInt = 16
    """Most items that are encoded at once; embeddings do not depend on it."""
    batch_tokens: PositiveInt | None = None
    """Most tokens that are encoded at once, padding included; a longer item is encoded alone. Null for no limit."""
    roots: tuple[Path, ...] = ()
    """Folders that relative image and graph paths start from. Default: the file's folder, then the current one."""


class EvalConfig(EvalSettings):
    """A run file of ``ugembed eval``."""

    model: Path
    """Checkpoint folder."""
    benchmark: tuple[Path, ...] = Field(min_length=1)
    """Benchmark folders or files."""
    filename_pattern: str = ""
    """Use only files whose name contains this."""
    device: str | None = None
    """``cpu``, ``cuda``, ``cuda:1``…; the best there is by default."""
    cache: Path | None = None
    """Folder in which vectors of node texts are kept for the next run; for models with ``node_text: contextual``."""
    out: Path | None = None
    """Folder for results and the report page; nothing is written without it."""


def evaluate(
    encoder: ItemEncoder,
    files: Sequence[BenchmarkFile],
    settings: EvalSettings,
    *,
    model: str = "",
    on_progress: OnProgress = silent,
) -> Evaluation:
    """Rank the candidates of every case by cosine and average.

    Each distinct item of all files together is encoded once. ``model`` is a name for the results.

    Raises:
        DataError: a file without cases, a right answer that is not among the candidates, or a mode that leaves nothing
            of an item; before anything is encoded.
        CheckpointError: ``embedding-broken`` when the model gives vectors that are not finite and of unit length.
    """
    cases = [(file, _told(case, file, encoder)) for file in files for case in _read(file, settings)]
    items = [item for _, case in cases for item in (case.query, *case.candidates)]
    vectors, index = encode_distinct(
        encoder,
        items,
        batch_size=settings.batch_size,
        batch_tokens=settings.batch_tokens,
        on_progress=on_progress,
    )
    scored = score_cases(vectors, _as_rows([case for _, case in cases], index))
    ranked = [_ranked(file, case, one) for (file, case), one in zip(cases, scored, strict=True)]
    summaries = summarise(files, ranked, k_values=settings.k_values, ndcg_k=settings.ndcg_k)
    return Evaluation(
        ugembed_version=__version__,
        model=model,
        fingerprint=encoder.fingerprint,
        query_mode=settings.query_mode,
        limit=settings.limit,
        items=len(items),
        distinct_items=len(vectors),
        files=summaries.files,
        families=summaries.families,
        overall=summaries.overall,
        warnings=_warnings(ranked, settings.query_mode),
        cases=tuple(ranked),
    )


def _read(file: BenchmarkFile, settings: EvalSettings) -> list[RankingCase]:
    cases = read_benchmark_file(file, roots=settings.roots, limit=settings.limit)
    return [apply_mode(case, settings.query_mode) for case in cases]


def _told(case: RankingCase, file: BenchmarkFile, encoder: ItemEncoder) -> RankingCase:
    """The case with the prompts of its family and of documents, as in training."""
    candidates = tuple(as_document(candidate, encoder.prompts) for candidate in case.candidates)
    return replace(case, query=as_query(case.query, encoder.prompts, task=file.family), candidates=candidates)


def _as_rows(cases: Sequence[RankingCase], index: NDArray[np.int64]) -> list[ScoringCase]:
    """Cases as rows of the vectors; ``index`` follows the items in reading order, each query before its candidates."""
    rows, start = [], 0
    for case in cases:
        end = start + 1 + len(case.candidates)
        rows.append(ScoringCase(int(index[start]), index[start + 1 : end], case.gold))
        start = end
    return rows


def _ranked(file: BenchmarkFile, case: RankingCase, scored: Scored) -> CaseRank:
    line = case.source.rpartition(":")[2]
    return CaseRank(
        file=file.name,
        line=int(line) if line.isdigit() else 0,
        query_type=case.query_type,
        rank=scored.better + 1 + scored.tied / 2,
        pessimistic_rank=scored.better + 1 + scored.tied,
        candidates=len(case.candidates),
        leak=query_shows_gold_graph(case),
        query=_shown(case.query),
        gold=_answer(case, case.gold, scored.gold_score),
        top=tuple(_answer(case, position, score) for position, score in scored.top),
    )


def _answer(case: RankingCase, position: int, score: float) -> Answer:
    return Answer(index=position, score=score, item=_shown(case.candidates[position]))


def _shown(item: Item) -> Shown:
    return Shown(text=item.text, images=source_names(item.images), graphs=source_names(item.graphs))


def _warnings(ranked: Sequence[CaseRank], mode: QueryMode) -> tuple[str, ...]:
    warnings = []
    for name in dict.fromkeys(case.file for case in ranked):
        cases = [case for case in ranked if case.file == name]
        leaks = sum(case.leak for case in cases)
        if leaks:
            warnings.append(f"{name}: in {leaks} of {len(cases)} cases the query shows the right candidate's own graph")
        if mode == "fusion" and not any(case.query.graphs or case.gold.item.graphs for case in cases):
            warnings.append(f"{name}: no graph in any case, so fusion shows nothing that image does not")
    return tuple(warnings)
