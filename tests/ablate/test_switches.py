"""What an ablation switches off in a graph encoder is off: moving it changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.models.graph_batches import HIDDEN, encoder, random_graph
from ugembed.graphs.features import GraphBatch

KINDS = ("gat", "compact")


def states(kind: str, batch: GraphBatch, **options: Any) -> Tensor:
    text = torch.randn(len(batch.texts), HIDDEN, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        return encoder(kind, **options)(text, batch)


@pytest.fixture
def batch() -> GraphBatch:
    return GraphBatch.union([random_graph(1, 12)], [0])


@pytest.mark.parametrize("kind", [*KINDS, "gcn"])
def test_without_positions_a_node_may_stand_anywhere(kind: str, batch: GraphBatch) -> None:
    moved = replace(batch, position=batch.position * -3)
    assert torch.equal(states(kind, batch, positions=False), states(kind, moved, positions=False))
    assert not torch.allclose(states(kind, batch), states(kind, moved))


@pytest.mark.parametrize("kind", KINDS)
def test_without_edge_features_edges_only_join(kind: str, batch: GraphBatch) -> None:
    other = replace(batch, edge_distance=batch.edge_distance * 7, edge_bearing=(batch.edge_bearing + 90) % 360,
                    edge_offset=-batch.edge_offset)  # fmt: skip
    assert torch.equal(states(kind, batch, edge_features=False), states(kind, other, edge_features=False))
    assert not torch.allclose(states(kind, batch), states(kind, other))


@pytest.mark.parametrize("kind", KINDS)
def test_without_layers_nodes_know_nothing_of_each_other(kind: str, batch: GraphBatch) -> None:
    cut = replace(batch, edge_index=batch.edge_index[:, :0], edge_distance=batch.edge_distance[:0],
                  edge_bearing=batch.edge_bearing[:0], edge_offset=batch.edge_offset[:0])  # fmt: skip
    assert torch.equal(states(kind, batch, layers=0), states(kind, cut, layers=0))
    assert not torch.allclose(states(kind, batch), states(kind, cut))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{"positions": False}, {"edge_features": False}, {"layers": 0}, {}])
def test_every_weight_that_is_left_is_trained(kind: str, options: dict[str, Any], batch: GraphBatch) -> None:
    built = encoder(kind, dropout=0.0, **options).train()
    text = torch.randn(len(batch.texts), HIDDEN)
    (built(text, batch) * torch.randn(len(text), HIDDEN)).sum().backward()
    without = [name for name, weight in built.named_parameters() if weight.grad is None]
    assert without == []
