"""Matryoshka: the leading numbers of a vector shall be a good vector too (Kusupati et al. 2022)."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator
from torch import Tensor, nn
from torch.nn import functional

from ugembed.errors import ConfigError
from ugembed.losses.base import Loss, LossConfig
from ugembed.losses.info_nce import InfoNceConfig


class MatryoshkaConfig(LossConfig):
    """The inner loss of whole vectors and of their leading numbers."""

    weighs_negatives: ClassVar[bool] = True

    kind: Literal["matryoshka"] = "matryoshka"
    inner: InfoNceConfig = Field(default_factory=InfoNceConfig)
    """What is asked of the whole vectors and of the shortened ones."""
    dimensions: tuple[PositiveInt, ...]
    """How many leading numbers shall do, such as 256 and 64; the whole vectors always take part."""
    weights: tuple[PositiveFloat, ...] = ()
    """Of each of ``dimensions``; the whole vectors have weight 1. Empty: 1 for all."""

    @model_validator(mode="after")
    def _one_weight_each(self) -> Self:
        if not self.dimensions or len(set(self.dimensions)) < len(self.dimensions):
            raise ValueError(f"dimensions {list(self.dimensions)}: name at least one, and each once")
        if self.weights and len(self.weights) != len(self.dimensions):
            raise ValueError(f"{len(self.weights)} weights for {len(self.dimensions)} dimensions")
        return self

    def build(self) -> Loss:
        return Matryoshka(self.inner.build(), dimensions=self.dimensions, weights=self.weights)


class Matryoshka(nn.Module):
    """The weighted mean of a loss over the whole vectors and over their leading numbers at unit length.

    Args:
        inner: The loss.
        dimensions: Numbers kept.
        weights: Of each of them; empty for 1.
    """

    def __init__(self, inner: Loss, *, dimensions: tuple[int, ...], weights: tuple[float, ...] = ()) -> None:
        super().__init__()
        self.inner = inner
        self.weights = dict(zip(dimensions, weights or (1.0,) * len(dimensions), strict=True))

    def forward(
        self, queries: Tensor, documents: Tensor, target: Tensor, hidden: Tensor, weight: Tensor | None = None
    ) -> Tensor:
        """As the inner loss.

        Raises:
            ConfigError: ``matryoshka-dimension``: the vectors are not longer than one of the dimensions.
        """
        whole = queries.shape[1]
        if max(self.weights) >= whole:
            raise ConfigError(
                f"loss.dimensions: {max(self.weights)} of the vectors' {whole} numbers is no part of them",
                code="matryoshka-dimension",
                hint=f"name dimensions below {whole}; the whole vectors always take part",
            )
        total = self.inner(queries, documents, target, hidden, weight)
        for dimension, share in self.weights.items():
            short = [functional.normalize(side[:, :dimension], dim=1) for side in (queries, documents)]
            total = total + share * self.inner(short[0], short[1], target, hidden, weight)
        return total / (1.0 + sum(self.weights.values()))
