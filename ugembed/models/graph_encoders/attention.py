"""GATv2: attention along edges, by segment (Brody et al. 2022, How Attentive are Graph Attention Networks?)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ugembed.models.graph_encoders.edges import LoopedEdges
from ugembed.models.graph_encoders.segments import segment_softmax, segment_sum, take

SLOPE = 0.2
"""Of the leaky ReLU, as in the paper."""


class GraphAttention(nn.Module):
    """One layer: ``x_i' = sum_j a_ij S x_j + b`` with ``a_ij = softmax_j(v · leaky_relu(S x_j + T x_i + E e_ij))``.

    Args:
        width: Of states, in and out.
        heads: Attention heads.
        edge_width: Of edge features; None for a layer that is told none.
        dropout: On attention weights.
        concat: Heads of width ``width / heads`` side by side; else every head has the full width and their mean counts.
    """

    def __init__(self, width: int, *, heads: int, edge_width: int | None, dropout: float, concat: bool) -> None:
        super().__init__()
        self.heads = heads
        self.each = width // heads if concat else width
        self.concat = concat
        self.source = nn.Linear(width, heads * self.each)
        self.target = nn.Linear(width, heads * self.each)
        self.edge = None if edge_width is None else nn.Linear(edge_width, heads * self.each, bias=False)
        self.attention = nn.Parameter(torch.empty(heads, self.each))
        self.bias = nn.Parameter(torch.zeros(width))
        self.dropout = nn.Dropout(dropout)
        of_edges = [] if self.edge is None else [self.edge.weight]
        for weight in (self.source.weight, self.target.weight, *of_edges, self.attention):
            nn.init.xavier_uniform_(weight)
        nn.init.zeros_(self.source.bias)
        nn.init.zeros_(self.target.bias)

    def forward(self, states: Tensor, graph: LoopedEdges, edges: Tensor | None) -> Tensor:
        """(N, width) states and the (m + N, edge_width) features of ``graph`` to (N, width)."""
        sent = take(self.source(states), graph.source)  # (m + N, heads * each)
        mixed = sent + take(self.target(states), graph.target)
        if self.edge is not None:
            mixed = mixed + self.edge(edges)
        scores = (self._split(functional.leaky_relu(mixed, SLOPE)) * self.attention).sum(dim=-1)
        weights: Tensor = self.dropout(segment_softmax(scores, graph.target)).to(sent.dtype)
        received = segment_sum((weights[:, :, None] * self._split(sent)).flatten(1), graph.target)
        if not self.concat:
            received = self._split(received).mean(dim=1)
        return received + self.bias

    def _split(self, values: Tensor) -> Tensor:
        return values.view(-1, self.heads, self.each)
