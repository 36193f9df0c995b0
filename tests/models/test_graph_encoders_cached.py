"""A graph seen before is not encoded again in inference, and what comes out is the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.models.graph_batches import HIDDEN, encoder, random_graph
from ugembed.graphs.features import GraphBatch, GraphTensors
from ugembed.models.graph_encoders.cached import CachedEncoder
from ugembed.models.node_text import NodeText


class Letters:
    """A tokenizer of letters."""

    def __call__(self, texts: Sequence[str], **options: Any) -> Any:
        return type("Encoded", (), {"input_ids": [[ord(letter) % 64 for letter in text] for text in texts]})


class Counting(CachedEncoder):
    """Counts the nodes that are really encoded."""

    def __init__(self, **options: Any) -> None:
        super().__init__(encoder("compact"), **options)
        self.nodes = 0
        self.encoder.register_forward_hook(self._count)

    def _count(self, module: nn.Module, args: tuple[Any, ...], output: Tensor) -> None:
        self.nodes += len(output)


@pytest.fixture
def node_text() -> NodeText:
    torch.manual_seed(0)
    return NodeText(Letters(), nn.Embedding(64, HIDDEN).requires_grad_(False))


@pytest.fixture
def without_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def _union(made: Sequence[GraphTensors]) -> GraphBatch:
    return GraphBatch.union(made, list(range(len(made))))


@pytest.mark.usefixtures("without_gradients")
def test_a_graph_seen_before_is_not_encoded_again(node_text: NodeText) -> None:
    made = [random_graph(k, 4 + k) for k in range(4)]
    cached = Counting()
    plain = cached.encoder(node_text(_union(made).texts), _union(made))
    cached.nodes = 0
    assert (cached(node_text, _union(made)) - plain).abs().max() <= 1e-5
    assert cached.nodes == len(plain)
    order = [2, 0, 2, 3, 1]
    again = cached(node_text, _union([made[k] for k in order])).split([made[k].num_nodes for k in order])
    for part, k in zip(again, order, strict=True):
        assert (part - plain.split([4, 5, 6, 7])[k]).abs().max() <= 1e-5
    assert cached.nodes == len(plain)
    cached(node_text, _union([made[0], random_graph(9, 6), random_graph(9, 6)]))
    assert cached.nodes == len(plain) + 6


@pytest.mark.usefixtures("without_gradients")
def test_another_text_or_place_is_another_graph(node_text: NodeText) -> None:
    one = random_graph(1, 5)
    cached = Counting()
    cached(node_text, _union([one]))
    values = {name: getattr(one, name) for name in GraphTensors.__slots__}
    for change in ({"texts": (*one.texts[:-1], "another")}, {"position": one.position + 1}):
        cached(node_text, _union([GraphTensors(**{**values, **change})]))
    assert cached.nodes == 15


@pytest.mark.usefixtures("without_gradients")
def test_a_changed_weight_empties_the_cache(node_text: NodeText) -> None:
    batch = _union([random_graph(1, 5)])
    cached = Counting()
    before = cached(node_text, batch)
    cached.encoder.get_parameter("gain").mul_(2)
    after = cached(node_text, batch)
    assert cached.nodes == 10
    assert (before - after).abs().max() > 1e-4
    node_text.embedding.weight.mul_(2)
    cached(node_text, batch)
    assert cached.nodes == 15


@pytest.mark.usefixtures("without_gradients")
def test_memory_stays_below_its_limit_and_the_least_used_goes_first(node_text: NodeText) -> None:
    cached = Counting(limit_mb=1)
    first = random_graph(0, 2000)
    for k in range(12):  # 192 kB each
        cached(node_text, _union([random_graph(k, 2000, edges=0.1)]))
        assert cached.used == sum(states.nbytes for states in cached.states.values()) <= 2**20
    assert len(cached.states) == 5
    cached.nodes = 0
    cached(node_text, _union([random_graph(11, 2000, edges=0.1), first]))
    assert cached.nodes == 2000


@pytest.mark.parametrize("training", [False, True])
def test_training_neither_keeps_nor_looks_up(node_text: NodeText, training: bool) -> None:
    cached = Counting()
    cached.encoder.train(training)
    batch = _union([random_graph(1, 5)])
    with torch.set_grad_enabled(not training):  # either a gradient is wanted, or dropout is on
        for _ in range(2):
            cached(node_text, batch)
    assert cached.nodes == 10
    assert not cached.states
