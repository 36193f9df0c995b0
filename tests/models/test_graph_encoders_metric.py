"""The auxiliary heads: targets are the geometry itself, and training on them teaches it."""

from __future__ import annotations

import math

import pytest
import torch

from tests.models.graph_batches import HIDDEN, KINDS, encoder, random_graph, random_text
from ugembed.graphs.features import GraphBatch
from ugembed.models.graph_encoders.compact import CompactConfig
from ugembed.models.graph_encoders.metric import MetricHead, metric_targets


def _batch() -> GraphBatch:
    return GraphBatch.union([random_graph(k, 15) for k in range(8)], list(range(8)))


def test_targets_are_distance_and_bearing_from_the_centre() -> None:
    batch = GraphBatch.union([random_graph(1, 9)], [0])
    targets, away = metric_targets(batch)
    assert away.tolist() == [False] + [True] * 8
    for (east, north), (distance, sine, cosine) in zip(batch.position[1:].tolist(), targets[1:].tolist(), strict=True):
        bearing = math.atan2(east, north)  # clockwise from north
        assert distance == pytest.approx(math.log1p(math.hypot(east, north)), rel=1e-5)
        assert (sine, cosine) == pytest.approx((math.sin(bearing), math.cos(bearing)), abs=1e-5)


def test_a_lone_centre_has_a_loss_without_a_bearing() -> None:
    batch = GraphBatch.union([random_graph(1, 1)], [0])
    states = random_text(1).requires_grad_()
    loss = MetricHead(HIDDEN).loss(states, batch)
    (gradient,) = torch.autograd.grad(loss, states)
    assert torch.isfinite(loss)
    assert torch.isfinite(gradient).all()


def test_the_loss_reaches_the_encoder_and_training_lowers_it() -> None:
    torch.manual_seed(0)
    built = CompactConfig(width=16, position_width=16, edge_width=8, word_rank=8, dropout=0.0, metric_weight=0.5).build(
        hidden_size=HIDDEN
    )
    batch = _batch()
    text = random_text(len(batch.texts))
    optimizer = torch.optim.Adam(built.parameters(), lr=1e-2)
    losses = []
    for _ in range(60):
        loss = built.auxiliary_loss(built(text, batch), batch)
        assert loss is not None
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert built.get_parameter("position.mlp.0.weight").grad is not None
    assert losses[-1] < losses[0] / 5


def test_the_weight_scales_the_loss() -> None:
    batch, text = _batch(), random_text(120)
    small, large = encoder("compact", metric_weight=0.1), encoder("compact", metric_weight=0.2)
    one, two = small.auxiliary_loss(text, batch), large.auxiliary_loss(text, batch)
    assert one is not None
    assert two is not None
    assert float(two.detach()) == pytest.approx(2 * float(one.detach()), rel=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_off_by_default(kind: str) -> None:
    assert encoder(kind).auxiliary_loss(random_text(120), _batch()) is None
