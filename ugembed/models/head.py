"""What follows pooling where the language model stays frozen: whitening, and a trained map of rows without a graph.

The vectors of a frozen contrastive text side are nearly collinear: those of 60 000 names of the synthetic cities fill
15.5 of 128 dimensions, and no graph part can tell apart what the text side does not.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ugembed.errors import DataError

INNER = 256
"""Most hidden units of the map of rows without a graph."""


class WhitenedHead(nn.Module):
    """Whitening (ZCA; Su et al. 2021) of all pooled vectors; rows without a graph get ``v + MLP(v)``, at first ``v``.

    ``(v - mean) Z sqrt(d) / |(v - mean) Z|``, with ``Z`` the inverse root of the covariance of the vectors that it was
    fitted to. Before `fit` the mean is 0 and ``Z`` the identity. Both are saved with the model.

    Args:
        dimension: Length d of the vectors.
    """

    mean: Tensor
    map: Tensor

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(dimension))
        self.register_buffer("map", torch.eye(dimension))
        inner = min(4 * dimension, INNER)
        last = nn.Linear(inner, dimension)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.more = nn.Sequential(nn.LayerNorm(dimension), nn.Linear(dimension, inner), nn.ReLU(), last)

    @property
    def is_fitted(self) -> bool:
        """Whether `fit` has been called, in this run or in the one that the weights are from."""
        return not torch.equal(self.map, torch.eye(len(self.mean), device=self.map.device))

    @torch.no_grad()
    def fit(self, vectors: Tensor, *, least: float = 1e-3) -> None:
        """Take mean and covariance of (n, d) pooled vectors; ``least`` times the largest variance is added to each.

        Raises:
            DataError: ``whitening-vectors``: fewer than two different vectors.
        """
        wide = vectors.double().cpu()
        if len(wide) < 2 or not bool((wide - wide[:1]).any()):
            raise DataError(
                f"{len(wide)} vectors, all alike: there is nothing to whiten",
                code="whitening-vectors",
                hint="model.head: whitened wants training rows with different texts",
            )
        mean = wide.mean(dim=0)
        axes, variances, _ = torch.linalg.svd(torch.cov((wide - mean).T))
        roots = (variances + least * variances[0]).rsqrt()
        self.mean.copy_(mean)
        self.map.copy_(axes * roots @ axes.T)

    def whitened(self, vectors: Tensor) -> Tensor:
        """(n, d) float32 pooled vectors to (n, d), all of length sqrt(d)."""
        with torch.autocast(vectors.device.type, enabled=False):
            white = nn.functional.normalize((vectors - self.mean) @ self.map, dim=1)
            return white * math.sqrt(vectors.shape[1])

    def forward(self, vectors: Tensor, has_graph: Tensor) -> Tensor:
        """(n, d) whitened vectors, those of rows without a graph moved; ``has_graph`` is (n,) bool."""
        return torch.where(has_graph[:, None], vectors, vectors + self.more(vectors))
