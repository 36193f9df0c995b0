"""Each distinct item is encoded once, and unusable vectors are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.eval_fixtures import WordEncoder
from ugembed.embed.encode import check_vectors, content_key, encode_distinct
from ugembed.errors import CheckpointError
from ugembed.records.item import Item, Place


def test_every_distinct_item_is_encoded_exactly_once_and_given_back_in_order() -> None:
    encoder = WordEncoder()
    items = [Item("oak street"), Item("pine road"), Item("oak street", id="again", place=Place(7.0, 43.0))]
    vectors, index = encode_distinct(encoder, items)
    assert [item.text for item in encoder.encoded] == ["oak street", "pine road"]
    assert vectors.shape == (2, encoder.dimension)
    assert index.tolist() == [0, 1, 0]
    np.testing.assert_array_equal(vectors[index], WordEncoder().encode_items(items))


def test_pictures_and_graphs_are_part_of_what_an_item_is() -> None:
    one = Item("<image>where", images=(Path("a.jpg"),))
    assert content_key(one) == content_key(Item("<image>where", images=(Path("a.jpg"),)))
    assert content_key(one) != content_key(Item("<image>where", images=(Path("b.jpg"),)))
    image_then_graph = Item("<image><graph>", images=(Path("a"),), graphs=(Path("b"),))
    assert content_key(image_then_graph) != content_key(
        Item("<image><graph>", images=(Path("b"),), graphs=(Path("a"),))
    )


def test_pictures_in_memory_are_the_same_only_when_they_are_one_object() -> None:
    picture, twin = Image.new("RGB", (4, 4)), Image.new("RGB", (4, 4))
    assert content_key(Item("<image>", images=(picture,))) == content_key(Item("<image>", images=(picture,)))
    assert content_key(Item("<image>", images=(picture,))) != content_key(Item("<image>", images=(twin,)))


def test_no_items_give_no_vectors_and_do_not_ask_the_encoder() -> None:
    encoder = WordEncoder()
    vectors, index = encode_distinct(encoder, [])
    assert vectors.shape == (0, encoder.dimension)
    assert index.shape == (0,)
    assert encoder.encoded == []


@pytest.mark.parametrize(
    ("vectors", "word"),
    [
        (np.array([[1.0, np.nan]], dtype=np.float32), "not finite"),
        (np.array([[0.5, 0.5]], dtype=np.float32), "unit length"),
        (np.array([[1.0, 0.0, 0.0]], dtype=np.float32), r"\(1, 2\)"),
        (np.array([[1.0, 0.0]], dtype=np.float64), "float64"),
    ],
)
def test_vectors_that_would_silently_win_or_lose_are_refused(vectors: np.ndarray, word: str) -> None:
    with pytest.raises(CheckpointError, match=word) as caught:
        check_vectors(vectors, (1, 2))
    assert caught.value.code == "embedding-broken"
