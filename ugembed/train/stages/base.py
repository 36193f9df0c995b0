"""What a stage is: what a batch holds, and what a step computes of it. The trainer knows neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from ugembed.losses.base import Loss
from ugembed.models.embedder import Embedder
from ugembed.records.pair import Pair
from ugembed.registry import ComponentConfig
from ugembed.train.stages.parts import NO_LIMIT, PartLimit


@dataclass(frozen=True, slots=True)
class StepResult:
    """Loss of one micro-step (a scalar with its graph) and what to show of it."""

    loss: Tensor
    metrics: Mapping[str, float]


class Syncing(Protocol):
    """Surrounds a forward and backward pass; processes exchange gradients in the ``last`` one of an optimizer step."""

    def __call__(self, *, last: bool) -> AbstractContextManager[None]: ...


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

    def backward(self, module: nn.Module, batch: Any, *, micro_steps: int, syncing: Syncing) -> StepResult:
        """Forward and backward pass of a micro-step; gradients are added to those the parameters have.

        Args:
            module: ``self.module`` as the strategy wrapped it.
            batch: What `prepare` gave.
            micro_steps: What the loss is divided by before the backward pass.
            syncing: Surrounds every pass through ``module``.
        """
        ...


def trained_parameters(stage: Stage) -> dict[str, nn.Parameter]:
    """Every parameter that a stage trains, by name: the embedder's, then the loss's own (``loss.…``)."""
    return stage.embedder.trained_parameters() | loss_parameters(stage)


def loss_parameters(stage: Stage) -> dict[str, nn.Parameter]:
    """The loss's own parameters, by name."""
    return {name: parameter for name, parameter in stage.module.named_parameters() if name.startswith("loss.")}


class StageConfig(ComponentConfig):
    """Base of stage configurations."""

    def build(
        self, embedder: Embedder, loss: Loss, *, seed: int, device: torch.device, limit: PartLimit = NO_LIMIT
    ) -> Stage:
        """Create the stage.

        Args:
            embedder: What is trained.
            loss: What it is trained for.
            seed: Of what is drawn.
            device: Where it is trained.
            limit: How much may be encoded at once; without one, everything is.
        """
        raise TypeError(f"{type(self).__name__} does not say how it is built")
