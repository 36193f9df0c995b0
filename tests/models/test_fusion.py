"""Every kind of fusion, in a whole embedder: rows stay apart, what is trained is trained, order does not matter."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.fixtures import graph, item, model_config
from tests.models.graph_batches import HIDDEN, random_text
from ugembed.graphs.features import GraphBatch
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.fusion.base import FusionConfig
from ugembed.models.fusion.centre_pooling import CentrePooling
from ugembed.models.inputs import ModelInputs
from ugembed.registry import discover

KINDS = ("gated", "none", "pointer", "pooled", "tokens")
READING = ("gated", "pointer", "pooled", "tokens")
every_kind = pytest.mark.parametrize("kind", KINDS)
every_reading_kind = pytest.mark.parametrize("kind", READING)


def embedder(kind: str, **inputs: Any) -> Embedder:
    """A random tiny model in evaluation mode."""
    config = {**model_config(**inputs), "fusion": {"kind": kind}}
    if kind == "none":
        config["graph_encoder"] = None
    if kind == "pointer":
        config["train"] = "graph"
    return Embedder(ModelConfig.model_validate(config)).eval()


def opened(kind: str, **inputs: Any) -> Embedder:
    """The same, with what starts at zero effect opened."""
    model = embedder(kind, **inputs)
    if kind == "gated":
        torch.nn.init.normal_(model.get_parameter("fusion.up.weight"))
    return model


def test_every_kind_that_exists_is_tried() -> None:
    found = discover("ugembed.models.fusion")
    assert tuple(found) == KINDS
    assert tuple(kind for kind, config in found.items() if config.reads_nodes) == READING  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("kind", "tokens"),
    [("tokens", [1, 7, 900]), ("pooled", [4, 4, 4]), ("gated", [0, 0, 0]), ("pointer", [0, 0, 0]), ("none", [0, 0, 0])],
)
def test_a_graph_takes_so_many_tokens(kind: str, tokens: list[int]) -> None:
    config = discover("ugembed.models.fusion")[kind]()  # type: ignore[call-arg]
    assert isinstance(config, FusionConfig)
    assert [config.graph_tokens(nodes) for nodes in (1, 7, 900)] == tokens


@every_kind
@pytest.mark.parametrize("side", ["left", "right"])
@torch.no_grad()
def test_an_embedding_does_not_depend_on_its_batch(kind: str, side: str) -> None:
    model = opened(kind, padding_side=side)
    rows = [item(k, "why " * k, nodes=1 + k) for k in range(5)] + [replace(item(5), text="words", images=(), graphs=())]
    alone = torch.cat([model(model.prepare([row])) for row in rows])
    for order in ([5, 0, 3, 1, 2, 4], [2, 2, 5], [4, 3]):
        assert (model(model.prepare([rows[k] for k in order])) - alone[order]).abs().max() <= 1e-5


@every_reading_kind
@torch.no_grad()
def test_another_graph_moves_its_own_row_and_no_other(kind: str) -> None:
    model = opened(kind)
    rows = [item(0), item(1, nodes=8), item(2, nodes=3)]
    before = model(model.prepare(rows))
    after = model(model.prepare([rows[0], replace(rows[1], graphs=(graph(99, 7),)), rows[2]]))
    moved = (before - after).abs().amax(dim=1)
    assert moved[1] > 1e-3
    assert moved[[0, 2]].max() <= 1e-6


@every_reading_kind
def test_the_gradient_of_a_row_with_respect_to_another_rows_graph_is_exactly_zero(kind: str) -> None:
    model = opened(kind)
    inputs = model.prepare([item(0), item(1, nodes=8), item(2)])
    assert inputs.graphs is not None
    position = inputs.graphs.position.clone().requires_grad_()
    vectors = model(replace(inputs, graphs=replace(inputs.graphs, position=position)))
    (gradient,) = torch.autograd.grad((vectors[1] * torch.linspace(-1, 1, model.dimension)).sum(), position)
    owner = torch.repeat_interleave(inputs.graphs.row, inputs.graphs.size)
    assert gradient[owner == 1].abs().sum() > 0
    assert torch.equal(gradient[owner != 1], torch.zeros_like(gradient[owner != 1]))


@every_reading_kind
def test_every_trainable_parameter_gets_a_gradient_within_two_steps(kind: str) -> None:
    model = embedder(kind).train()
    weights = torch.linspace(-1, 1, model.dimension)
    optimizer = torch.optim.SGD(model.trained_parameters().values(), lr=0.1)
    for step in range(3):  # gated: first `up`, then what is before it, then the gate of what `up` has learnt
        optimizer.zero_grad()
        (model(model.prepare([item(0), item(1)])) * weights).sum().backward()
        assert all(value.grad is not None for value in model.trained_parameters().values()), step
        optimizer.step()
    silent = [name for name, value in model.trained_parameters().items() if not _moved(value)]
    assert silent == []


def _moved(parameter: torch.nn.Parameter) -> bool:
    return parameter.grad is not None and float(parameter.grad.abs().sum()) > 0


@pytest.mark.parametrize("training", [False, True])
def test_a_gated_graph_changes_no_bit_at_the_start(training: bool) -> None:
    model = embedder("gated").train(training)
    inputs = model.prepare([item(0), item(1, nodes=8), replace(item(2), text="words", images=(), graphs=())])
    assert torch.equal(model(inputs), model(replace(inputs, graphs=None)))


def test_the_gate_opens_with_the_first_step() -> None:
    model = embedder("gated").train()
    inputs = model.prepare([item(0), item(1)])
    (model(inputs) * torch.linspace(-1, 1, model.dimension)).sum().backward()
    assert _moved(model.get_parameter("fusion.up.weight"))
    with torch.no_grad():
        weight = model.get_parameter("fusion.up.weight")
        assert weight.grad is not None
        weight -= 0.1 * weight.grad
    assert (model(inputs) - model(replace(inputs, graphs=None))).abs().max() > 1e-5


@torch.no_grad()
def test_no_fusion_reads_nothing_of_the_graph() -> None:
    model = embedder("none")
    inputs = model.prepare([item(0), item(1, nodes=8)])
    assert torch.equal(model(inputs), model(replace(inputs, graphs=None)))
    assert not list(model.fusion.parameters())  # type: ignore[union-attr]


@every_reading_kind
@torch.no_grad()
def test_a_row_may_hold_several_graphs(kind: str) -> None:
    model = opened(kind)
    two = replace(item(0), text="<graph><image>and<graph>", graphs=(graph(0), graph(1, 8)))
    other = replace(two, graphs=(graph(0), graph(2, 8)))
    vectors = model(model.prepare([two, other, item(3)]))
    assert (vectors[0] - vectors[1]).abs().max() > 1e-4
    assert (vectors[1] - model(model.prepare([other]))[0]).abs().max() <= 1e-5


def _shuffled(inputs: ModelInputs, seed: int) -> ModelInputs:
    """The same graphs, all nodes but the centres in another order."""
    batch, rng = inputs.graphs, torch.Generator().manual_seed(seed)
    assert batch is not None
    starts = torch.cumsum(batch.size, 0) - batch.size
    pieces = [
        torch.cat([start[None], start + 1 + torch.randperm(int(size) - 1, generator=rng)])
        for start, size in zip(starts, batch.size, strict=True)
    ]
    order = torch.cat(pieces)
    values: dict[str, Any] = {field.name: getattr(batch, field.name) for field in fields(batch)}
    values |= {
        "texts": tuple(batch.texts[k] for k in order.tolist()),
        "position": batch.position[order],
        "edge_index": order.argsort()[batch.edge_index],
    }
    return replace(inputs, graphs=GraphBatch(**values))


@every_reading_kind
def test_half_precision_comes_close(kind: str) -> None:
    model = opened(kind).train()
    inputs = model.prepare([item(0), item(1, nodes=8)])
    wanted = model(inputs)
    with torch.autocast("cpu", torch.bfloat16):
        vectors = model(inputs)
    assert torch.nn.functional.cosine_similarity(vectors.float(), wanted).min() > 0.98


@pytest.mark.parametrize("kind", ["gated", "none", "pooled"])
@torch.no_grad()
def test_the_order_of_nodes_does_not_matter(kind: str) -> None:
    model = opened(kind)
    inputs = model.prepare([item(0, nodes=6), item(1, nodes=9)])
    for seed in range(5):
        assert (model(inputs) - model(_shuffled(inputs, seed))).abs().max() <= 1e-5


@torch.no_grad()
def test_nodes_as_tokens_come_in_canonical_order_whatever_the_file_says() -> None:
    model = embedder("tokens")
    one = graph(3, 9)
    other = replace(one, nodes=tuple(reversed(one.nodes)), edges=tuple(reversed(one.edges)))
    rows = [replace(item(0), graphs=(made,)) for made in (one, other)]
    vectors = model(model.prepare(rows))
    assert (vectors[0] - vectors[1]).abs().max() <= 1e-6


@settings(max_examples=40, deadline=None)
@given(sizes=st.lists(st.integers(1, 7), min_size=1, max_size=5), seed=st.integers(0, 1000))
@torch.no_grad()
def test_pooling_is_the_centres_weighted_mean_of_the_nodes(sizes: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    pool = CentrePooling(hidden_size=HIDDEN, width=6, count=3)
    nodes = 3 * random_text(sum(sizes), seed)
    pooled = pool(nodes, torch.tensor(sizes))
    for k, own in enumerate(torch.split(nodes, sizes)):
        assert (pooled[k] - _pooled(pool, own)).abs().max() <= 1e-5


def _pooled(pool: CentrePooling, nodes: Tensor) -> Tensor:
    query = pool.query(pool.norm(nodes[0])).view(3, 6)
    rows = []
    for k in range(3):
        scores = torch.stack([query[k] @ pool.key(pool.norm(node)) for node in nodes]) / 6**0.5
        rows.append(sum(w * node for w, node in zip(torch.softmax(scores, dim=0), nodes, strict=True)))
    return torch.stack(rows)


@pytest.mark.parametrize("kind", ["gated", "none"])
@torch.no_grad()
def test_at_the_start_a_graph_makes_no_difference_to_its_row(kind: str) -> None:
    model = embedder(kind)
    rows = [item(0), item(1, nodes=8)]
    without = [replace(row, text=row.text.replace("<graph>", ""), graphs=()) for row in rows]
    assert torch.equal(model(model.prepare(rows)), model(model.prepare(without)))
