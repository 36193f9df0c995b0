"""Supervision by the metre: node states are asked how far and in which direction their node lies from the centre."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ugembed.graphs.features import GraphBatch


class MetricHead(nn.Module):
    """Reads log(1 + distance in metres) and (sin, cos) of the bearing, seen from the centre, from a node's state."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.read = nn.Linear(width, 3)

    def forward(self, states: Tensor) -> Tensor:
        """(N, d) states to (N, 3): log distance, sine, cosine."""
        answers: Tensor = self.read(self.norm(states))
        return answers

    def loss(self, states: Tensor, batch: GraphBatch) -> Tensor:
        """Mean squared error of all log distances, plus that of (sin, cos) of nodes away from the centre."""
        wanted, away = metric_targets(batch)
        answers = self(states).float()
        distance = functional.mse_loss(answers[:, 0], wanted[:, 0])
        error = (answers[:, 1:] - wanted[:, 1:]).square().sum(dim=1)
        return distance + torch.where(away, error, 0.0).sum() / away.sum().clamp(min=1)


def metric_targets(batch: GraphBatch) -> tuple[Tensor, Tensor]:
    """(N, 3) log(1 + metres), sine and cosine of the bearing from the centre; (N,) where there is a bearing at all."""
    metres = batch.position.norm(dim=1)
    away = metres > 0
    direction = batch.position / torch.where(away, metres, 1.0)[:, None]  # (east, north) of a unit vector: (sin, cos)
    return torch.cat([torch.log1p(metres)[:, None], direction], dim=1), away
