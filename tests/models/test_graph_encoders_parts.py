"""Batches taken apart and put together again, and encoded part by part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor

from tests.models.graph_batches import encoder, graphs, random_graph, random_text, rich
from ugembed.graphs.features import GraphBatch, GraphTensors
from ugembed.models.graph_encoders import parts
from ugembed.models.graph_encoders.parts import in_parts, join, split


def _union(made: Sequence[GraphTensors]) -> GraphBatch:
    return GraphBatch.union(made, list(range(len(made))))


@settings(max_examples=30, deadline=None)
@given(made=graphs())
def test_a_batch_is_split_and_joined_without_loss(made: list[GraphTensors]) -> None:
    batch = rich(_union(made))
    parts = split(batch)
    assert [part.texts for part in parts] == [graph.texts for graph in made]
    for part, graph in zip(parts, made, strict=True):
        assert torch.equal(part.edge_index, graph.edge_index)
        assert torch.equal(part.position, graph.position)
    again = join(parts)
    for field in fields(batch):
        one, other = getattr(batch, field.name), getattr(again, field.name)
        assert torch.equal(one, other) if isinstance(one, Tensor) else one == other


def test_a_large_batch_is_encoded_in_parts_of_whole_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART_NODES", 10)
    batch, seen = _union([random_graph(k, size) for k, size in enumerate((4, 6, 1, 30, 5, 5, 9))]), list[list[int]]()

    def encode(text: Tensor, part: GraphBatch) -> Tensor:
        assert len(text) == len(part.texts)
        seen.append(part.size.tolist())
        return 2 * text

    text = random_text(len(batch.texts))
    assert torch.equal(in_parts(encode, text, batch), 2 * text)
    assert seen == [[4, 6], [1], [30], [5, 5], [9]]


@pytest.mark.parametrize("kind", ["compact", "gcn", "transformer"])
def test_parts_give_the_states_and_gradients_of_the_whole(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    built, batch = encoder(kind), _union([random_graph(k, 5 + k) for k in range(6)])
    results = []
    for limit in (10_000, 12):
        monkeypatch.setattr(parts, "PART_NODES", limit)
        text = random_text(len(batch.texts)).requires_grad_()
        states = built(text, batch)
        results.append((states.detach(), *torch.autograd.grad(states.square().sum(), [text, *built.parameters()])))
    for one, other in zip(*results, strict=True):
        assert torch.allclose(one, other, rtol=1e-4, atol=1e-5)
