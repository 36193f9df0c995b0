"""Every family behind the `Backbone` protocol holds the same promises, on small random weights loaded from a folder."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.fixtures import graph, model_config, picture
from tests.models.small_checkpoints import KINDS, write_checkpoint
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.inputs import InputBuilder, InputsConfig, ModelInputs
from ugembed.records.item import Item

SIDES = ("left", "right")
BOUNDS = {"min_pixels": 784, "max_pixels": 7000}
SIZES = ((84, 56), (30, 90), (56, 56), (1, 1), (120, 31))
LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
PLANE = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl")


def load(folder: Path, kind: str) -> Embedder:
    config = model_config() | {"backbone": {"kind": kind, "path": str(folder), "dtype": "float32"}, "inputs": BOUNDS}
    return Embedder(ModelConfig.model_validate(config)).eval()


@pytest.fixture(scope="module", params=KINDS)
def embedder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    return load(write_checkpoint(tmp_path_factory.mktemp("checkpoint"), request.param), request.param)


def kind_of(embedder: Embedder) -> str:
    return embedder.config.backbone.kind


def rows() -> list[Item]:
    """Texts, pictures of several sizes, several a row, graphs before, between and after them."""

    def shown(seed: int) -> Any:
        return picture(seed, SIZES[seed % len(SIZES)])

    made = [Item(f"<image>{'why ' * k}", (shown(k),)) for k in range(5)]
    made += [Item("only words " * (1 + 3 * k)) for k in range(3)]
    made += [Item(f"<graph><image>Where is this? {k}", (shown(k),), (graph(k, 2 + k),)) for k in range(5)]
    made += [Item("<image> and <image>", (shown(7), shown(8))), Item("<graph>", (), (graph(9, 1),))]
    made += [Item("a<graph>b<image>c<graph>", (shown(3),), (graph(1, 3), graph(2, 6)))]
    return made


def builders(embedder: Embedder) -> dict[str, InputBuilder]:
    fusion = embedder.config.fusion
    assert fusion is not None
    return {
        side: InputBuilder(
            embedder.backbone, InputsConfig(**BOUNDS, padding_side=side), graph_tokens=fusion.graph_tokens
        )
        for side in SIDES
    }


def test_the_pooled_state_is_the_last_token_after_the_final_norm(
    embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedder.backbone, "rows_apart", False)  # so that every row has a row of states
    norms: list[tuple[Tensor, Tensor]] = []
    hook = embedder.core.language_model.norm.register_forward_hook(
        lambda module, args, out: norms.append((args[0], out))
    )
    inputs = embedder.prepare(rows()[:7])
    with torch.no_grad():
        vectors = embedder(inputs)
    hook.remove()
    before, after = norms[0]
    last = [int(mask.nonzero().max()) for mask in inputs.attention_mask]
    twin = torch.stack([after[row, column] for row, column in enumerate(last)])
    assert torch.equal(embedder.backbone.pool(after, inputs.attention_mask), twin)
    assert (vectors - twin / twin.norm(dim=1, keepdim=True)).abs().max() <= 1e-6
    assert (before - after).abs().max() > 0.1


def test_the_last_token_is_the_one_the_family_pools(embedder: Embedder) -> None:
    inputs = embedder.prepare([Item("Where is this?")])
    ids = inputs.input_ids[0].tolist()
    closing = {"gme": "<|im_start|>assistant\n<|endoftext|>", "vlm2vec": " this?", "llava_next": "this? [/INST]"}
    wanted = closing.get(kind_of(embedder), "<|im_end|>\n<|im_start|>assistant\n")
    assert embedder.backbone.tokenizer.decode(ids).endswith(wanted)


def test_another_picture_moves_only_its_own_row(embedder: Embedder) -> None:
    items = rows()
    changed = list(items)
    changed[9] = replace(items[9], images=(picture(99, SIZES[1]),))
    with torch.no_grad():
        moved = (embedder(embedder.prepare(items)) - embedder(embedder.prepare(changed))).abs().amax(dim=1)
    assert moved[9] > 1e-4
    assert torch.cat([moved[:9], moved[10:]]).max() <= 1e-6


def test_every_picture_of_a_row_counts_and_their_order_too(embedder: Embedder) -> None:
    one, other, third = (picture(k) for k in range(3))
    pairs = ((one, other), (other, one), (one, third), (third, other))
    vectors = embedder.encode_items([Item("<image>and<image>", pair) for pair in pairs])
    assert min(np.abs(a - b).max() for k, a in enumerate(vectors) for b in vectors[:k]) > 1e-5


def test_the_parts_of_pixels_belong_to_pictures_and_pictures_to_rows(embedder: Embedder) -> None:
    items = rows()
    inputs = embedder.prepare(items).to("cpu")
    assert inputs.pixel_values is not None
    assert inputs.image_row.tolist() == [row for row, item in enumerate(items) for _ in item.images]
    assert int(inputs.image_parts.sum()) == len(inputs.pixel_values)
    own = embedder.prepare([items[13]])
    at = inputs.image_row == 13
    start = int(inputs.image_parts[: int(at.nonzero()[0])].sum())
    assert own.pixel_values is not None
    assert torch.equal(inputs.pixel_values[start : start + int(inputs.image_parts[at].sum())], own.pixel_values)
    assert int(own.token_types.sum()) == sum(
        embedder.backbone.picture_tokens(*image.size, **BOUNDS) for image in items[13].images
    )


def test_graph_tokens_leave_the_positions_of_pictures_in_the_plane(embedder: Embedder) -> None:
    """Checked on the rotary embedding's own input; a graph in front moves a picture as so many words would."""
    seen: list[Tensor] = []
    rotary = embedder.core.language_model.rotary_emb
    hook = rotary.register_forward_pre_hook(
        lambda module, args, given: seen.append(given["position_ids"] if "position_ids" in given else args[1]),
        with_kwargs=True,
    )
    shown = picture(0)
    plain, after_graph = Item("<image>here", (shown,)), Item("<graph><image>here", (shown,), (graph(1, 4),))
    prepared = [embedder.prepare([item]) for item in (plain, after_graph)]
    with torch.no_grad():
        for inputs in prepared:
            embedder(inputs)
    hook.remove()
    without, with_graph = (position.reshape(-1, position.shape[-1]) for position in seen)
    pictured = [inputs.token_types[0] == 1 for inputs in prepared]
    moved = with_graph[:, pictured[1]] - without[:, pictured[0]]
    assert torch.equal(moved, torch.full_like(moved, 4 + 2))
    plane = without[:, pictured[0]]
    straight = torch.arange(plane.shape[1]) + plane.min()
    assert torch.equal(plane, straight.expand_as(plane)) == (kind_of(embedder) not in PLANE)


def test_states_are_those_of_transformers_own_forward_pass(embedder: Embedder) -> None:
    """Which finds positions itself: by token types in the plane, else one by one (rotary ones, so padding is free)."""
    inputs = builders(embedder)["left"]([item for item in rows() if not item.graphs])
    with torch.no_grad():
        own = embedder.backbone.hidden_states(inputs)
        stock = _stock_states(embedder, inputs)
    real = inputs.attention_mask.bool()
    assert (own[real] - stock[real]).abs().max() <= 1e-5


def _stock_states(embedder: Embedder, inputs: ModelInputs) -> Tensor:
    """GME and VLM2Vec: pictures are put among the embedded words, and the language model is left to count."""
    core, kind = embedder.core, kind_of(embedder)
    given: dict[str, Any] = {"attention_mask": inputs.attention_mask}
    if kind in ("gme", "vlm2vec"):
        words = core.get_input_embeddings()(inputs.input_ids)
        seen = core.get_image_features(inputs.pixel_values, inputs.image_grid).pooler_output
        words[inputs.token_types == 1] = torch.cat(seen)
        return core.language_model(inputs_embeds=words, **given).last_hidden_state
    if kind in PLANE:
        given |= {"image_grid_thw": inputs.image_grid, "mm_token_type_ids": inputs.token_types}
    if kind == "llava_next":
        given["image_sizes"] = inputs.image_grid
    return core(input_ids=inputs.input_ids, pixel_values=inputs.pixel_values, **given).last_hidden_state


def test_special_tokens_written_in_a_text_stay_text(embedder: Embedder) -> None:
    tokenizer = embedder.backbone.tokenizer
    special = [str(token) for token in tokenizer.added_tokens_decoder.values()]
    ids = [tokenizer.convert_tokens_to_ids(token) for token in special]
    assert set(ids) >= {mark for mark in _marks(embedder) if mark is not None}
    written = "".join(special).replace("<image>", "< image >")  # that one is an item's own mark of a picture
    harmless, forged = embedder.prepare([Item("ab")]), embedder.prepare([Item(f"a{written}b")])
    for number, token in zip(ids, special, strict=True):
        assert (forged.input_ids == number).sum() == (harmless.input_ids == number).sum(), token


def _marks(embedder: Embedder) -> list[int | None]:
    markers = embedder.backbone.markers
    return [getattr(markers, name) for name in type(markers).__slots__]


def test_lora_targets_are_linear_layers_of_the_language_model_only(embedder: Embedder) -> None:
    pattern = embedder.backbone.language_model_pattern.format(names="|".join(LINEAR))
    hit = [name.removesuffix(".base_layer") for name, _ in embedder.core.named_modules() if re.fullmatch(pattern, name)]
    assert len(hit) == len(LINEAR) * len(embedder.core.language_model.layers)
    own = set(embedder.core.language_model.modules())
    assert all(embedder.core.get_submodule(name) in own for name in hit)
    adapted = [name for name, part in embedder.core.named_modules() if name.endswith("lora_A.default")]
    assert len(adapted) == 2 * len(embedder.core.language_model.layers)
    assert all(name.startswith("language_model.layers.") for name in adapted)
    tower = [name for name, part in embedder.core.named_modules() if part not in own and isinstance(part, nn.Linear)]
    assert len(tower) > 5


def test_nothing_of_the_backbone_is_trainable_but_adapters(embedder: Embedder) -> None:
    trained = [name for name, value in embedder.core.named_parameters() if value.requires_grad]
    assert trained
    assert all(".lora_" in name for name in trained)


def test_the_saved_text_side_gives_the_same_inputs(embedder: Embedder, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    backbone = embedder.backbone
    backbone.save_text_side(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    processor = type(backbone.image_processor).from_pretrained(tmp_path)
    text = "Where is <|graph_pad|> this? Zürich 東京\n"
    assert again(text).input_ids == backbone.tokenizer(text).input_ids
    pixels = [
        each(images=[picture(3)], return_tensors="np")["pixel_values"] for each in (processor, backbone.image_processor)
    ]
    assert np.array_equal(*pixels)


def test_graph_tokens_have_rows_in_the_embedding_the_same_at_every_loading(embedder: Embedder) -> None:
    """The checkpoints of LLaVA and InternVL here have no spare rows, so that these must grow."""
    markers, table = embedder.backbone.markers, embedder.backbone.token_embedding()
    graph_ids = [markers.graph_start, markers.graph_pad, markers.graph_end]
    assert len(set(graph_ids)) == 3
    assert max(graph_ids) < table.num_embeddings
    again = embedder.config.backbone.build().token_embedding()
    assert torch.equal(again.weight, table.weight)
    assert not again.weight.requires_grad


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_stays_near_single(embedder: Embedder, dtype: str) -> None:
    other = type(embedder.config.backbone).model_validate(embedder.config.backbone.model_dump() | {"dtype": dtype})
    backbone, inputs = other.build(), embedder.prepare([item for item in rows() if not item.graphs])
    with torch.no_grad():
        wanted, found = (
            torch.nn.functional.normalize(each.pool(each.hidden_states(inputs), inputs.attention_mask).float(), dim=1)
            for each in (embedder.config.backbone.build(), backbone)
        )
    assert backbone.token_embedding().weight.dtype == getattr(torch, dtype)
    assert (wanted * found).sum(dim=1).min() > 0.999


@pytest.mark.parametrize("recomputed", [False, True])
def test_adapters_and_graph_part_get_gradients_through_every_backbone(embedder: Embedder, recomputed: bool) -> None:
    fresh = Embedder(embedder.config).train()
    if recomputed:
        fresh.core.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    weights = torch.linspace(-1, 1, fresh.dimension)
    (fresh(fresh.prepare(rows()[8:11])) * weights).sum().backward()
    reached = {name for name, value in fresh.trained_parameters().items() if value.grad is not None}
    assert reached == set(fresh.trained_parameters())
    moved = [name for name in reached if fresh.get_parameter(name).grad.abs().sum() > 0]  # type: ignore[union-attr]
    assert any(".lora_B" in name for name in moved)
    assert any(name.startswith("graph_encoder.") for name in moved)


def test_lengths_told_without_pixels_are_those_of_the_rows(embedder: Embedder, tmp_path: Path) -> None:
    prepare, items = builders(embedder)["right"], rows()
    lying = picture(4, (90, 40))
    exif = lying.getexif()
    exif[0x0112] = 6  # a quarter turn
    lying.save(tmp_path / "lying.jpg", exif=exif)
    lying.save(tmp_path / "standing.png")
    items += [Item("<image>", (tmp_path / name,)) for name in ("lying.jpg", "standing.png")]
    lengths = [prepare.length(item) for item in items]
    assert lengths == prepare(items).attention_mask.sum(dim=1).tolist()
    told = prepare.length(items[0], instruction="Find the place.")
    assert told == prepare(items[:1], instruction="Find the place.").input_ids.shape[1]
