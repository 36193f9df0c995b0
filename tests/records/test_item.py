"""An item's tags and sources agree, and taking pictures or graphs out keeps it so."""

from __future__ import annotations

from pathlib import Path

import pytest

from ugembed.errors import DataError
from ugembed.records.item import Item, Place

A, G = Path("a.jpg"), Path("g.json")


@pytest.mark.parametrize(
    ("text", "images", "graphs"), [("x", (A,), ()), ("<image>", (), ()), ("<graph>", (), (G, G)), ("<image>", (), (G,))]
)
def test_tags_and_sources_must_agree(text: str, images: tuple[Path, ...], graphs: tuple[Path, ...]) -> None:
    with pytest.raises(DataError) as caught:
        Item(text, images, graphs)
    assert caught.value.code == "tag-count"


def test_nothing_to_embed_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        Item("  \n")
    assert caught.value.code == "empty-item"


def test_pictures_and_graphs_can_be_taken_out() -> None:
    item = Item("<graph><image> Where?", (A,), (G,), id="1", place=Place(1, 2))
    assert item.without_graphs() == Item("<image> Where?", (A,), id="1", place=Place(1, 2))
    assert item.only_text() == Item("Where?", id="1", place=Place(1, 2))


@pytest.mark.parametrize(("lon", "lat"), [(181, 0), (0, -91), (float("nan"), 0), (0, float("inf"))])
def test_a_place_is_on_the_globe(lon: float, lat: float) -> None:
    with pytest.raises(DataError) as caught:
        Place(lon, lat)
    assert caught.value.code == "coordinates-range"
