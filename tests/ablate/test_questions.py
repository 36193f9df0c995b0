"""Questions with more answers to choose from, and what an encoder is shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.eval_fixtures import WordEncoder
from ugembed.ablate.encoders import Remembering, WithoutPictures, without_pictures
from ugembed.ablate.questions import QuestionFile, widened
from ugembed.demo.model import CityConfig
from ugembed.errors import DataError
from ugembed.geo.geodesy import distance_m
from ugembed.records.case import RankingCase
from ugembed.records.item import GRAPH_TAG, IMAGE_TAG, Item, Place

CITY = CityConfig(seed=3)


def cases(count: int, *, apart_m: float = 60.0) -> list[RankingCase]:
    """Questions along a meridian; each has its own answer and two that nobody else has."""
    return [
        RankingCase(
            query=Item(f"where is {k}?", id=f"v{k:03}"),
            candidates=(Item(f"not {k}"), Item(f"answer {k}"), Item(f"nor {k}")),
            gold=1,
            place=Place(9.2, 48.7 + k * apart_m / 111_200),
        )
        for k in range(count)
    ]


@pytest.mark.parametrize("number", [0, 20, 39])
def test_a_wider_question_keeps_its_answers_and_adds_those_of_others(number: int) -> None:
    asked = cases(40)
    case = asked[number]
    wide = widened(case, asked, 15, CITY)
    texts = [item.text for item in wide.candidates]
    assert len(set(texts)) == 15
    assert texts[wide.gold] == f"answer {number}"
    assert {item.text for item in case.candidates} <= set(texts)
    others = {int(text.split()[1]) for text in texts if text.startswith("answer")} - {number}
    assert len(others) == 12
    assert wide.place is not None
    metres = [distance_m(9.2, wide.place.lat, 9.2, other.place.lat) for k in others if (other := asked[k]).place]
    assert min(metres) >= 100
    assert max(metres) <= 1000  # so many are near enough
    assert widened(case, asked, 15, CITY) == wide


def test_where_too_few_are_near_the_nearest_of_the_others_join() -> None:
    asked = cases(40, apart_m=300.0)
    wide = widened(asked[0], asked, 12, CITY)
    others = sorted(int(item.text.split()[1]) for item in wide.candidates if item.text.startswith("answer"))
    assert others == list(range(10))


def test_no_picture_comes_in_that_stands_there_already_beside_another_graph() -> None:
    def shown(picture: int, graph: int) -> Item:
        return Item(f"{GRAPH_TAG}{IMAGE_TAG}", (Path(f"{picture}.jpg"),), (Path(f"{graph}.json"),))

    asked = [
        replace(case, candidates=(shown((k + 3) % 20, k), shown(k, k), shown((k + 5) % 20, k)))
        for k, case in enumerate(cases(20))
    ]
    for k, case in enumerate(asked):
        wide = widened(case, asked, 15, CITY)
        assert len({item.images for item in wide.candidates}) == 15
        assert wide.candidates[wide.gold] == shown(k, k)
        assert set(case.candidates) <= set(wide.candidates)


def test_too_few_answers_are_refused() -> None:
    with pytest.raises(DataError) as caught:
        widened(cases(10)[0], cases(10), 100, CITY)
    assert caught.value.code == "candidates-few"


def test_the_name_of_a_file_says_what_it_holds() -> None:
    file = QuestionFile(100, "unseen", "spatial_reasoning", "seen_landmark")
    assert QuestionFile.parse(file.name) == file


def test_an_item_is_encoded_once_whatever_the_mode() -> None:
    inner = WordEncoder()
    encoder = Remembering(inner)
    items = [Item("a b"), Item("c"), Item("a b")]
    first = encoder.encode_items(items)
    second = encoder.encode_items([*items, Item("d")])
    assert [item.text for item in inner.encoded] == ["a b", "c", "d"]
    assert np.array_equal(second[:3], first)
    assert np.array_equal(first, WordEncoder().encode_items(items))
    assert (encoder.dimension, encoder.fingerprint) == (inner.dimension, inner.fingerprint)


def test_without_pictures_the_rest_is_shown_and_nothing_else() -> None:
    inner = WordEncoder()
    graph = Path("here.json")
    item = without_pictures(Item(f"{GRAPH_TAG}{IMAGE_TAG} where?", images=(Path("red_1.jpg"),), graphs=(graph,)))
    assert item == Item(f"{GRAPH_TAG}where?", graphs=(graph,))
    WithoutPictures(inner).encode_items([Item(f"{IMAGE_TAG}\nwhere? {IMAGE_TAG}", images=(Path("a"), Path("b")))])
    assert inner.encoded == [Item("where? ")]
    with pytest.raises(DataError) as caught:
        WithoutPictures(inner).encode_items([Item(IMAGE_TAG, images=(Path("red_1.jpg"),))])
    assert caught.value.code == "empty-item"
