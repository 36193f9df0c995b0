"""The edges of a batch, each node's loop included, sorted by the node they end in."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ugembed.models.graph_encoders.segments import Segments, segment_sum


@dataclass(frozen=True, slots=True)
class LoopedEdges:
    """m edges and N loops in the order in which layers use them.

    Attributes:
        source, target: Where each of the m + N edges starts and ends; ``target.index`` ascends.
        order: (m + N,) int64, from this order to edges followed by loops.
    """

    source: Segments
    target: Segments
    order: Tensor

    @classmethod
    def of(cls, edge_index: Tensor, nodes: int) -> LoopedEdges:
        """From (2, m) edges, among which no loop is, and the number N of nodes."""
        loops = torch.arange(nodes, device=edge_index.device)
        source, target = torch.cat([edge_index, loops.expand(2, -1)], dim=1)
        order = torch.argsort(target, stable=True)
        return cls(Segments.of(source[order], nodes), Segments.of(target[order], nodes, is_sorted=True), order)

    def arrange(self, edges: Tensor, loops: Tensor) -> Tensor:
        """(m, …) values of edges and (N, …) values of loops, in this order."""
        return torch.cat([edges, loops]).index_select(0, self.order)


def zero_loops(edges: Tensor, nodes: int) -> Tensor:
    """(N, …) zeros: what a loop says of itself when it says nothing."""
    return edges.new_zeros(nodes, *edges.shape[1:])


def mean_loops(edges: Tensor, edge_index: Tensor, nodes: int) -> Tensor:
    """(N, …) mean of the features of the edges that end in each node, 0 without one (PyG's default fill)."""
    incoming = Segments.of(edge_index[1], nodes)
    return segment_sum(edges, incoming) / incoming.lengths.clamp(min=1)[:, None]
