"""InfoNCE: each query picks its own document out of all documents of the batch (van den Oord et al. 2018)."""

from __future__ import annotations

import math
from typing import ClassVar, Literal

import torch
from pydantic import NonNegativeFloat, PositiveFloat
from torch import Tensor, nn
from torch.nn import functional

from ugembed.losses.base import Loss, LossConfig

LEAST_TEMPERATURE = 0.001
"""A learnt temperature stays above this."""


class InfoNceConfig(LossConfig):
    """InfoNCE with in-batch negatives (reference section 4.1)."""

    weighs_negatives: ClassVar[bool] = True

    kind: Literal["info_nce"] = "info_nce"
    temperature: PositiveFloat = 0.01
    """Cosines are divided by this."""
    learn_temperature: bool = False
    """Train the temperature's logarithm, from ``temperature`` on, at the language model's learning rate."""
    symmetric: bool = False
    """Also let each positive document pick its query, and average both directions."""
    margin: NonNegativeFloat | None = None
    """A document whose cosine is more than this above the right one's is taken for right too: it leaves the sum."""

    def build(self) -> Loss:
        return InfoNce(self)


class InfoNce(nn.Module):
    """``-log(exp(q·d+/t) / (exp(q·d+/t) + sum_d w exp(q·d/t)))``, averaged over queries.

    Hidden documents leave the sum. In the other direction a query that stands n times, once for each of its right
    documents, counts n times among the others. What is hidden is hidden in both directions; a weight counts in both.
    """

    def __init__(self, config: InfoNceConfig) -> None:
        super().__init__()
        self.config = config
        start = torch.tensor(math.log(config.temperature))
        self.log_temperature = nn.Parameter(start) if config.learn_temperature else None

    @property
    def temperature(self) -> Tensor | float:
        """What cosines are divided by."""
        if self.log_temperature is None:
            return self.config.temperature
        return self.log_temperature.exp().clamp(min=LEAST_TEMPERATURE)

    def forward(
        self, queries: Tensor, documents: Tensor, target: Tensor, hidden: Tensor, weight: Tensor | None = None
    ) -> Tensor:
        cosines = queries @ documents.T  # (n, m)
        if self.config.margin is not None:
            hidden = hidden | too_good(cosines, target, self.config.margin)
        scores = cosines / self.temperature
        scores = scores.masked_fill(hidden, float("-inf"))
        if weight is not None:
            scores = scores + weight.scatter(1, target[:, None], 1.0).log().to(scores.dtype)
        loss = functional.cross_entropy(scores, target)
        if not self.config.symmetric:
            return loss
        own = torch.arange(len(queries), device=scores.device)
        return (loss + functional.cross_entropy(scores[:, target].T, own)) / 2


def too_good(cosines: Tensor, target: Tensor, margin: float) -> Tensor:
    """(n, m) bool: documents nearer to a query than its right one by more than ``margin`` (never the right one)."""
    cosines = cosines.detach()
    return cosines > cosines.gather(1, target[:, None]) + margin
