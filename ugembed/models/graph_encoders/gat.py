"""Graph attention (GATv2) over node texts, positions and edges: reference section 3.3 with its faults mended.

Mended: all graphs of a batch are encoded as one disjoint union; edges run in both directions with their own bearing and
offset; self-loops carry zero edge features; positions are local metres; the last layer keeps its residual; nothing is
created that is never used. A node's own words pass beside the network through a linear map that starts as the identity,
so that a name can be read by the language model from the first step on.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import NonNegativeInt, PositiveInt
from torch import Tensor, nn

from ugembed.graphs.features import GraphBatch
from ugembed.models.graph_encoders.base import GraphEncoder
from ugembed.models.graph_encoders.spatial import EdgeEncoding, PositionedConfig


class GatConfig(PositionedConfig):
    """GATv2 layers with edge features."""

    kind: Literal["gat"] = "gat"
    layers: NonNegativeInt = 2
    """Message passing steps; 0 leaves every node alone, for comparison."""
    heads: PositiveInt = 4
    """Attention heads; their outputs are averaged."""
    width: PositiveInt | None = None
    """Width of the layers; empty means the language model's (the reference)."""
    edge_width: PositiveInt = 64
    """Width of the edge features."""
    edge_features: bool = True
    """Whether layers know distance, bearing and offset of edges; false only for comparison."""

    def build(self, *, hidden_size: int) -> GraphEncoder:
        return Gat(self, hidden_size=hidden_size)


class Gat(GraphEncoder):
    """See the module's docstring."""

    def __init__(self, config: GatConfig, *, hidden_size: int) -> None:
        from torch_geometric.nn import GATv2Conv

        super().__init__()
        width = config.width or hidden_size
        self.position = config.position_encoding()
        self.edge: EdgeEncoding | None = None
        if config.edge_features and config.layers:
            self.edge = EdgeEncoding(width=config.edge_width, dropout=config.dropout)
        self.text_norm = nn.LayerNorm(hidden_size)
        self.node = nn.Linear(hidden_size + (config.position_width if config.positions else 0), width)
        self.convolutions = nn.ModuleList(
            GATv2Conv(
                width, width, heads=config.heads, concat=False,
                edge_dim=config.edge_width if config.edge_features else None, dropout=config.dropout,
                add_self_loops=True, fill_value=0.0,
            )
            for _ in range(config.layers)
        )  # fmt: skip
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(config.layers))
        self.output = nn.Sequential(
            nn.Linear(width, 2 * hidden_size),
            nn.ReLU(),
            nn.Dropout(config.dropout),
            nn.Linear(2 * hidden_size, hidden_size),
            nn.LayerNorm(hidden_size),
        )
        self.words = nn.Linear(hidden_size, hidden_size)
        nn.init.eye_(self.words.weight)
        nn.init.zeros_(self.words.bias)
        self.gain = nn.Parameter(torch.tensor(0.1))

    def forward(self, text: Tensor, batch: GraphBatch) -> Tensor:
        places = [] if self.position is None else [self.position(batch.position)]
        states = self.node(torch.cat([self.text_norm(text), *places], dim=1))
        edges = None if self.edge is None else self.edge(batch)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            states = states + torch.relu(norm(convolution(states, batch.edge_index, edges)))
        scale = text.norm(dim=1, keepdim=True) / text.shape[1] ** 0.5
        added: Tensor = self.gain * scale * self.output(states)
        words: Tensor = self.words(text)
        return words + added
