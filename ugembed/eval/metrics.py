"""Ranking metrics with one right answer, exact under ties.

A metric is the mean of a gain f(r) of the right answer's rank r (1 = first): Hit@K = Recall@K = [r <= K], MRR = 1/r,
NDCG@K = [r <= K] / log2(1 + r) (Järvelin and Kekäläinen 2002, one relevant answer), mean rank = r. With ``better``
candidates strictly above and ``tied`` others level with the right answer, r is uniform on
better + 1 … better + tied + 1, and the metric is the expectation of the gain: the order of the candidate list never
matters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats: TypeAlias = NDArray[np.float64]
Gain: TypeAlias = Callable[[Floats], Floats]
"""Ranks (1-based, float64) to gains."""

HEADLINE_K = 5
"""The K of the papers' tables: Hit@5 carries the interval and the pictures of the report."""


def hit_gain(k: int) -> Gain:
    """[r <= k]"""
    return lambda rank: (rank <= k).astype(np.float64)


def ndcg_gain(k: int) -> Gain:
    """[r <= k] / log2(1 + r)"""
    return lambda rank: (rank <= k) / np.log2(1 + rank)


def reciprocal_gain(rank: Floats) -> Floats:
    """1 / r"""
    return 1 / rank


def rank_gain(rank: Floats) -> Floats:
    """r itself, for the mean rank."""
    return rank


def gains(k_values: Sequence[int], ndcg_k: int) -> dict[str, Gain]:
    """Every reported metric by name, in the order of the tables; Hit@5 is always among them."""
    hits: dict[str, Gain] = {f"hit@{k}": hit_gain(k) for k in sorted({*k_values, HEADLINE_K})}
    return {**hits, "mrr": reciprocal_gain, f"ndcg@{ndcg_k}": ndcg_gain(ndcg_k), "mean_rank": rank_gain}


def expected_gain(better: ArrayLike, tied: ArrayLike, gain: Gain) -> Floats:
    """Expectation of ``gain`` for each case, by one cumulative sum over all possible ranks.

    Args:
        better: Candidates with a strictly higher score than the right answer, per case.
        tied: Other candidates with the same score, per case.
        gain: Of the rank.
    """
    above = np.asarray(better, dtype=np.int64)
    level = np.asarray(tied, dtype=np.int64)
    last = int((above + level).max(initial=0)) + 1
    total = np.concatenate([[0.0], np.cumsum(gain(np.arange(1, last + 1, dtype=np.float64)))])  # total[r] = f(1)+…+f(r)
    return np.asarray((total[above + level + 1] - total[above]) / (level + 1))


def mean_metrics(better: ArrayLike, tied: ArrayLike, *, k_values: Sequence[int], ndcg_k: int) -> dict[str, float]:
    """Mean of every metric over the cases; at least one case is needed."""
    named = gains(k_values, ndcg_k).items()
    metrics = {name: float(expected_gain(better, tied, gain).mean()) for name, gain in named}
    return {**metrics, "pessimistic_rank": float((np.asarray(better) + np.asarray(tied) + 1).mean())}


def bootstrap_interval(values: Floats, *, seed: int = 0, samples: int = 1000) -> tuple[float, float]:
    """95 % percentile interval of the mean of per-case ``values``, resampling cases (Efron 1979)."""
    generator = np.random.default_rng(seed)
    means = [values[generator.integers(len(values), size=len(values))].mean() for _ in range(samples)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
