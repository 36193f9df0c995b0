"""Pictures: tokens from sizes alone, pixels as plain Pillow makes them, and refusals of what a family cannot take."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from tests.fixtures import model_config, picture
from tests.models.small_checkpoints import FAMILY, KINDS, llava_model, mistral_tokenizer, write_checkpoint
from ugembed.errors import DataError
from ugembed.models.backbones.base import Backbone
from ugembed.models.backbones.llava_next import LlavaNext
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.inputs import InputsConfig
from ugembed.models.pictures import bounded_size
from ugembed.records.item import Item
from ugembed.records.visual_tokens import visual_tokens
from ugembed.registry import discover

FAMILIES = tuple(sorted(set(FAMILY.values())))
QWEN = ("qwen2_5_vl", "qwen2_vl", "qwen3_vl")
BOUNDS = ((784, 7000), (3136, 400_000), (1, 100), (3000, 3100))
SIZES = [
    (1, 1), (1, 2), (3, 1), (1, 100), (100, 1), (2, 300), (13, 1054), (400, 4), (27, 28), (28, 28), (55, 57), (56, 56),
    (57, 56), (84, 56), (112, 113), (333, 77), (640, 480),
]  # fmt: skip


@pytest.fixture(scope="module")
def backbones(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Backbone]:
    return {family: _build(write_checkpoint(tmp_path_factory.mktemp(family), family), family) for family in FAMILIES}


def _build(folder: Path, kind: str) -> Backbone:
    config = discover("ugembed.models.backbones")[kind]
    return config.model_validate({"path": str(folder), "dtype": "float32"}).build()  # type: ignore[attr-defined]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("bounds", BOUNDS)
def test_tokens_told_from_the_size_are_those_of_the_processor_and_of_the_model(
    backbones: dict[str, Backbone], family: str, bounds: tuple[int, int]
) -> None:
    backbone, (least, most) = backbones[family], bounds
    random = Random(most)
    sizes = SIZES + [(random.randrange(1, 400), random.randrange(2, 400)) for _ in range(8)]
    for width, height in sizes:
        told = backbone.picture_tokens(width, height, min_pixels=least, max_pixels=most)
        shown = backbone.prepare_picture(picture(0, (width, height)), min_pixels=least, max_pixels=most)
        assert told == shown.tokens, (width, height)
        assert _features(backbone.model, shown.pixels, shown.grid[None]) == told, (width, height)


def _features(model: Any, pixels: Tensor, grid: Tensor) -> int:
    """How many vectors the vision tower gives the language model."""
    with torch.no_grad():
        if "InternVL" in type(model).__name__:
            return model.get_image_features(pixels).pooler_output.flatten(0, 1).shape[0]
        return torch.cat(list(model.get_image_features(pixels, grid).pooler_output)).shape[0]


@given(width=st.integers(1, 5000), height=st.integers(1, 5000))
@settings(max_examples=300, deadline=None)
def test_llava_of_real_proportions_counts_like_its_own_processor(width: int, height: int) -> None:
    from transformers import LlavaNextProcessor

    backbone = real_llava()
    processor = LlavaNextProcessor(
        backbone.image_processor, backbone.tokenizer, patch_size=14, num_additional_image_tokens=1,
        vision_feature_select_strategy="default",
    )  # fmt: skip
    wanted = processor._get_number_of_features(height, width, 336, 336) - 1
    assert backbone.picture_tokens(width, height, min_pixels=1, max_pixels=25_000_000) == wanted


@cache
def real_llava() -> LlavaNext:
    """Tiles, patches and canvases of the published checkpoint; only its layers are small."""
    from transformers.models.llava_next.image_processing_pil_llava_next import LlavaNextImageProcessorPil

    processor = LlavaNextImageProcessorPil(size={"shortest_edge": 336}, crop_size={"height": 336, "width": 336})
    tokenizer = mistral_tokenizer()
    model = llava_model(tokenizer, tile=336, canvases=processor.image_grid_pinpoints)
    return LlavaNext(model, tokenizer, processor)


@pytest.mark.parametrize("kind", QWEN)
def test_a_picture_longer_than_two_hundred_to_one_is_refused_by_qwen(backbones: dict[str, Backbone], kind: str) -> None:
    for width, height in ((201, 1), (1, 5000)):
        for refuse in (
            lambda w, h: backbones[kind].picture_tokens(w, h, min_pixels=784, max_pixels=7000),
            lambda w, h: backbones[kind].prepare_picture(picture(0, (w, h)), min_pixels=784, max_pixels=7000),
        ):
            with pytest.raises(DataError, match=f"{width} x {height}") as caught:
                refuse(width, height)
            assert caught.value.code == "image-shape"


def test_the_refusal_of_a_picture_names_its_file(tmp_path: Path) -> None:
    picture(0, (400, 1)).save(tmp_path / "long.png")
    embedder = Embedder(ModelConfig.model_validate(model_config()))
    with pytest.raises(DataError, match=r"long\.png.*400 x 1") as caught:
        embedder.prepare([Item("<image>", (tmp_path / "long.png",))])
    assert caught.value.code == "image-shape"


@pytest.mark.parametrize("family", FAMILIES)
def test_other_families_take_pictures_of_any_shape(backbones: dict[str, Backbone], family: str) -> None:
    if family not in QWEN:
        for size in ((1, 3000), (3000, 1)):
            shown = backbones[family].prepare_picture(picture(0, size), min_pixels=784, max_pixels=7000)
            assert shown.tokens == backbones[family].picture_tokens(*size, min_pixels=784, max_pixels=7000) > 0


@pytest.mark.parametrize("family", FAMILIES)
def test_pixels_are_what_pillow_and_a_division_make_of_them(backbones: dict[str, Backbone], family: str) -> None:
    """The overview (or the whole picture) against a twin without transformers: at most 1/255 a channel.

    Processors are of the PIL kind by name, so what torchvision would do never enters.
    """
    processor = backbones[family].image_processor
    assert processor.backend == "pil"
    for size in ((90, 120), (300, 211)):
        shown = backbones[family].prepare_picture(picture(2, size), min_pixels=784, max_pixels=7000)
        whole = _whole(family, shown.pixels, shown.grid, processor)
        inside = bounded_size(*size, min_pixels=784, max_pixels=7000) if family == "llava_next" else size
        source = picture(2, size).resize(inside, Image.Resampling.BICUBIC) if inside != size else picture(2, size)
        small = source.resize((whole.shape[2], whole.shape[1]), Image.Resampling(processor.resample))
        mean, std = (np.array(values)[:, None, None] for values in (processor.image_mean, processor.image_std))
        twin = (np.asarray(small, dtype=np.float64).transpose(2, 0, 1) / 255 - mean) / std
        assert np.abs((whole - twin) * std).max() <= 1 / 255


def _whole(family: str, pixels: Tensor, grid: Tensor, processor: Any) -> np.ndarray:
    """(3, height, width) of the picture as a whole."""
    if family == "llava_next":
        return pixels[0].numpy()
    if family == "internvl":
        return pixels[-1].numpy()
    merge, patch = processor.merge_size, processor.patch_size
    _, rows, columns = grid.tolist()
    parts = pixels.numpy().reshape(rows // merge, columns // merge, merge, merge, 3, 2, patch, patch)[:, :, :, :, :, 0]
    return parts.transpose(4, 0, 2, 5, 1, 3, 6).reshape(3, rows * patch, columns * patch)


def test_bounds_scale_by_one_factor() -> None:
    assert bounded_size(400, 300, min_pixels=1, max_pixels=30_000) == (200, 150)
    assert bounded_size(4, 3, min_pixels=1200, max_pixels=30_000) == (40, 30)
    assert bounded_size(400, 300, min_pixels=1, max_pixels=120_000) == (400, 300)
    assert bounded_size(90_000, 1, min_pixels=1, max_pixels=100) == (3000, 1)


@pytest.mark.parametrize("family", ["internvl", "llava_next"])
def test_a_higher_bound_gives_a_large_picture_more_tokens(backbones: dict[str, Backbone], family: str) -> None:
    counts = [
        backbones[family].picture_tokens(900, 700, min_pixels=784, max_pixels=bound)
        for bound in (3136, 7000, 15_000, 60_000)
    ]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_internvl_never_makes_more_tiles_than_fit_into_the_bound(backbones: dict[str, Backbone]) -> None:
    for bound, most in ((100, 1), (3136, 1), (2 * 3136, 2), (5 * 3136 + 7, 5), (10**9, 12)):
        for size in SIZES:
            tiles = backbones["internvl"].prepare_picture(picture(0, size), min_pixels=1, max_pixels=bound).grid
            assert int(tiles) - (int(tiles) > 1) <= most


def test_bounds_that_exclude_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="min_pixels"):
        InputsConfig(min_pixels=500, max_pixels=499)


@pytest.mark.parametrize("kind", ["qwen2_vl", "qwen3_vl"])
def test_the_estimate_of_validate_data_agrees(backbones: dict[str, Backbone], kind: str) -> None:
    random = Random(3)
    unit = 32 if kind == "qwen3_vl" else 28
    for _ in range(500):
        width, height = random.randrange(17, 4000), random.randrange(17, 4000)
        if max(width, height) <= 200 * min(width, height):
            told = backbones[kind].picture_tokens(width, height, min_pixels=3136, max_pixels=400_000)
            assert visual_tokens(width, height, min_pixels=3136, max_pixels=400_000, unit=unit) == told


def test_every_kind_is_looked_at() -> None:
    assert set(discover("ugembed.models.backbones")) == {"tiny", *KINDS}
