"""Every kind of encoder: graphs of a batch know nothing of each other, and nothing that is given is ignored."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.graph_batches import HIDDEN, KINDS, encoder, graphs, random_graph, random_text, rich
from ugembed.graphs.features import GraphBatch, GraphTensors
from ugembed.models.graph_encoders.base import GraphEncoder
from ugembed.registry import discover

ENCODERS = {kind: encoder(kind) for kind in KINDS}
every_kind = pytest.mark.parametrize("kind", KINDS)


def test_every_kind_that_exists_is_tried() -> None:
    assert sorted(discover("ugembed.models.graph_encoders")) == KINDS


def _together(encoder: GraphEncoder, made: list[GraphTensors], text: list[torch.Tensor]) -> list[torch.Tensor]:
    batch = GraphBatch.union(made, list(range(len(made))))
    return list(encoder(torch.cat(text), batch).split([graph.num_nodes for graph in made]))


@every_kind
@settings(max_examples=40, deadline=None)
@given(made=graphs(), data=st.data())
@torch.no_grad()
def test_a_graph_is_encoded_alike_alone_in_a_union_and_at_any_place_in_it(
    kind: str, made: list[GraphTensors], data: st.DataObject
) -> None:
    encoder = ENCODERS[kind]
    text = [random_text(graph.num_nodes, k) for k, graph in enumerate(made)]
    alone = [encoder(t, GraphBatch.union([graph], [0])) for t, graph in zip(text, made, strict=True)]
    order = data.draw(st.permutations(range(len(made))))
    together = _together(encoder, [made[k] for k in order], [text[k] for k in order])
    for place, k in enumerate(order):
        assert torch.isfinite(alone[k]).all()
        assert together[place].shape == (made[k].num_nodes, HIDDEN)
        assert (together[place] - alone[k]).abs().max() <= 1e-5


@every_kind
@settings(max_examples=20, deadline=None)
@given(made=graphs(), chosen=st.integers(0, 4))
def test_the_gradient_of_one_graph_with_respect_to_another_is_exactly_zero(
    kind: str, made: list[GraphTensors], chosen: int
) -> None:
    batch = GraphBatch.union(made, list(range(len(made))))
    inputs = [random_text(len(batch.texts)), batch.position, batch.edge_distance, batch.edge_bearing, batch.edge_offset]
    text, position, distance, bearing, offset = inputs = [value.clone().requires_grad_() for value in inputs]
    given_batch = replace(batch, position=position, edge_distance=distance, edge_bearing=bearing, edge_offset=offset)
    states = ENCODERS[kind](text, given_batch)
    owner = torch.repeat_interleave(torch.arange(len(made)), batch.size)
    one = chosen % len(made)
    weights = torch.linspace(-1, 1, states.shape[1])
    gradients = torch.autograd.grad((states[owner == one] * weights).sum(), inputs, allow_unused=True)
    owners = [owner, owner, *[owner[batch.edge_index[1]]] * 3]
    assert gradients[0] is not None
    assert gradients[0][owner == one].abs().sum() > 0
    for gradient, whose in zip(gradients, owners, strict=True):
        if gradient is not None:  # gcn takes nothing from edges
            assert torch.equal(gradient[whose != one], torch.zeros_like(gradient[whose != one]))


@every_kind
@torch.no_grad()
def test_the_order_of_edges_does_not_matter(kind: str) -> None:
    batch = GraphBatch.union([random_graph(k, 6 + k) for k in range(4)], [0, 1, 2, 3])
    order = torch.randperm(batch.edge_index.shape[1], generator=torch.Generator().manual_seed(3))
    shuffled = replace(
        batch, edge_index=batch.edge_index[:, order], edge_distance=batch.edge_distance[order],
        edge_bearing=batch.edge_bearing[order], edge_offset=batch.edge_offset[order],
    )  # fmt: skip
    text = random_text(len(batch.texts))
    assert (ENCODERS[kind](text, batch) - ENCODERS[kind](text, shuffled)).abs().max() <= 1e-5


@every_kind
def test_two_passes_give_the_same_bits_forwards_and_backwards(kind: str) -> None:
    batch = GraphBatch.union([random_graph(k, 30) for k in range(5)], list(range(5)))
    results = []
    for _ in range(2):
        text = random_text(len(batch.texts)).requires_grad_()
        states = ENCODERS[kind](text, batch)
        parameters = [value for value in ENCODERS[kind].parameters() if value.requires_grad]
        results.append([states.detach(), *torch.autograd.grad(states.square().sum(), [text, *parameters])])
    assert all(torch.equal(one, other) for one, other in zip(*results, strict=True))


GEOMETRY = ["position", "edge_distance", "edge_bearing", "edge_offset"]


@pytest.mark.parametrize(
    ("kind", "change"),
    [(kind, change) for kind in KINDS for change in GEOMETRY if kind != "gcn" or change == "position"],
)
@torch.no_grad()
def test_every_geometric_input_counts(kind: str, change: str) -> None:
    batch = GraphBatch.union([random_graph(k, 8) for k in range(3)], [0, 1, 2])
    changed = replace(batch, **{change: getattr(batch, change) * 1.5 + 10})
    text = random_text(len(batch.texts))
    assert (ENCODERS[kind](text, batch) - ENCODERS[kind](text, changed)).abs().max() > 1e-4


@every_kind
@torch.no_grad()
def test_a_node_hears_of_its_neighbours_text(kind: str) -> None:
    pair = GraphTensors(
        ("a", "b"), torch.tensor([[0.0, 0], [30, 40]]), torch.tensor([[1, 0], [0, 1]]), torch.tensor([50.0, 50]),
        torch.tensor([216.87, 36.87]), torch.tensor([[-30.0, -40], [30, 40]]),
    )  # fmt: skip
    batch, text = GraphBatch.union([pair], [0]), random_text(2)
    other = torch.stack([text[0], -text[1]])
    assert (ENCODERS[kind](text, batch)[0] - ENCODERS[kind](other, batch)[0]).abs().max() > 1e-4


@every_kind
def test_every_parameter_gets_a_gradient_within_two_steps(kind: str) -> None:
    config = discover("ugembed.models.graph_encoders")[kind].model_validate({"dropout": 0.0})
    torch.manual_seed(0)
    built = config.build(hidden_size=HIDDEN).train()  # type: ignore[attr-defined]
    batch = GraphBatch.union([random_graph(k, 12) for k in range(3)], [0, 1, 2])
    weights = torch.linspace(-1, 1, HIDDEN)
    optimizer = torch.optim.SGD(built.parameters(), lr=0.1)
    for _ in range(2):  # the second half of a low-rank map starts at zero and hides the first for one step
        optimizer.zero_grad()
        (built(random_text(len(batch.texts)), batch) * weights).square().sum().backward()
        optimizer.step()
    silent = [name for name, value in built.named_parameters() if value.grad is None or not value.grad.abs().sum() > 0]
    assert silent == []


@every_kind
def test_half_precision_comes_close_and_trains(kind: str) -> None:
    batch = GraphBatch.union([random_graph(k, 20) for k in range(3)], [0, 1, 2])
    text = random_text(len(batch.texts)).requires_grad_()
    wanted = ENCODERS[kind](text, batch).detach()
    with torch.autocast("cpu", torch.bfloat16):
        states = ENCODERS[kind](text, batch)
    assert (states.float() - wanted).norm() / wanted.norm() < 0.05
    (gradient,) = torch.autograd.grad(states.float().square().sum(), text)
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("kind", ["compact", "transformer"])
@torch.no_grad()
def test_kinds_of_edges_count_when_they_are_asked_for(kind: str) -> None:
    built = encoder(kind, edge_kinds=3)
    batch = rich(GraphBatch.union([random_graph(k, 8) for k in range(3)], [0, 1, 2]))
    assert batch.edge_kind is not None
    text = random_text(len(batch.texts))
    other = replace(batch, edge_kind=(batch.edge_kind + 1) % 3)
    assert (built(text, batch) - built(text, other)).abs().max() > 1e-4
