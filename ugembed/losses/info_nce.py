"""InfoNCE: each query picks its own document out of all documents of the batch (van den Oord et al. 2018)."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import PositiveFloat
from torch import Tensor
from torch.nn import functional

from ugembed.losses.base import Loss, LossConfig


class InfoNceConfig(LossConfig):
    """InfoNCE with in-batch negatives (reference section 4.1)."""

    kind: Literal["info_nce"] = "info_nce"
    temperature: PositiveFloat = 0.01
    """Cosines are divided by this."""
    symmetric: bool = False
    """Also let each positive document pick its query, and average both directions."""

    def build(self) -> Loss:
        return InfoNce(self)


class InfoNce:
    """``-log(exp(q·d+/t) / sum_d exp(q·d/t))``, averaged over queries; hidden documents leave the sum."""

    def __init__(self, config: InfoNceConfig) -> None:
        self.config = config

    def __call__(self, queries: Tensor, documents: Tensor, target: Tensor, hidden: Tensor) -> Tensor:
        scores = queries @ documents.T / self.config.temperature  # (n, m)
        scores = scores.masked_fill(hidden, float("-inf"))
        loss = functional.cross_entropy(scores, target)
        if not self.config.symmetric:
            return loss
        own = torch.arange(len(queries), device=scores.device)
        return (loss + functional.cross_entropy(scores[:, target].T, own)) / 2
