"""Graph attention in a bottleneck: what `gat` does, with a fraction of its weights at the width of a large model."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import NonNegativeInt
from torch import Tensor, nn

from ugembed.graphs.features import GraphBatch
from ugembed.models.graph_encoders.attention import GraphAttention
from ugembed.models.graph_encoders.base import GraphEncoder, check_heads
from ugembed.models.graph_encoders.bottleneck import AttentiveConfig, Bottleneck
from ugembed.models.graph_encoders.edges import LoopedEdges, zero_loops
from ugembed.models.graph_encoders.spatial import KindedEdgeEncoding


class CompactConfig(AttentiveConfig):
    """GATv2 layers with edge features, in a bottleneck."""

    kind: Literal["compact"] = "compact"
    layers: NonNegativeInt = 2
    """Message passing steps; 0 leaves every node alone, for comparison."""
    edge_features: bool = True
    """Whether layers know distance, bearing and offset of edges; false only for comparison."""

    def build(self, *, hidden_size: int) -> GraphEncoder:
        return Compact(self, hidden_size=hidden_size)


class Compact(Bottleneck):
    """Every layer adds ``relu(norm(attention))`` to the states; loops carry no edge features."""

    def __init__(self, config: CompactConfig, *, hidden_size: int) -> None:
        super().__init__(config, hidden_size=hidden_size)
        check_heads(self.width, config.heads)
        self.edge: KindedEdgeEncoding | None = None
        if config.edge_features and config.layers:
            self.edge = KindedEdgeEncoding(width=config.edge_width, kinds=config.edge_kinds, dropout=config.dropout)
        edge_width = config.edge_width if config.edge_features else None
        self.layers = nn.ModuleList(
            GraphAttention(self.width, heads=config.heads, edge_width=edge_width, dropout=config.dropout, concat=True)
            for _ in range(config.layers)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(self.width) for _ in range(config.layers))

    def mix(self, states: Tensor, batch: GraphBatch) -> Tensor:
        nodes = len(states)
        graph = LoopedEdges.of(batch.edge_index, nodes)
        edges = None
        if self.edge is not None:
            edges = self.edge(batch)
            edges = graph.arrange(edges, zero_loops(edges, nodes))
        for layer, norm in zip(self.layers, self.norms, strict=True):
            states = states + torch.relu(norm(layer(states, graph, edges)))
        return states
