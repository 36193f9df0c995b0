"""The bootstrap against what theory and a loop say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ablate.synthetic import ONE, OTHER, TWO, answers, drawn
from ugembed.ablate.answers import METRICS
from ugembed.ablate.statistics import Bootstrap


def test_the_interval_of_one_seed_is_that_of_a_binomial_share() -> None:
    hits = np.arange(400) % 4 != 0  # three quarters
    found = Bootstrap({ONE: {1: answers(hits)}}, samples=4000).estimate(ONE, "hit@5")
    error = 1.96 * np.sqrt(0.75 * 0.25 / 400)
    assert found.mean == 0.75
    assert (found.low, found.high) == pytest.approx((0.75 - error, 0.75 + error), abs=0.006)
    assert (found.seeds, found.cases, found.p) == (1, 400, None)


def test_resamples_are_means_of_cases_drawn_with_replacement() -> None:
    """The same draws, taken one by one."""
    values = np.arange(12.0).reshape(2, 6)
    boot = Bootstrap({}, samples=50, seed=3)
    drawn_cases = np.random.default_rng([3, 7]).integers(6, size=(50, 6))
    for chosen, means in zip(drawn_cases, boot._resampled(values, 7).T, strict=True):
        assert means == pytest.approx([values[0][chosen].mean(), values[1][chosen].mean()])


def test_over_seeds_the_interval_covers_what_differs_between_them() -> None:
    rows = {ONE: {1: drawn(0.2, cases=200, seed=1), 2: drawn(0.8, cases=200, seed=2)}}
    found = Bootstrap(rows, samples=2000).estimate(ONE, "mrr")
    alone = [Bootstrap({ONE: {seed: rows[ONE][seed]}}, samples=2000).estimate(ONE, "mrr") for seed in (1, 2)]
    assert found.mean == pytest.approx((alone[0].mean + alone[1].mean) / 2)
    assert found.low < alone[0].high
    assert found.high > alone[1].low
    assert found.high - found.low > 3 * (alone[0].high - alone[0].low)


def test_a_paired_difference_is_surer_than_two_rows_side_by_side() -> None:
    base = np.random.default_rng(0).random(300) < 0.5
    better = base | (np.arange(300) % 15 == 0)  # the same cases, and a few more
    boot = Bootstrap({ONE: {1: answers(base)}, TWO: {1: answers(better)}}, samples=2000)
    one, two, gap = boot.estimate(ONE, "hit@5"), boot.estimate(TWO, "hit@5"), boot.difference(TWO, ONE, "hit@5")
    assert gap is not None
    assert gap.mean == pytest.approx(two.mean - one.mean)
    assert one.high > two.low  # side by side they overlap
    assert gap.low > 0
    assert gap.p is not None
    assert gap.p < 0.01


def test_equal_rows_do_not_differ_and_p_is_never_zero() -> None:
    hits = np.arange(40) % 2 == 0
    boot = Bootstrap({ONE: {1: answers(hits)}, TWO: {1: answers(hits)}, OTHER: {1: answers(hits * 0)}}, samples=999)
    same, other = boot.difference(ONE, TWO, "hit@1"), boot.difference(ONE, OTHER, "hit@1")
    assert same is not None
    assert other is not None
    assert (same.mean, same.low, same.high, same.p) == (0, 0, 0, 1)
    assert other.p == 2 / 1000


def test_rows_are_compared_on_the_seeds_that_both_have() -> None:
    rows = {ONE: {seed: drawn(0.5, cases=30, seed=seed) for seed in (1, 2, 3)}, TWO: {2: drawn(0.9, cases=30, seed=9)}}
    boot = Bootstrap(rows, samples=100)
    gap = boot.difference(TWO, ONE, "hit@5")
    assert gap is not None
    assert gap.seeds == 1
    assert gap.mean == pytest.approx(rows[TWO][2].values[0].mean() - rows[ONE][2].values[0].mean())
    assert boot.difference(TWO, OTHER, "hit@5") is None


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4), st.integers(2, 30), st.integers(0, 1000))
def test_swapping_the_rows_of_a_difference_turns_it_around(seeds: int, cases: int, start: int) -> None:
    rows = {
        row: {seed: drawn(share, cases=cases, seed=start + 10 * seed + k) for seed in range(seeds)}
        for k, (row, share) in enumerate({ONE: 0.4, TWO: 0.6}.items())
    }
    boot = Bootstrap(rows, samples=200)
    for metric in METRICS:
        there, back = boot.difference(ONE, TWO, metric), boot.difference(TWO, ONE, metric)
        assert there is not None
        assert back is not None
        assert (there.mean, there.low, there.high) == pytest.approx((-back.mean, -back.high, -back.low))
        assert there.p == back.p
