"""A row's vector is its own: alone, in any batch and order, padded on either side or packed, for all that can be built.

Every backbone with every fusion, random batches of 1 to 16 rows. Pictures and graphs come from files and stay prepared,
so that hundreds of batches are quick.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path
from random import Random

import pytest
import torch
from torch import Tensor

from tests.fixtures import graph, model_config, picture
from tests.models.small_checkpoints import KINDS, write_checkpoint
from ugembed.errors import DataError
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.inputs import InputBuilder, InputsConfig, ModelInputs
from ugembed.records.item import Item
from ugembed.registry import discover

FUSIONS = ("gated", "none", "pointer", "pooled", "tokens")
READING = ("gated", "pointer", "pooled", "tokens")
SIDES = ("left", "right")
SIZES = ((28, 28), (30, 90), (56, 56), (1, 1), (62, 31))
INPUTS = {"min_pixels": 784, "max_pixels": 3200, "instruction": "", "cache_mb": 64, "vectors_mb": 0}
SMALL = {"kind": "compact", "width": 16, "position_width": 8, "edge_width": 8, "word_rank": 8, "dropout": 0.0}
LARGEST_CHANGE = 1e-5


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of every family, and pictures and graphs."""
    folder = tmp_path_factory.mktemp("invariance")
    for kind in KINDS:
        write_checkpoint(folder / kind, kind)
    for k, size in enumerate(SIZES):
        picture(k, size).save(folder / f"{k}.png")
        (folder / f"{k}.json").write_bytes(graph(k, 1 + 2 * k).to_bytes())
    return folder


@pytest.fixture(scope="module", params=list(product(KINDS, FUSIONS)), ids="-".join)
def embedder(request: pytest.FixtureRequest, files: Path) -> Embedder:
    kind, fusion = request.param
    config = model_config() | {
        "backbone": {"kind": kind, "path": str(files / kind), "dtype": "float32"},
        "fusion": {"kind": fusion},
        "train": "graph" if fusion == "pointer" else "adapters",
        "graph_encoder": SMALL if fusion in READING else None,
        "inputs": INPUTS,
    }
    model = Embedder(ModelConfig.model_validate(config)).eval()
    if fusion == "gated":
        torch.nn.init.normal_(model.get_parameter("fusion.up.weight"))  # it starts at no effect
    return model


def rows(folder: Path) -> list[Item]:
    """Texts, pictures of several sizes, several a row, graphs before, between and after them."""
    shown, near = ([folder / f"{k}.{end}" for k in range(len(SIZES))] for end in ("png", "json"))
    made = [Item("words " * n) for n in (1, 4, 9)]
    made += [Item(f"<image>{'why ' * k}", (shown[k],)) for k in range(5)]
    made += [Item(f"<graph><image>Where? {k}", (shown[k],), (near[-1 - k],)) for k in range(5)]
    made += [Item("<image> and <image>", (shown[1], shown[2])), Item("<graph>here", (), (near[0],))]
    made += [Item("a<graph>b<image>c<graph>", (shown[3],), (near[1], near[4]))]
    return made


def builders(embedder: Embedder) -> list[InputBuilder]:
    """One for each padding side."""
    fusion = embedder.config.fusion
    assert fusion is not None
    return [
        InputBuilder(embedder.backbone, InputsConfig(**INPUTS, padding_side=side), graph_tokens=fusion.graph_tokens)
        for side in SIDES
    ]


def test_every_kind_that_exists_is_tried() -> None:
    assert {*KINDS, "tiny"} == set(discover("ugembed.models.backbones"))
    assert set(FUSIONS) == set(discover("ugembed.models.fusion"))


@torch.no_grad()
def largest_change(embedder: Embedder, files: Path, *, count: int, seed: int, monkeypatch: pytest.MonkeyPatch) -> float:
    """Of any number of an embedding, between a row alone and in random batches, packed and padded on either side."""
    random, items, prepare = Random(seed), rows(files), builders(embedder)
    alone = torch.cat([embedder(prepare[0]([item])) for item in items])
    assert torch.cdist(alone, alone).fill_diagonal_(1).min() > 1e-3  # the rows are told apart
    packed, largest = 0, 0.0
    for number in range(count):
        chosen = random.choices(range(len(items)), k=1 + number % 16)
        inputs = random.choice(prepare)([items[k] for k in chosen])
        monkeypatch.setattr(embedder.backbone, "rows_apart", number % 3 > 0)
        packed += embedder.backbone.packs(inputs)
        largest = max(largest, float((embedder(inputs) - alone[chosen]).abs().max()))
    assert packed > count / 2
    return largest


def test_twenty_batches_embed_alike(embedder: Embedder, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert largest_change(embedder, files, count=20, seed=0, monkeypatch=monkeypatch) <= LARGEST_CHANGE


@pytest.mark.slow
def test_two_hundred_batches_embed_alike(embedder: Embedder, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the twenty above."""
    assert largest_change(embedder, files, count=180, seed=1, monkeypatch=monkeypatch) <= LARGEST_CHANGE


def with_tracked_graphs(inputs: ModelInputs) -> tuple[ModelInputs, Tensor]:
    """The same batch, and the positions of its nodes, to be asked for a gradient."""
    assert inputs.graphs is not None
    position = inputs.graphs.position.clone().requires_grad_()
    return replace(inputs, graphs=replace(inputs.graphs, position=position)), position


@pytest.mark.parametrize("packing", [False, True])
def test_a_rows_gradient_reaches_its_own_graph_and_no_other(
    embedder: Embedder, files: Path, packing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if embedder.graph_encoder is None:
        assert embedder.encoded is None  # there is nothing that a gradient could reach
        return
    monkeypatch.setattr(embedder.backbone, "rows_apart", packing)
    random, items = Random(1), rows(files)
    for side in builders(embedder):
        asked, *others = (items[k] for k in (8, *random.choices(range(len(items)), k=5), 15))
        inputs, position = with_tracked_graphs(side([others[0], asked, *others[1:]]))
        assert embedder.backbone.packs(inputs) == packing
        vector = embedder(inputs)[1]
        (gradient,) = torch.autograd.grad((vector * torch.linspace(-1, 1, embedder.dimension)).sum(), position)
        assert inputs.graphs is not None
        owner = torch.repeat_interleave(inputs.graphs.row, inputs.graphs.size)
        assert gradient[owner == 1].abs().sum() > 0
        assert torch.equal(gradient[owner != 1], torch.zeros_like(gradient[owner != 1]))


def test_a_row_that_comes_to_no_token_is_refused(files: Path) -> None:
    """VLM2Vec puts nothing around a row, and a gated graph takes no place in it."""
    config = model_config() | {
        "backbone": {"kind": "vlm2vec", "path": str(files / "vlm2vec"), "dtype": "float32"},
        "fusion": {"kind": "gated"},
    }
    model = Embedder(ModelConfig.model_validate(config))
    with pytest.raises(DataError) as caught:
        model.encode_items([Item("<graph>", (), (files / "1.json",), id="street 7")])
    assert caught.value.code == "no-tokens"
    assert "street 7" in caught.value.message
    assert model.encode_items([Item("<graph>", (), (files / "1.json",), instruction="Find it.")]).shape == (1, 32)
