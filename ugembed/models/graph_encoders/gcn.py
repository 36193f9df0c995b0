"""Graph convolution (Kipf and Welling 2017): neighbours are averaged, edges say nothing of themselves."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from ugembed.graphs.features import GraphBatch
from ugembed.models.graph_encoders.base import GraphEncoder
from ugembed.models.graph_encoders.bottleneck import Bottleneck, BottleneckConfig
from ugembed.models.graph_encoders.edges import LoopedEdges
from ugembed.models.graph_encoders.segments import segment_sum, take


class GcnConfig(BottleneckConfig):
    """Graph convolution in a bottleneck; uses positions, no edge features."""

    kind: Literal["gcn"] = "gcn"

    def build(self, *, hidden_size: int) -> GraphEncoder:
        return Gcn(self, hidden_size=hidden_size)


class Gcn(Bottleneck):
    """Every layer adds ``relu(norm(A X W + b))``; ``A`` is the adjacency with loops, normalised by degrees."""

    def __init__(self, config: GcnConfig, *, hidden_size: int) -> None:
        super().__init__(config, hidden_size=hidden_size)
        self.layers = nn.ModuleList(nn.Linear(self.width, self.width, bias=False) for _ in range(config.layers))
        self.biases = nn.ParameterList(torch.zeros(self.width) for _ in range(config.layers))
        self.norms = nn.ModuleList(nn.LayerNorm(self.width) for _ in range(config.layers))

    def mix(self, states: Tensor, batch: GraphBatch) -> Tensor:
        graph = LoopedEdges.of(batch.edge_index, len(states))
        share = graph.target.lengths.to(states.dtype).rsqrt()  # 1 / sqrt(degree), loop counted
        weight = share[graph.source.index] * share[graph.target.index]
        for layer, bias, norm in zip(self.layers, self.biases, self.norms, strict=True):
            sent = take(layer(states), graph.source)
            heard = segment_sum(weight[:, None].to(sent.dtype) * sent, graph.target)
            states = states + torch.relu(norm(heard + bias))
        return states
