"""Gradients by parts are those of the whole batch, whatever the parts, with dropout, graphs, pictures and texts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.fixtures import graph, model_config, picture
from ugembed.errors import UgembedError
from ugembed.losses.info_nce import InfoNce, InfoNceConfig
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.records.item import Item
from ugembed.records.pair import Pair
from ugembed.train.cached_gradients import Encoded, backward_by_parts
from ugembed.train.kept_pictures import KeptPictures
from ugembed.train.stages.base import StepResult, trained_parameters
from ugembed.train.stages.contrastive import Contrastive, PairBatch
from ugembed.train.stages.graph import GraphContrastive
from ugembed.train.stages.parts import PartLimit
from ugembed.train.stages.rows import ContrastiveConfig

CPU = torch.device("cpu")
SHAPES = int(os.environ.get("UGEMBED_SHAPES", "10"))
"""Random batches of each kind; 200 and more of them have been tried."""
PICTURES = [picture(k) for k in range(6)]


def _embedder(*, dropout: float = 0.0, metric_weight: float = 0.0, learn: str = "lora") -> Embedder:
    config: dict[str, Any] = model_config()
    config["backbone"] |= {"width": 32, "layers": 1, "vision_layers": 1}
    config["lora"]["dropout"] = dropout
    config["graph_encoder"] = {"kind": "compact", "width": 16, "dropout": dropout, "metric_weight": metric_weight}
    if learn == "all":
        config |= {"train": "full", "lora": None}
    return Embedder(ModelConfig.model_validate(config))


def _item(rng: np.random.Generator, *, nodes: int | None = None) -> Item:
    tags, images, graphs = "", (), ()
    if rng.random() < 0.5:
        tags, graphs = "<graph>", (graph(int(rng.integers(9)), nodes or int(rng.integers(2, 9))),)
    if rng.random() < 0.5:
        tags, images = f"{tags}<image>", (PICTURES[int(rng.integers(6))],)
    return Item(f"{tags}{'Oak Street ' * int(rng.integers(1, 12))}", images, graphs)


def _pairs(rng: np.random.Generator, *, nodes: int | None = None) -> list[Pair]:
    def items(low: int) -> tuple[Item, ...]:
        return tuple(_item(rng, nodes=nodes) for _ in range(int(rng.integers(low, 3))))

    return [Pair(_item(rng, nodes=nodes), items(1), items(0), group=str(k // 2)) for k in range(rng.integers(3, 6))]


def _stage(embedder: Embedder, limit: PartLimit, **loss: Any) -> Contrastive:
    config = ContrastiveConfig(kind="stage2", positives="all", same=("group", "item"))
    loss = {"temperature": 0.1, "symmetric": True, "learn_temperature": True, **loss}
    return GraphContrastive(embedder, InfoNce(InfoNceConfig(**loss)), seed=0, device=CPU, config=config, limit=limit)


def _gradients(stage: Contrastive, batch: PairBatch) -> dict[str, torch.Tensor | None]:
    stage.module.zero_grad(set_to_none=True)
    stage.module.train()
    stage.backward(stage.module, batch, micro_steps=3, syncing=lambda last: nullcontext())
    return {
        name: None if value.grad is None else value.grad.clone() for name, value in trained_parameters(stage).items()
    }


def _apart(one: dict[str, torch.Tensor | None], two: dict[str, torch.Tensor | None]) -> float:
    """Largest difference, in units of the largest gradient of all."""
    assert [name for name in one if (one[name] is None) != (two[name] is None)] == []
    pairs = [(a, two[name]) for name, a in one.items() if a is not None]
    assert len(pairs) > 3
    largest = max(float(a.abs().max()) for a, _ in pairs)
    assert largest > 0
    return max(float((a - b).abs().max()) for a, b in pairs if b is not None) / largest


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_gradients_by_parts_are_those_of_the_batch(dropout: float) -> None:
    """The same parts with the same random numbers, in memory together and one by one; random rows and limits."""
    embedder, rng, by_parts = _embedder(dropout=dropout), np.random.default_rng(1), 0
    for _ in range(SHAPES):
        limit = PartLimit(int(rng.integers(1, 7)), int(rng.integers(60, 400)))
        stage = _stage(embedder, limit, margin=float(rng.choice([0.1, 9.0])))
        batch = stage.prepare(_pairs(rng), epoch=int(rng.integers(5)))
        by_parts += batch.by_parts
        torch.manual_seed(3)
        cached = _gradients(stage, batch)
        drawn = torch.rand(1)
        torch.manual_seed(3)
        assert _apart(_gradients(stage, replace(batch, by_parts=False)), cached) < 1e-5
        assert torch.equal(drawn, torch.rand(1))  # the random stream goes on where one pass ends
    assert by_parts > 0.7 * SHAPES


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever asks for float32 is given float64."""
    plain = torch.Tensor.to

    def wide(self: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        return plain(self, *(torch.float64 if one is torch.float32 else one for one in args), **kwargs)

    monkeypatch.setattr(torch.Tensor, "to", wide)
    monkeypatch.setattr(torch.Tensor, "float", lambda self: self.double())
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.usefixtures("double")
def test_in_double_precision_nothing_is_lost() -> None:
    """Parts are compared with rows that are padded as one batch."""
    embedder, rng = _embedder().double(), np.random.default_rng(2)
    for _ in range(SHAPES // 2):
        pairs, rows = _pairs(rng), int(rng.integers(1, 4))
        small, whole = _stage(embedder, PartLimit(rows)), _stage(embedder, PartLimit())
        small.step.loss = whole.step.loss.double()
        batch = small.prepare(pairs, epoch=0)
        assert batch.by_parts
        wide = _gradients(whole, _double(whole.prepare(pairs, epoch=0)))
        assert _apart(wide, _gradients(small, _double(batch))) < 1e-10


def _double(batch: PairBatch) -> PairBatch:
    def part(one: Any) -> Any:
        graphs = one.graphs
        if graphs is not None:
            names = ("position", "edge_distance", "edge_bearing", "edge_offset")
            graphs = replace(graphs, **{name: getattr(graphs, name).double() for name in names})
        pixels = None if one.pixel_values is None else one.pixel_values.double()
        return replace(one, graphs=graphs, pixel_values=pixels)

    return replace(batch, parts=tuple(part(one) for one in batch.parts))


def test_the_graph_encoders_own_loss_counts_once_however_it_is_cut() -> None:
    embedder, rng = _embedder(metric_weight=0.7), np.random.default_rng(3)
    for rows in (1, 3):
        pairs = _pairs(rng, nodes=5)
        small, whole = _stage(embedder, PartLimit(rows)), _stage(embedder, PartLimit())
        small.step.loss = whole.step.loss
        batch = small.prepare(pairs, epoch=0)
        assert batch.by_parts
        assert _apart(_gradients(whole, whole.prepare(pairs, epoch=0)), _gradients(small, batch)) < 1e-5
        one = whole.module(whole.prepare(pairs, epoch=0))
        two = small.backward(small.module, batch, micro_steps=1, syncing=lambda last: nullcontext())
        assert float(one.loss.detach()) == pytest.approx(float(two.loss), rel=1e-5)
        assert one.metrics["auxiliary"] == pytest.approx(two.metrics["auxiliary"], rel=1e-5)
        assert two.metrics["auxiliary"] > 0


def test_processes_exchange_gradients_in_the_last_part_only() -> None:
    stage = _stage(_embedder(), PartLimit(2))
    batch = stage.prepare(_pairs(np.random.default_rng(4)), epoch=0)
    seen: list[bool] = []

    @contextmanager
    def syncing(*, last: bool) -> Iterator[None]:
        seen.append(last)
        yield

    stage.backward(stage.module, batch, micro_steps=1, syncing=syncing)
    assert seen == [False] * len(batch.parts) + [True]  # the last part and the comparison, then the others


@pytest.mark.parametrize("learn", ["lora", "all"])
def test_a_frozen_vision_tower_sees_every_picture_once(learn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = _embedder(learn=learn)
    stage = _stage(embedder, PartLimit(2))
    batch = stage.prepare(_pairs(np.random.default_rng(5)), epoch=0)
    shown = sum(part.pixel_values is not None for part in batch.parts)
    calls: list[int] = []
    hook = embedder.core.visual.register_forward_hook(lambda *_: calls.append(1))
    with_features = _gradients(stage, batch)
    assert len(calls) == shown > 1
    monkeypatch.setattr(KeptPictures.__init__, "__kwdefaults__", {"limit_mb": 0})
    without = _gradients(stage, batch)
    hook.remove()
    again = sum(part.pixel_values is not None for part in batch.parts[:-1])
    assert again > 0
    assert len(calls) == 2 * shown + again
    assert _apart(with_features, without) == 0


def test_a_vision_tower_that_trains_is_not_kept() -> None:
    embedder = _embedder()
    embedder.core.visual.requires_grad_(True)
    pictures = KeptPictures(embedder, CPU)
    assert pictures.room == 0


def test_a_model_that_does_not_repeat_itself_is_refused() -> None:
    noise, layer = np.random.default_rng(0), nn.Linear(4, 4)

    def encode(part: torch.Tensor) -> Encoded:
        return Encoded(layer(part) + float(noise.normal()))

    with pytest.raises(UgembedError) as caught:
        backward_by_parts(
            [torch.ones(2, 4)] * 2, encode, lambda vectors: (StepResult(vectors.square().sum(), {}), [0.0, 0.0]),
            device=CPU, micro_steps=1, syncing=lambda last: nullcontext(),
        )  # fmt: skip
    assert caught.value.code == "passes-differ"
