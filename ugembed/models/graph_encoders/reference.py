"""The graph encoder of the reference (section 3.3 of its description), formula by formula, with its faults mended.

    s_i = MLP(sin, cos of position)           x_i = W [t_i ; s_i] + b          e_ij = LN(MLP(distance, bearing, offset))
    h = LN(GATv2(x, e)), heads averaged       x = ReLU(h) + x, last layer x = h           z_i = LN(MLP(x_i))

Mended, and nothing else: all graphs of a batch are encoded, as one disjoint union; edges run both ways, each with its
own bearing and offset; positions are local metres instead of degrees in float32, whose finest bands were noise;
offsets are hundreds of metres instead of raw degrees; distance and bearing come from float64 geometry on the ellipsoid;
the head that was never called is not created; the language model is no part of the encoder; every weight is trained. A
loop carries the mean of its node's incoming edges, as there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Literal

import torch
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor, nn

from ugembed.errors import CheckpointError
from ugembed.graphs.features import GraphBatch
from ugembed.models.graph_encoders.attention import GraphAttention
from ugembed.models.graph_encoders.base import GraphEncoder, GraphEncoderConfig, batch_input
from ugembed.models.graph_encoders.edges import LoopedEdges, mean_loops
from ugembed.models.graph_encoders.spatial import OFFSET_SCALE_M, EdgeEncoding, code_mlp

DEGREES = (1e-6, 360.0)
"""Shortest and longest timescale of the reference's code of degrees (a wavelength is 2 pi times that)."""

NAMES = {
    r"spatial_encoder\.projection\.": "position.mlp.",
    r"node_projection\.": "node.",
    r"edge_encoder\.distance_encoder\.": "edge.distance.",
    r"edge_encoder\.direction_encoder\.": "edge.bearing.",
    r"edge_encoder\.displacement_encoder\.": "edge.offset.",
    r"edge_encoder\.edge_combiner\.4\.": "edge.combine.1.",
    r"edge_encoder\.edge_combiner\.": "edge.combine.0.",
    r"convs\.(\d+)\.lin_l\.": r"layers.\1.source.",
    r"convs\.(\d+)\.lin_r\.": r"layers.\1.target.",
    r"convs\.(\d+)\.lin_edge\.": r"layers.\1.edge.",
    r"convs\.(\d+)\.att$": r"layers.\1.attention",
    r"convs\.(\d+)\.bias$": r"layers.\1.bias",
    r"layer_norms\.": "norms.",
    r"output_proj\.": "output.",
}
"""How names of the reference's state dict begin, and what stands for that here."""

UNUSED = "node_encoder."
"""How names begin that are no part of the encoder: the head that is never called, and the language model itself."""


class ReferenceConfig(GraphEncoderConfig):
    """The reference's GATv2 encoder."""

    kind: Literal["reference"] = "reference"
    layers: PositiveInt = 2
    """Message passing steps."""
    heads: PositiveInt = 4
    """Attention heads; their outputs are averaged."""
    position_width: PositiveInt = 64
    """Width of the position code."""
    position_bands: Annotated[int, Field(ge=2)] = 16
    """Sinusoidal bands per axis."""
    units: Literal["metres", "degrees"] = "metres"
    """``metres``: local positions and offsets; ``degrees``: the reference's inputs, (lon, lat), for its own weights."""
    shortest_m: PositiveFloat = 10.0
    """Shortest wavelength of the position code, metres."""
    longest_m: PositiveFloat = 20_000.0
    """Longest wavelength of the position code, metres."""
    edge_width: PositiveInt = 64
    """Width of the edge features."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Dropout in the MLPs and on attention weights."""

    def build(self, *, hidden_size: int) -> GraphEncoder:
        return Reference(self, hidden_size=hidden_size)


class Reference(GraphEncoder):
    """See the module's docstring."""

    def __init__(self, config: ReferenceConfig, *, hidden_size: int) -> None:
        super().__init__()
        self.units = config.units
        self.position = ReferencePosition(config)
        self.node = nn.Linear(hidden_size + config.position_width, hidden_size)
        self.edge = EdgeEncoding(width=config.edge_width, dropout=config.dropout)
        self.layers = nn.ModuleList(
            GraphAttention(
                hidden_size, heads=config.heads, edge_width=config.edge_width, dropout=config.dropout, concat=False
            )
            for _ in range(config.layers)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(hidden_size) for _ in range(config.layers))
        self.output = nn.Sequential(
            nn.Linear(hidden_size, 2 * hidden_size),
            nn.ReLU(),
            nn.Dropout(config.dropout),
            nn.Linear(2 * hidden_size, hidden_size),
            nn.LayerNorm(hidden_size),
        )

    def forward(self, text: Tensor, batch: GraphBatch) -> Tensor:
        position = batch.position
        if self.units == "degrees":
            position = batch_input(batch, "lon_lat", option="units")
            source, target = batch.edge_index
            batch = replace(batch, edge_offset=(position[target] - position[source]).float() * OFFSET_SCALE_M)
        states = self.node(torch.cat([text, self.position(position)], dim=1))
        graph = LoopedEdges.of(batch.edge_index, len(states))
        edges = self.edge(batch)
        edges = graph.arrange(edges, mean_loops(edges, batch.edge_index, len(states)))
        for number, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True), start=1):
            heard = norm(layer(states, graph, edges))
            states = heard if number == len(self.layers) else torch.relu(heard) + states
        out: Tensor = self.output(states)
        return out


class ReferencePosition(nn.Module):
    """sin and cos of coordinate / timescale, per axis and band in turn, then an MLP; phases are float64."""

    timescales: Tensor

    def __init__(self, config: ReferenceConfig) -> None:
        super().__init__()
        wavelengths = (config.shortest_m / (2 * math.pi), config.longest_m / (2 * math.pi))
        first, last = DEGREES if config.units == "degrees" else wavelengths
        ratio = torch.arange(config.position_bands, dtype=torch.float64) / (config.position_bands - 1)
        self.register_buffer("timescales", first * (last / first) ** ratio, persistent=False)
        self.mlp = code_mlp(4 * config.position_bands, config.position_width, config.dropout)

    def forward(self, position: Tensor) -> Tensor:
        """(N, 2) metres (east, north) or degrees (lon, lat) to (N, width)."""
        code: Tensor = self.mlp(self.code(position))
        return code

    def code(self, position: Tensor) -> Tensor:
        """(N, 4 bands) float32: sin, cos of the first axis' first band, of its second, …, then of the second axis."""
        phase = position.double()[:, :, None] / self.timescales.double()
        return torch.stack([phase.sin(), phase.cos()], dim=-1).flatten(1).float()


def from_reference(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The reference's weights (``graph_encoder.bin``, read into tensors) under the names of `Reference`.

    Raises:
        CheckpointError: a name that the reference's encoder does not have.
    """
    renamed = {_renamed(name): tensor for name, tensor in state.items() if not name.startswith(UNUSED)}
    # attention vectors are (1, heads, width) there
    return {name: value[0] if name.endswith(".attention") else value for name, value in renamed.items()}


def _renamed(name: str) -> str:
    for pattern, own in NAMES.items():
        if re.match(pattern, name):
            return re.sub(f"^{pattern}", own, name)
    raise CheckpointError(
        f"{name} is no weight of the reference's graph encoder",
        code="reference-weights",
        hint="pass the state dict of TextAttributedGraphEncoderSpatial with GATv2 layers, positions and edge features",
    )
