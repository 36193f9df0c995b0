"""Parts of a batch: within their limit, each different item once, short texts apart from long ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures import picture
from ugembed.records.item import Item, Place
from ugembed.train.stages.parts import PartLimit, by_length, distinct

LENGTHS = st.lists(st.integers(1, 300), min_size=1, max_size=30)


@given(lengths=LENGTHS, rows=st.none() | st.integers(1, 9), tokens=st.none() | st.integers(1, 900))
def test_parts_hold_every_row_once_and_keep_the_limit(lengths: list[int], rows: int | None, tokens: int | None) -> None:
    parts = PartLimit(rows, tokens).parts(lengths)
    assert sorted(k for part in parts for k in part) == list(range(len(lengths)))
    for part in parts:
        padded = len(part) * max(lengths[k] for k in part)
        assert rows is None or len(part) <= rows
        assert tokens is None or padded <= tokens or len(part) == 1
    longest = [max(lengths[k] for k in part) for part in parts]
    assert longest == sorted(longest, reverse=True)


def test_parts_are_no_more_than_they_need_be() -> None:
    assert PartLimit(rows=4).parts([1] * 9) == [[0, 1, 2, 3], [4, 5, 6, 7], [8]]
    assert PartLimit(tokens=12).parts([2, 6, 3, 6, 3]) == [[1, 3], [2, 4, 0]]
    assert PartLimit().parts([5, 6]) == [[1, 0]]


@pytest.mark.parametrize(("limit", "fits"), [(PartLimit(), True), (PartLimit(8), False), (PartLimit(None, 99), False)])
def test_what_fits_is_not_cut(limit: PartLimit, fits: bool) -> None:
    assert limit.holds(9, 100) is fits
    assert limit.is_set is not fits


def test_each_different_item_is_kept_once() -> None:
    shown = picture(0)
    items = [
        Item("Oak Street"),
        Item("<image>", (Path("a.png"),)),
        Item("Oak Street", id="another", place=Place(lon=1, lat=2)),  # a model sees neither
        Item("<image>", (Path("b.png"),)),
        Item("<image>", (Path("a.png"),)),
        Item("<image>", (shown,)),
        Item("<image>", (picture(0),)),
        Item("<image>", (shown,)),
        Item("<graph>", graphs=(Path("a.png"),)),
    ]
    kept, places = distinct(items)
    assert places == [0, 1, 0, 2, 1, 3, 4, 3, 5]
    assert [items[places.index(k)] for k in range(6)] == kept


def test_short_documents_are_encoded_apart_from_long_ones_where_that_saves() -> None:
    short, long, shown = Item("Oak Bakery"), Item("A long description " * 5), Item("<image>", (Path("a.jpg"),))
    assert by_length([long, short, long, short, short]) == [[1, 3, 4], [0, 2]]
    assert by_length([short, shown, short]) == [[0, 2], [1]]
    assert by_length([long, long, Item("A long description " * 4)]) == [[0, 1, 2]]
    assert by_length([shown, shown]) == [[0, 1]]
    assert by_length([short]) == [[0]]
