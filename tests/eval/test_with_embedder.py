"""Evaluation with a real model: what a graph says reaches its own case, and no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.eval_fixtures import street_graph, write_benchmark
from tests.fixtures import model_config
from ugembed.embed.encode import ItemEncoder
from ugembed.eval.benchmark import find_benchmark
from ugembed.eval.results import CaseRank
from ugembed.eval.runner import EvalSettings, evaluate
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder


@pytest.fixture(scope="module")
def embedder() -> ItemEncoder:
    return Embedder(ModelConfig.model_validate(model_config()))


def scores(embedder: ItemEncoder, benchmark: Path, *, mode: str, batch_size: int = 3) -> list[dict[int, float]]:
    """Candidate to cosine, of every geolocation case."""
    settings = EvalSettings(query_mode=mode, roots=(benchmark,), batch_size=batch_size)
    cases: tuple[CaseRank, ...] = evaluate(embedder, find_benchmark([benchmark / "geolocation"]), settings).cases
    return [{answer.index: answer.score for answer in case.top} for case in cases]


def moved(before: dict[int, float], after: dict[int, float]) -> float:
    """Largest change of a cosine."""
    return float(np.max([abs(before[index] - after[index]) for index in before]))


def test_another_graph_moves_only_the_case_that_shows_it(embedder: ItemEncoder, tmp_path: Path) -> None:
    benchmark = write_benchmark(tmp_path / "benchmark", cases=6)
    before = scores(embedder, benchmark, mode="fusion")
    alone = scores(embedder, benchmark, mode="image")
    other = street_graph(99).to_bytes()
    (benchmark / "benchmark_graphs" / "4.json").write_bytes(other)
    after = scores(embedder, benchmark, mode="fusion")
    assert moved(before[4], after[4]) > 1e-4
    assert max(moved(before[case], after[case]) for case in (0, 1, 2, 3, 5)) < 1e-5
    assert moved(before[4], alone[4]) > 1e-4  # the graph was used at all
    assert scores(embedder, benchmark, mode="image") == alone  # and is not, where the mode leaves it out


def test_the_batch_size_changes_no_score(embedder: ItemEncoder, tmp_path: Path) -> None:
    benchmark = write_benchmark(tmp_path / "benchmark", cases=6)
    one, many = (scores(embedder, benchmark, mode="fusion", batch_size=size) for size in (1, 16))
    assert max(moved(*pair) for pair in zip(one, many, strict=True)) < 1e-5
