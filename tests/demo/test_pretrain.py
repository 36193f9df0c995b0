"""The tiny backbone's recipe: true pairs in turn, and a folder that loads like any checkpoint."""

from __future__ import annotations

from pathlib import Path

import pytest

from ugembed.demo.model import CityConfig
from ugembed.demo.pretrain import FIRST_SEED, PAIRS, Recipe, batches, data_card, pretrain, save
from ugembed.demo.pretrain_data import Sight, read_cities
from ugembed.models.backbones.qwen2_5_vl import Qwen25VLConfig
from ugembed.models.backbones.tiny import QWEN_TOKENS, WEIGHTS


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory) -> list[list[Sight]]:
    small = CityConfig(
        seed=3, districts=1, unseen_districts=0, images_per_district=8, heldout_per_district=0,
        validation_per_district=0, unseen_images=0, district_m=900,
    )  # fmt: skip
    return read_cities(tmp_path_factory.mktemp("cities"), [small], lambda text: None)


def test_the_kinds_take_turns_and_left_belongs_to_right(cities: list[list[Sight]]) -> None:
    streets = {sight.spot.id: sight.spot.known.street for sight in cities[0]}
    seen = set()
    for kind, left, right in batches(cities, Recipe(batch=4, steps=16)):
        seen.add(kind)
        assert len(left) == len(right) == 4
        assert all(bool(item.images) for item in left) or kind not in ("caption", "placed")
        assert not any(item.images or item.graphs for item in right)
        for one, other in zip(left, right, strict=True):
            if kind == "caption":
                assert not any(street in other.text for street in streets.values())
            if kind == "placed":
                assert streets[one.images[0].stem] in other.text
            if kind == "two wordings":
                assert any(street in one.text and street in other.text for street in streets.values())
    assert seen == set(PAIRS)


def test_a_pretrained_folder_loads_as_a_qwen_checkpoint_and_says_what_it_is_made_of(
    cities: list[list[Sight]], tmp_path: Path
) -> None:
    recipe = Recipe(cities=1, steps=4, batch=4)
    backbone, results = pretrain(cities, recipe, say=lambda text: None)
    save(backbone, tmp_path / "weights", data_card(recipe, results, 2_000_000))
    loaded = Qwen25VLConfig(path=str(tmp_path / "weights"), dtype="float32").build()
    assert loaded.hidden_size == 128
    assert list(loaded.tokenizer.convert_ids_to_tokens(range(len(QWEN_TOKENS)))) == list(QWEN_TOKENS)
    card = (tmp_path / "weights/README.md").read_text()
    assert "4 steps of 4 pairs" in card
    assert str(FIRST_SEED) in card


def test_the_shipped_weights_have_a_card_and_are_small() -> None:
    card = (WEIGHTS / "README.md").read_text()
    assert "make tiny-backbone" in card
    assert f"seeds {FIRST_SEED} to" in card
    assert (WEIGHTS / "model.safetensors").stat().st_size < 8 * 2**20
