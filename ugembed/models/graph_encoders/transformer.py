"""Graph transformer: every node attends to every node of its own graph, moved by distance, direction and edges.

The scores of a pair of nodes get a bias as in Graphormer (Ying et al. 2021), here from geometry: a linear map of
log(1 + metres) and the direction (east, north) from the attending node to the other, plus one of the features of an
edge between them. Graphs of similar size are computed side by side, padded; padding and other graphs have weight
exactly 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from ugembed.graphs.features import GraphBatch
from ugembed.models.graph_encoders.base import GraphEncoder, check_heads
from ugembed.models.graph_encoders.bottleneck import AttentiveConfig, Bottleneck
from ugembed.models.graph_encoders.spatial import KindedEdgeEncoding

MAX_PAIRS = 4_000_000
"""Pairs of nodes computed side by side."""


class TransformerConfig(AttentiveConfig):
    """Attention among all nodes of a graph, in a bottleneck."""

    kind: Literal["transformer"] = "transformer"

    def build(self, *, hidden_size: int) -> GraphEncoder:
        return GraphTransformer(self, hidden_size=hidden_size)


@dataclass(frozen=True, slots=True)
class Block:
    """Graphs of similar size side by side: g graphs, the longest of L nodes.

    Attributes:
        node: (g, L) int64, rows of the union; padding repeats a graph's first node.
        real: (g, L) bool, False on padding.
        geometry: (g, L, L, 3) log(1 + metres) and direction (east, north) from the first node of a pair to the second.
        edge: (e,) int64, which edges of the batch are within these graphs.
        pair: (3, e) int64, graph, target and source of each in this block.
    """

    node: Tensor
    real: Tensor
    geometry: Tensor
    edge: Tensor
    pair: Tensor


class GraphTransformer(Bottleneck):
    """See the module's docstring."""

    def __init__(self, config: TransformerConfig, *, hidden_size: int) -> None:
        super().__init__(config, hidden_size=hidden_size)
        check_heads(self.width, config.heads)
        self.edge = KindedEdgeEncoding(width=config.edge_width, kinds=config.edge_kinds, dropout=config.dropout)
        self.layers = nn.ModuleList(
            TransformerLayer(self.width, heads=config.heads, edge_width=config.edge_width, dropout=config.dropout)
            for _ in range(config.layers)
        )

    def mix(self, states: Tensor, batch: GraphBatch) -> Tensor:
        edges = self.edge(batch)
        parts = blocks(batch)
        for layer in self.layers:
            states = layer(states, parts, edges)
        return states


class TransformerLayer(nn.Module):
    """Attention, then an MLP of twice the width; each reads normalised states and is added to them."""

    def __init__(self, width: int, *, heads: int, edge_width: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.attention_norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.geometry_bias = nn.Linear(3, heads, bias=False)
        self.edge_bias = nn.Linear(edge_width, heads)
        self.out = nn.Linear(width, width)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(2 * width, width)
        )

    def forward(self, states: Tensor, parts: list[Block], edges: Tensor) -> Tensor:
        """(N, width) states of all graphs, their blocks, and (m, edge_width) edge features, to (N, width)."""
        mixed = self.query_key_value(self.attention_norm(states))
        edge_bias = self.edge_bias(edges)
        heard = torch.cat([self._attend(mixed, part, edge_bias) for part in parts])
        place = torch.cat([part.node[part.real] for part in parts])
        states = states + self.out(heard.index_select(0, place.argsort()))
        states = states + self.mlp(self.mlp_norm(states))
        return states

    def _attend(self, mixed: Tensor, part: Block, edge_bias: Tensor) -> Tensor:
        """(nodes of the block, width), graph by graph."""
        size, longest = part.node.shape
        query, key, value = (
            mixed.index_select(0, part.node.flatten())
            .view(size, longest, 3, self.heads, -1)
            .permute(2, 0, 3, 1, 4)  # (3, g, heads, L, each)
        )
        graph, target, source = part.pair
        bias = self.geometry_bias(part.geometry)  # (g, L, L, heads)
        bias = bias.index_put((graph, target, source), edge_bias[part.edge].to(bias.dtype), accumulate=True)
        bias = bias.permute(0, 3, 1, 2).masked_fill(~part.real[:, None, None, :], -torch.inf)
        dropout = self.dropout if self.training else 0.0
        heard = functional.scaled_dot_product_attention(query, key, value, bias.to(query.dtype), dropout)
        return heard.transpose(1, 2).flatten(2)[part.real]


def blocks(batch: GraphBatch) -> list[Block]:
    """The graphs of a batch in blocks of at most `MAX_PAIRS` pairs (or one graph), largest graphs first."""
    sizes = batch.size.tolist()
    order = sorted(range(len(sizes)), key=lambda k: (-sizes[k], k))
    chunks: list[list[int]] = []
    for graph in order:
        longest = sizes[chunks[-1][0]] if chunks else 0
        # a block also ends where padding would more than double a graph
        if chunks and (len(chunks[-1]) + 1) * longest**2 <= MAX_PAIRS and 2 * sizes[graph] >= longest:
            chunks[-1].append(graph)
        else:
            chunks.append([graph])
    starts = torch.cumsum(batch.size, 0) - batch.size
    owner = torch.repeat_interleave(torch.arange(len(sizes), device=starts.device), batch.size)
    return [_block(batch, starts, owner, chunk) for chunk in chunks]


def _block(batch: GraphBatch, starts: Tensor, owner: Tensor, chunk: list[int]) -> Block:
    chosen = torch.tensor(chunk, device=starts.device)
    size, start = batch.size[chosen], starts[chosen]
    column = torch.arange(int(size[0]), device=starts.device)
    real = column < size[:, None]
    node = start[:, None] + torch.where(real, column, 0)
    offset = batch.position[node][:, None] - batch.position[node][:, :, None]  # from the first to the second of a pair
    metres = offset.norm(dim=-1, keepdim=True)
    geometry = torch.cat([torch.log1p(metres), offset / metres.clamp(min=1e-6)], dim=-1)
    place = torch.full_like(batch.size, -1)
    place[chosen] = torch.arange(len(chunk), device=starts.device)
    source, target = batch.edge_index
    edge = (place[owner[target]] >= 0).nonzero()[:, 0]
    graph = owner[target[edge]]
    pair = torch.stack([place[graph], target[edge] - starts[graph], source[edge] - starts[graph]])
    return Block(node, real, geometry, edge, pair)
