"""Where nodes are and how edges run, as vectors (reference section 3.3, in local metres instead of raw degrees)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ugembed.graphs.features import GraphBatch

OFFSET_SCALE_M = 100.0
"""Edge offsets enter in units of this many metres, so that they are of order one like the other edge inputs."""


class PositionEncoding(nn.Module):
    """Sinusoidal code of (east, north) metres, then an MLP.

    Wavelengths run geometrically from ``shortest_m`` to ``longest_m``; per axis and band the code is sin and cos of
    2 pi x / wavelength.
    """

    wavelengths: Tensor

    def __init__(self, *, bands: int, width: int, shortest_m: float, longest_m: float, dropout: float) -> None:
        super().__init__()
        ratio = torch.arange(bands, dtype=torch.float64) / max(1, bands - 1)
        self.register_buffer("wavelengths", (shortest_m * (longest_m / shortest_m) ** ratio).float(), persistent=False)
        self.mlp = nn.Sequential(
            nn.Linear(4 * bands, 2 * width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(2 * width, width),
            nn.LayerNorm(width),
        )

    def forward(self, position: Tensor) -> Tensor:
        """(N, 2) metres to (N, width)."""
        code: Tensor = self.mlp(self.code(position))
        return code

    def code(self, position: Tensor) -> Tensor:
        """(N, 2) metres to the (N, 4 bands) sinusoidal code itself."""
        phase = 2 * math.pi * position[:, :, None] / self.wavelengths
        return torch.cat([phase.sin(), phase.cos()], dim=-1).flatten(1)


class EdgeEncoding(nn.Module):
    """Distance, bearing and offset of an edge, each through its own MLP, combined to one vector."""

    def __init__(self, *, width: int, dropout: float) -> None:
        super().__init__()
        self.distance = _mlp(1, width, width, dropout)
        self.bearing = _mlp(2, width, width, dropout)
        self.offset = _mlp(2, width, width, dropout)
        self.combine = nn.Sequential(_mlp(3 * width, 2 * width, width, dropout), nn.LayerNorm(width))

    def forward(self, batch: GraphBatch) -> Tensor:
        """(m, width) of the m directed edges."""
        angle = torch.deg2rad(batch.edge_bearing)
        parts = [
            self.distance(torch.log1p(batch.edge_distance)[:, None]),
            self.bearing(torch.stack([angle.sin(), angle.cos()], dim=1)),
            self.offset(batch.edge_offset / OFFSET_SCALE_M),
        ]
        combined: Tensor = self.combine(torch.cat(parts, dim=1))
        return combined


def _mlp(inputs: int, hidden: int, outputs: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, outputs))
