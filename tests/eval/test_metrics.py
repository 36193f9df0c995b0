"""Metrics against hand-made answers, against every order of the ties, and against a random order."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest

from ugembed.eval.chance import chance_metrics
from ugembed.eval.graded import ndcg_at_k, recall_at_k, reciprocal_rank
from ugembed.eval.metrics import (
    Gain,
    bootstrap_interval,
    expected_gain,
    gains,
    hit_gain,
    mean_metrics,
    ndcg_gain,
    rank_gain,
    reciprocal_gain,
)


def by_all_orders(scores: list[float], gold: int, gain: Gain) -> float:
    """The slow, obvious twin: sort the candidates after every possible shuffle, and average."""
    values = []
    for order in permutations(range(len(scores))):
        ranked = sorted(order, key=lambda candidate: -scores[candidate])  # stable: the shuffle breaks ties
        values.append(float(gain(np.array([ranked.index(gold) + 1.0]))[0]))
    return math.fsum(values) / len(values)


@pytest.mark.parametrize(
    ("scores", "gold"),
    [
        ([0.9, 0.5, 0.1], 0),
        ([0.9, 0.5, 0.1], 2),
        ([0.5, 0.5, 0.5, 0.5], 3),
        ([0.9, 0.5, 0.5, 0.5, 0.1], 2),
        ([0.9, 0.9, 0.4, 0.4, 0.4, 0.1], 4),
    ],
)
@pytest.mark.parametrize("gain", [hit_gain(1), hit_gain(3), ndcg_gain(3), reciprocal_gain, rank_gain])
def test_the_expectation_is_the_average_over_all_orders_of_the_ties(scores: list[float], gold: int, gain: Gain) -> None:
    better = sum(score > scores[gold] for score in scores)
    tied = sum(score == scores[gold] for score in scores) - 1
    assert expected_gain([better], [tied], gain)[0] == pytest.approx(by_all_orders(scores, gold, gain), abs=1e-12)


def test_ranks_one_two_and_six_have_metrics_that_can_be_written_down() -> None:
    metrics = mean_metrics([0, 1, 5], [0, 0, 0], k_values=(1, 3), ndcg_k=5)
    assert list(metrics) == ["hit@1", "hit@3", "hit@5", "mrr", "ndcg@5", "mean_rank", "pessimistic_rank"]
    assert metrics["hit@1"] == pytest.approx(1 / 3)
    assert metrics["hit@3"] == metrics["hit@5"] == pytest.approx(2 / 3)
    assert metrics["mrr"] == pytest.approx((1 + 1 / 2 + 1 / 6) / 3)
    assert metrics["ndcg@5"] == pytest.approx((1 + 1 / math.log2(3)) / 3)
    assert metrics["mean_rank"] == metrics["pessimistic_rank"] == pytest.approx(3)


def test_a_lost_tie_is_the_pessimistic_rank() -> None:
    metrics = mean_metrics([2], [4], k_values=(1,), ndcg_k=5)
    assert metrics["mean_rank"] == pytest.approx(5)
    assert metrics["pessimistic_rank"] == 7


@pytest.mark.parametrize("counts", [[20], [2, 3, 100], [1]])
def test_chance_is_the_closed_form_of_a_random_order(counts: list[int]) -> None:
    chance = chance_metrics(counts, k_values=(1, 10), ndcg_k=5)
    harmonic = [sum(1 / rank for rank in range(1, n + 1)) for n in counts]
    discounted = [sum(1 / math.log2(1 + rank) for rank in range(1, min(5, n) + 1)) for n in counts]
    assert chance["hit@1"] == pytest.approx(np.mean([1 / n for n in counts]))
    assert chance["hit@5"] == pytest.approx(np.mean([min(5, n) / n for n in counts]))
    assert chance["hit@10"] == pytest.approx(np.mean([min(10, n) / n for n in counts]))
    assert chance["mrr"] == pytest.approx(np.mean([h / n for h, n in zip(harmonic, counts, strict=True)]))
    assert chance["ndcg@5"] == pytest.approx(np.mean([d / n for d, n in zip(discounted, counts, strict=True)]))
    assert chance["mean_rank"] == pytest.approx(np.mean([(n + 1) / 2 for n in counts]))


def test_twenty_candidates_give_a_quarter_by_chance() -> None:
    assert chance_metrics([20, 20], k_values=(5,), ndcg_k=5)["hit@5"] == pytest.approx(0.25)


def test_many_random_orders_come_close_to_chance() -> None:
    ranks = np.random.default_rng(0).integers(0, 20, size=40_000)
    metrics = mean_metrics(ranks, np.zeros_like(ranks), k_values=(1, 5), ndcg_k=5)
    chance = chance_metrics([20], k_values=(1, 5), ndcg_k=5)
    for name, value in chance.items():
        assert metrics[name] == pytest.approx(value, rel=0.08)


@pytest.mark.parametrize("rank", [1, 2, 5, 6])
def test_one_right_answer_is_the_graded_metric_with_one_relevant_id(rank: int) -> None:
    ranked = [f"wrong {place}" for place in range(9)]
    ranked.insert(rank - 1, "gold")
    named = gains((5,), 5)
    value = {name: float(expected_gain([rank - 1], [0], gain)[0]) for name, gain in named.items()}
    assert value["hit@5"] == recall_at_k(ranked, {"gold"}, 5)
    assert value["mrr"] == pytest.approx(reciprocal_rank(ranked, {"gold"}), abs=1e-12)
    assert value["ndcg@5"] == pytest.approx(ndcg_at_k(ranked, {"gold": 1.0}, 5))


def test_the_interval_holds_the_mean_and_shrinks_with_more_cases() -> None:
    few, many = np.tile([0.0, 1.0], 20), np.tile([0.0, 1.0], 2000)
    low, high = bootstrap_interval(few)
    assert low < 0.5 < high
    assert bootstrap_interval(few) == (low, high)  # the same seed
    narrow_low, narrow_high = bootstrap_interval(many)
    assert narrow_high - narrow_low < (high - low) / 5
    assert bootstrap_interval(np.ones(7)) == (1.0, 1.0)
    assert high - low == pytest.approx(2 * 1.96 * 0.5 / math.sqrt(40), rel=0.15)  # the normal approximation
