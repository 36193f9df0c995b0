"""A few vectors of a whole graph: attention over its nodes, asked by the centre."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ugembed.models.graph_encoders.segments import Segments, segment_softmax, segment_sum


class CentrePooling(nn.Module):
    """K weighted means of the nodes of each graph: ``p_k = sum_i softmax_i(q_k(c) · key(z_i) / sqrt(w)) z_i``.

    The centre ``c`` is the first node of its graph; the order of the others does not matter.

    Args:
        hidden_size: Width d of node states.
        width: Width w of queries and keys.
        count: K.
    """

    def __init__(self, *, hidden_size: int, width: int, count: int) -> None:
        super().__init__()
        self.count = count
        self.width = width
        self.norm = nn.LayerNorm(hidden_size)
        self.query = nn.Linear(hidden_size, count * width)
        self.key = nn.Linear(hidden_size, width, bias=False)

    def forward(self, nodes: Tensor, size: Tensor) -> Tensor:
        """(N, d) node states of graphs of (g,) ``size`` nodes to (g, K, d)."""
        graphs = Segments.blocks(size)
        normed = self.norm(nodes)
        centre = normed.index_select(0, torch.cumsum(size, 0) - size)
        query = self.query(centre).view(-1, self.count, self.width)  # (g, K, w)
        scores = (query[graphs.index] * self.key(normed)[:, None]).sum(dim=-1) / self.width**0.5  # (N, K)
        weights = segment_softmax(scores, graphs).to(nodes.dtype)
        return torch.stack([segment_sum(weights[:, k, None] * nodes, graphs) for k in range(self.count)], dim=1)
