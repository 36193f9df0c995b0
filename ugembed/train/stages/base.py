"""What a stage is: what a batch holds, and what a step computes of it. The trainer knows neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from ugembed.losses.base import Loss
from ugembed.models.embedder import Embedder
from ugembed.records.pair import Pair
from ugembed.registry import ComponentConfig


@dataclass(frozen=True, slots=True)
class StepResult:
    """Loss of one micro-step (a scalar with its graph) and what to show of it."""

    loss: Tensor
    metrics: Mapping[str, float]


class Stage(Protocol):
    """A kind of training."""

    embedder: Embedder
    module: nn.Module
    """Takes what `prepare` gives and returns a `StepResult`; this is what a strategy wraps."""

    def check(self, pairs: Sequence[Pair]) -> None:
        """Refuse rows that this stage cannot learn from, before the first step."""
        ...

    def prepare(self, pairs: Sequence[Pair], *, epoch: int) -> Any:
        """Rows to a batch on the CPU; anything drawn is a pure function of the row and the epoch."""
        ...


class StageConfig(ComponentConfig):
    """Base of stage configurations."""

    def build(self, embedder: Embedder, loss: Loss, *, seed: int, device: torch.device) -> Stage:
        """Create the stage."""
        raise TypeError(f"{type(self).__name__} does not say how it is built")
