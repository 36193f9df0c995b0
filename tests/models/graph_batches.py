"""Batches of random graphs, also odd ones, and one encoder of every kind, small."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from ugembed.graphs.features import GraphBatch, GraphTensors
from ugembed.models.graph_encoders.base import GraphEncoder, GraphEncoderConfig
from ugembed.registry import discover

HIDDEN = 24
SMALL: dict[str, dict[str, Any]] = {
    "gat": {"width": 16, "position_width": 8, "edge_width": 8},
    "reference": {"position_width": 8, "edge_width": 8},
    "compact": {"width": 16, "position_width": 8, "edge_width": 8, "word_rank": 8},
    "gcn": {"width": 16, "position_width": 8, "word_rank": 8},
    "transformer": {"width": 16, "position_width": 8, "edge_width": 8, "word_rank": 8},
}
KINDS = sorted(SMALL)


@dataclass(frozen=True, slots=True)
class RichBatch(GraphBatch):
    """A batch that also carries what is optional."""

    edge_kind: Tensor | None = None
    lon_lat: Tensor | None = None


def encoder(kind: str, **options: Any) -> GraphEncoder:
    """A small encoder in evaluation mode whose parts all have something to say."""
    config = discover("ugembed.models.graph_encoders")[kind].model_validate({**SMALL[kind], **options})
    assert isinstance(config, GraphEncoderConfig)
    torch.manual_seed(0)
    built = config.build(hidden_size=HIDDEN).eval()
    with torch.no_grad():
        for name, parameter in built.named_parameters():
            if name.endswith(("word_up.weight", "kind.weight", "bias")):
                parameter.normal_(std=0.2)  # zero at the start
    return built


def random_graph(seed: int, nodes: int, *, edges: float = 1.5, spread_m: float = 400.0) -> GraphTensors:
    """A graph of so many nodes with about ``edges`` edges a node, both directions, sorted by target."""
    rng = torch.Generator().manual_seed(seed)
    position = (torch.rand(nodes, 2, generator=rng) - 0.5) * 2 * spread_m
    position[0] = 0
    ends = torch.randint(0, nodes, (int(edges * nodes), 2), generator=rng)
    pairs = sorted({(b, a) for a, b in ends.tolist() if a != b} | {(a, b) for a, b in ends.tolist() if a != b})
    index = torch.tensor([(source, target) for target, source in pairs], dtype=torch.int64).reshape(-1, 2).T
    offset = position[index[1]] - position[index[0]]
    bearing = torch.rad2deg(torch.atan2(offset[:, 0], offset[:, 1])) % 360
    texts = tuple(f"Name: place {seed} {k}" for k in range(nodes))
    return GraphTensors(texts, position, index, offset.norm(dim=1), bearing, offset)


def random_text(nodes: int, seed: int = 1) -> Tensor:
    """(nodes, HIDDEN) made-up text vectors."""
    return torch.randn(nodes, HIDDEN, generator=torch.Generator().manual_seed(seed))


def rich(batch: GraphBatch, *, kinds: int = 3) -> RichBatch:
    """The same batch with kinds of edges and places on Earth."""
    rng = torch.Generator().manual_seed(7)
    values = {field.name: getattr(batch, field.name) for field in fields(GraphBatch)}
    kind = torch.randint(0, kinds, (batch.edge_index.shape[1],), generator=rng)
    lon_lat = torch.tensor([103.85, 1.3], dtype=torch.float64) + batch.position.double() / 111_000
    return RichBatch(**{**values, "edge_kind": kind, "lon_lat": lon_lat})


@st.composite
def graphs(draw: st.DrawFn) -> list[GraphTensors]:
    """One to five graphs, among them single nodes, graphs without edges, and places that coincide."""
    made = []
    for _ in range(draw(st.integers(1, 5))):
        nodes = draw(st.integers(1, 9))
        spread = draw(st.sampled_from([0.0, 5.0, 400.0, 5000.0]))
        density = draw(st.sampled_from([0.0, 0.5, 2.0]))
        made.append(random_graph(draw(st.integers(0, 10_000)), nodes, edges=density, spread_m=spread))
    return made
