"""Ranking metrics with any number of right answers, after trec_eval's definitions.

``ranked`` are ids, best first, each at most once; ties must be broken before (see `metrics` for one right answer).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set

from ugembed.errors import DataError


def recall_at_k(ranked: Sequence[str], relevant: Set[str], k: int) -> float:
    """Share of the relevant ids among the first ``k``; an empty ``relevant`` is refused, not scored 0."""
    _check(relevant)
    return len(relevant & set(ranked[:k])) / len(relevant)


def success_at_k(ranked: Sequence[str], relevant: Set[str], k: int) -> float:
    """1 if any relevant id is among the first ``k``, else 0."""
    _check(relevant)
    return float(not relevant.isdisjoint(ranked[:k]))


def reciprocal_rank(ranked: Sequence[str], relevant: Set[str]) -> float:
    """1 / rank of the first relevant id, 0 if none was found."""
    _check(relevant)
    return next((1 / rank for rank, name in enumerate(ranked, 1) if name in relevant), 0.0)


def average_precision(ranked: Sequence[str], relevant: Set[str]) -> float:
    """Mean, over all relevant ids, of the precision at each one's rank (0 for those not found)."""
    _check(relevant)
    ranks = [rank for rank, name in enumerate(ranked, 1) if name in relevant]
    return sum(found / rank for found, rank in enumerate(ranks, 1)) / len(relevant)


def ndcg_at_k(ranked: Sequence[str], gain: Mapping[str, float], k: int) -> float:
    """Discounted gain of the first ``k`` over that of the best possible order; ids not in ``gain`` count 0."""
    best = _discounted(sorted(gain.values(), reverse=True)[:k])
    if best <= 0:
        _check(frozenset())
    return _discounted([gain.get(name, 0.0) for name in ranked[:k]]) / best


def _discounted(gains: Sequence[float]) -> float:
    return math.fsum(value / math.log2(1 + rank) for rank, value in enumerate(gains, 1))


def _check(relevant: Set[str]) -> None:
    if not relevant:
        raise DataError("no relevant answer: the metric is not defined", code="gold-missing", hint="leave the case out")
