"""Ranks against a sort, in blocks of any size, with ties and shared candidate lists."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ugembed.eval import scoring
from ugembed.eval.scoring import ScoringCase, score_cases


def unit(rows: int, seed: int) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(rows, 16)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def some_cases(vectors: NDArray[np.float32], *, shared: bool) -> list[ScoringCase]:
    generator = np.random.default_rng(5)
    pool = generator.choice(len(vectors), 30, replace=False)
    cases = []
    for _ in range(40):
        candidates = pool if shared else generator.choice(len(vectors), generator.integers(2, 30), replace=False)
        cases.append(
            ScoringCase(int(generator.integers(len(vectors))), candidates, int(generator.integers(len(candidates))))
        )
    return cases


@pytest.mark.parametrize("shared", [True, False])
def test_the_rank_is_the_place_in_a_sorted_list(shared: bool) -> None:
    vectors = unit(80, 1)
    cases = some_cases(vectors, shared=shared)
    for case, scored in zip(cases, score_cases(vectors, cases, top=3), strict=True):
        scores = vectors[case.candidates].astype(np.float64) @ vectors[case.query].astype(np.float64)
        order = np.argsort(-scores, kind="stable")
        assert scored.better == order.tolist().index(case.gold)
        assert scored.tied == 0
        assert scored.gold_score == pytest.approx(scores[case.gold], abs=1e-6)
        assert [index for index, _ in scored.top] == order[:3].tolist()
        assert [score for _, score in scored.top] == pytest.approx(scores[order[:3]], abs=1e-6)


def test_blocks_of_any_size_give_the_same_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = unit(80, 2)
    cases = some_cases(vectors, shared=True)
    whole = score_cases(vectors, cases)
    monkeypatch.setattr(scoring, "QUERIES_AT_ONCE", 7)
    monkeypatch.setattr(scoring, "CANDIDATES_AT_ONCE", 4)
    assert [(one.better, one.tied) for one in score_cases(vectors, cases)] == [(one.better, one.tied) for one in whole]


def test_level_candidates_are_ties_wherever_they_stand_and_whatever_the_last_bit_says() -> None:
    base = unit(1, 3)[0]
    nearly = base + np.float32(3e-8)
    vectors = np.stack([base, nearly, base, -base, nearly / np.linalg.norm(nearly)]).astype(np.float32)
    for gold, expected in ((0, (0, 2)), (1, (0, 2)), (2, (3, 0)), (3, (0, 2))):
        (scored,) = score_cases(vectors, [ScoringCase(0, np.array([1, 2, 3, 4]), gold)])
        assert (scored.better, scored.tied) == expected


def test_moving_the_gold_along_the_list_changes_nothing() -> None:
    vectors = np.concatenate([unit(12, 4), unit(12, 4)])  # every vector twice
    candidates = np.arange(24)
    results = set()
    for shift in range(24):
        rolled = np.roll(candidates, shift)
        (scored,) = score_cases(vectors, [ScoringCase(3, rolled, int(np.flatnonzero(rolled == 7)[0]))])
        results.add((scored.better, scored.tied))
    assert len(results) == 1
    assert results.pop()[1] == 1
