"""Rows without padding in between: the same states, positions and gradients, and only where the kernel takes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.fixtures import graph, item, model_config, picture
from tests.models.small_checkpoints import KINDS, write_checkpoint
from ugembed.models.backbones.row_attention import attend_row_by_row, row_attention
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.pooling import last_token
from ugembed.records.item import Item


def load(folder: Path, kind: str, *, attention: str = "sdpa") -> Embedder:
    backbone = {"kind": kind, "path": str(folder), "dtype": "float32", "attention": attention}
    config = model_config() | {"backbone": backbone, "inputs": {"min_pixels": 784, "max_pixels": 3200}}
    return Embedder(ModelConfig.model_validate(config)).eval()


@pytest.fixture(scope="module", params=KINDS)
def embedder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    return load(write_checkpoint(tmp_path_factory.mktemp("checkpoint"), request.param), request.param)


def rows() -> list[Item]:
    two = Item("<image>a<graph><image>", (picture(1), picture(2, (56, 84))), (graph(1, 3),))
    return [Item("only words " * 9), two, item(3, "Where?", nodes=6), Item("<image>", (picture(4),))]


def gradient(embedder: Embedder) -> Tensor:
    """Of all trained parameters, in one vector."""
    own = [parameter.grad for parameter in embedder.trained_parameters().values()]
    return torch.cat([each.flatten() for each in own if each is not None])


def test_a_packed_row_attends_to_itself_alone() -> None:
    rng = torch.Generator().manual_seed(0)
    lengths = [3, 1, 5]
    query, key, value = (torch.randn(1, 2, 9, 4, generator=rng) for _ in range(3))
    layer = SimpleNamespace(is_causal=True, num_key_value_groups=1)
    packed, _ = row_attention(layer, query, key, value, None, row_lengths=lengths)  # type: ignore[arg-type]
    start = 0
    for length in lengths:
        for at in range(start, start + length):  # softmax over the tokens of the row up to this one
            seen = slice(start, at + 1)
            weights = torch.softmax((query[0, :, at, None] * key[0, :, seen]).sum(dim=-1) / 2, dim=-1)
            twin = (weights[:, :, None] * value[0, :, seen]).sum(dim=1)
            assert (packed[0, at] - twin).abs().max() <= 1e-6
        start += length


def test_the_last_token_of_packed_rows() -> None:
    mask = torch.tensor([[1, 1, 0, 0], [0, 0, 0, 1], [1, 1, 1, 0]])
    assert torch.equal(last_token(torch.arange(6.0)[:, None], mask), torch.tensor([[1.0], [2.0], [5.0]]))


@pytest.mark.parametrize("side", ["left", "right"])
def test_packed_states_are_those_of_the_real_tokens(embedder: Embedder, side: str) -> None:
    embedder.prepare.config = embedder.prepare.config.model_copy(update={"padding_side": side})
    inputs = embedder.prepare([replace(row, text=row.text.replace("<graph>", ""), graphs=()) for row in rows()])
    backbone = embedder.backbone
    assert backbone.packs(inputs)
    with torch.no_grad():
        padded, packed = backbone.hidden_states(inputs), backbone.packed_states(inputs)
    assert packed.shape == (int(inputs.attention_mask.sum()), embedder.dimension)
    assert (packed - padded[inputs.attention_mask.bool()]).abs().max() <= 1e-5


def test_gradients_are_those_of_the_padded_batch(embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs, weights = embedder.prepare(rows()), torch.linspace(-1, 1, embedder.dimension)
    found = []
    for packing in (True, False):
        monkeypatch.setattr(embedder.backbone, "rows_apart", packing)
        assert embedder.backbone.packs(inputs) == packing
        embedder.zero_grad()
        (embedder(inputs) * weights).sum().backward()
        found.append(
            torch.cat([p.grad.flatten() for p in embedder.trained_parameters().values() if p.grad is not None])
        )
    assert found[0].abs().max() > 1e-3
    assert (found[0] - found[1]).abs().max() <= 1e-5 * found[0].abs().max().clamp(min=1)


def test_recomputed_activations_are_packed_too(embedder: Embedder) -> None:
    inputs, weights = embedder.prepare(rows()), torch.linspace(-1, 1, embedder.dimension)
    gradients = []
    for recomputed in (False, True):
        fresh = Embedder(embedder.config).train()
        if recomputed:
            fresh.core.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        (fresh(inputs) * weights).sum().backward()
        gradients.append(
            torch.cat([p.grad.flatten() for p in fresh.trained_parameters().values() if p.grad is not None])
        )
    assert torch.equal(*gradients)


def test_rows_of_one_length_stay_a_batch(embedder: Embedder) -> None:
    assert not embedder.backbone.packs(embedder.prepare([Item("same"), Item("same")]))


def test_one_row_holds_the_tokens_pictures_and_graphs_of_all() -> None:
    embedder = Embedder(ModelConfig.model_validate(model_config(padding_side="left")))
    inputs = embedder.prepare(rows())
    one = inputs.in_one_row()
    alone = [embedder.prepare([row]).input_ids[0] for row in rows()]
    assert torch.equal(one.input_ids[0], torch.cat(alone))
    assert (len(one), int(one.attention_mask.sum())) == (1, one.input_ids.shape[1])
    assert one.image_row.tolist() == [0] * 4
    assert one.graphs is not None
    assert one.graphs.row.tolist() == [0, 0]


def test_graph_tokens_of_a_wrong_row_are_refused_before_rows_become_one() -> None:
    embedder = Embedder(ModelConfig.model_validate(model_config()))
    inputs = embedder.prepare([item(0, "Where is this? " * 3, nodes=4), item(1, nodes=6), Item("words")])
    assert inputs.graphs is not None
    assert embedder.backbone.packs(inputs)
    swapped = replace(inputs, graphs=replace(inputs.graphs, row=torch.tensor([1, 0])))
    with pytest.raises(RuntimeError, match="graph tokens per row"):
        embedder(swapped)


@pytest.mark.parametrize("kind", ["qwen2_5_vl", "llava_next", "internvl"])
def test_another_kernel_pads_and_gives_the_same_vectors(tmp_path: Path, kind: str) -> None:
    write_checkpoint(tmp_path, kind)
    eager, ours = load(tmp_path, kind, attention="eager"), load(tmp_path, kind)
    assert (eager.backbone.packing, ours.backbone.packing) == (False, True)
    assert not attend_row_by_row(eager.core.language_model)
    assert np.abs(eager.encode_items(rows()) - ours.encode_items(rows())).max() <= 1e-5


def test_rows_beyond_a_sliding_window_are_padded(tmp_path: Path) -> None:
    """Mistral's early checkpoints attend to so many tokens back; a mask says so, and packed rows have none."""
    model = load(write_checkpoint(tmp_path, "llava_next"), "llava_next")
    inputs = model.prepare(rows())
    width = inputs.input_ids.shape[1]
    for window, packs in ((None, True), (width, True), (width - 1, False)):
        model.core.language_model.config.sliding_window = window
        assert model.backbone.packs(inputs) == packs


def test_a_saved_checkpoint_names_no_kernel_of_ours(tmp_path: Path) -> None:
    model = load(write_checkpoint(tmp_path / "first", "qwen2_5_vl"), "qwen2_5_vl")
    model.core.save_pretrained(tmp_path / "second")
    written = list((tmp_path / "second").glob("*.json"))
    assert written
    assert not any("ugembed" in path.read_text() for path in written)
