"""Where nodes are and how edges run, as vectors (reference section 3.3, in local metres instead of raw degrees)."""

from __future__ import annotations

import math
from typing import Annotated

import torch
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor, nn

from ugembed.geo.geodesy import EARTH_RADIUS_M
from ugembed.graphs.features import GraphBatch
from ugembed.models.graph_encoders.base import GraphEncoderConfig, batch_input

OFFSET_SCALE_M = 100.0
"""Edge offsets enter in units of this many metres, so that they are of order one like the other edge inputs."""

AROUND_M = 2 * math.pi * EARTH_RADIUS_M
"""Once around the Earth, metres."""


class PositionedConfig(GraphEncoderConfig):
    """Base of the configurations of encoders whose nodes know where they stand."""

    position_width: PositiveInt = 64
    """Width of the position code."""
    position_bands: PositiveInt = 16
    """Sinusoidal bands per axis."""
    shortest_m: PositiveFloat = 10.0
    """Shortest wavelength of the position code, metres: one metre is a tenth of it."""
    longest_m: PositiveFloat = 20_000.0
    """Longest wavelength of the position code, metres: unambiguous over 10 km."""
    positions: bool = True
    """Whether a node's own state knows its place; false only for comparison."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Dropout in the MLPs and on attention weights."""

    def position_encoding(self) -> PositionEncoding | None:
        """The code of places that nodes get, if any."""
        if not self.positions:
            return None
        return PositionEncoding(
            bands=self.position_bands,
            width=self.position_width,
            shortest_m=self.shortest_m,
            longest_m=self.longest_m,
            dropout=self.dropout,
        )


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
        self.mlp = code_mlp(4 * bands, width, dropout)

    def forward(self, position: Tensor) -> Tensor:
        """(N, 2) metres to (N, width)."""
        code: Tensor = self.mlp(self.code(position))
        return code

    def code(self, position: Tensor) -> Tensor:
        """(N, 2) metres to the (N, 4 bands) sinusoidal code itself."""
        phase = 2 * math.pi * position[:, :, None] / self.wavelengths
        return torch.cat([phase.sin(), phase.cos()], dim=-1).flatten(1)


def code_mlp(numbers: int, width: int, dropout: float) -> nn.Sequential:
    """From a sinusoidal code of so many numbers to ``width`` (reference section 3.3)."""
    return nn.Sequential(
        nn.Linear(numbers, 2 * width),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(2 * width, width),
        nn.LayerNorm(width),
    )


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


class KindedEdgeEncoding(nn.Module):
    """`EdgeEncoding` plus a vector of the edge's kind, which starts at zero.

    Args:
        kinds: Number of kinds; ``batch.edge_kind`` is (m,) int64 below it. 0 leaves kinds out.
    """

    def __init__(self, *, width: int, kinds: int, dropout: float) -> None:
        super().__init__()
        self.geometry = EdgeEncoding(width=width, dropout=dropout)
        self.kind = nn.Embedding(kinds, width) if kinds else None
        if self.kind is not None:
            nn.init.zeros_(self.kind.weight)

    def forward(self, batch: GraphBatch) -> Tensor:
        """(m, width) of the m directed edges."""
        edges: Tensor = self.geometry(batch)
        return edges if self.kind is None else edges + self.kind(batch_input(batch, "edge_kind", option="edge_kinds"))


class AbsoluteEncoding(nn.Module):
    """Where on Earth a node is: sinusoidal code of its earth-centred unit vector, then an MLP.

    Wavelengths run geometrically from 20 km to once around the Earth; the vector, unlike (lon, lat), is continuous
    everywhere. Phases are computed in float64.
    """

    wavelengths: Tensor

    def __init__(self, *, bands: int, width: int, dropout: float) -> None:
        super().__init__()
        ratio = torch.arange(bands, dtype=torch.float64) / max(1, bands - 1)
        self.register_buffer("wavelengths", 20_000.0 * (AROUND_M / 20_000.0) ** ratio, persistent=False)
        self.mlp = nn.Sequential(_mlp(6 * bands, 2 * width, width, dropout), nn.LayerNorm(width))

    def forward(self, batch: GraphBatch) -> Tensor:
        """(N, width) from the (N, 2) float64 ``batch.lon_lat`` in degrees."""
        lon, lat = torch.deg2rad(batch_input(batch, "lon_lat", option="absolute_bands").double()).unbind(dim=1)
        unit = torch.stack([lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()], dim=1)
        phase = AROUND_M * unit[:, :, None] / self.wavelengths.double()
        code: Tensor = self.mlp(torch.cat([phase.sin(), phase.cos()], dim=-1).flatten(1).float())
        return code


def _mlp(inputs: int, hidden: int, outputs: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, outputs))
