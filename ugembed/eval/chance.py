"""What a model that knows nothing would score, exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ugembed.eval.metrics import gains, mean_metrics


def chance_metrics(candidates: Sequence[int], *, k_values: Sequence[int], ndcg_k: int) -> dict[str, float]:
    """Expected metrics of a random order, for cases with the given numbers of candidates.

    A random order is a tie of all candidates: Hit@K = min(K, n)/n, MRR = (1 + 1/2 + … + 1/n)/n, mean rank = (n + 1)/2.
    """
    others = np.asarray(candidates, dtype=np.int64) - 1
    metrics = mean_metrics(np.zeros_like(others), others, k_values=k_values, ndcg_k=ndcg_k)
    return {name: metrics[name] for name in gains(k_values, ndcg_k)}
