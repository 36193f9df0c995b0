"""Who is whose negative: labels and metres against loops, and what rows bring in each turn."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ugembed.geo.geodesy import distance_m
from ugembed.records.item import Item, Place
from ugembed.records.pair import Pair
from ugembed.train.stages.negatives import Facts, belonging, metres, nearness_weight
from ugembed.train.stages.rows import ContrastiveConfig, Rows, rows_of

LABELS = st.lists(st.lists(st.sampled_from("abcd"), max_size=3).map(tuple), min_size=1, max_size=6).map(tuple)


def _facts(labels: tuple[tuple[str, ...], ...], *places: tuple[float, float] | None) -> Facts:
    return Facts(labels, places or (None,) * len(labels))


@given(queries=LABELS, documents=LABELS)
def test_a_label_in_common_is_enough(queries: tuple[tuple[str, ...], ...], documents: Any) -> None:
    wanted = [[any(one in other for one in own) for other in documents] for own in queries]
    assert belonging(_facts(queries), _facts(documents)).tolist() == wanted


def test_metres_are_those_between_places_and_infinite_where_one_is_unknown() -> None:
    here, there = (11.5, 48.1), (11.501, 48.1)
    found = metres(_facts(((), ()), here, None), _facts(((), (), ()), here, there, None))
    inf = math.inf
    assert found[0].tolist() == pytest.approx([0.0, float(distance_m(*here, *there)), inf])
    assert found[1].tolist() == [inf, inf, inf]


def test_negatives_count_from_nothing_at_the_same_place_to_all_far_away() -> None:
    weight = nearness_weight(torch.tensor([0.0, 50.0, 100.0, 10_000.0, math.inf], dtype=torch.float64), 50.0)
    wanted = [0.0, 1 - math.exp(-0.5), 1 - math.exp(-2.0), 1.0, 1.0]
    assert weight.tolist() == pytest.approx(wanted)


def _hidden(pairs: list[Pair], **config: Any) -> tuple[Rows, list[list[bool]]]:
    rows = rows_of(pairs, ContrastiveConfig(kind="stage1", **config), turn=0)
    return rows, belonging(rows.query_facts, rows.document_facts).tolist()


def test_rows_of_one_group_are_not_each_others_negatives_but_listed_ones_are() -> None:
    pairs = [Pair(Item(f"q{k}"), (Item(f"d{k}"),), (Item(f"not d{k}"),), group=group) for k, group in enumerate("aab")]
    pairs.append(Pair(Item("q3"), (Item("d3"),)))
    _, hidden = _hidden(pairs)
    right = [[True, True, False, False], [True, True, False, False], [False, False, True, False], [False] * 4]
    assert hidden == [[*row, False, False, False] for row in right]


def test_the_same_item_and_the_same_picture_can_belong_together() -> None:
    first, second = Path("a.png"), Path("b.png")
    pairs = [
        Pair(Item("<image>q", (first,)), (Item("Oak Street"),), group="1"),
        Pair(Item("<image>q", (second,)), (Item("Oak Street", id="elsewhere"),), (Item("Elm Street"),), group="2"),
        Pair(Item("<image>r", (first,)), (Item("Elm Street"),), group="3"),
    ]
    assert _hidden(pairs, same=())[1] == [[False] * 4] * 3
    by_item = [[True, True, False, False], [True, True, False, False], [False, False, True, True]]
    assert _hidden(pairs, same=("item",))[1] == by_item
    by_image = [[True, False, True, False], [False, True, False, False], [True, False, True, False]]
    assert _hidden(pairs, same=("image",))[1] == by_image


def test_all_positives_of_a_row_take_part_and_are_no_negatives_of_each_other() -> None:
    pairs = [Pair(Item("q"), (Item("a"), Item("b"))), Pair(Item("r"), (Item("c"),), (Item("x"),))]
    rows, hidden = _hidden(pairs, positives="all")
    assert [item.text for item in rows.documents] == ["a", "b", "c", "x"]
    assert rows.owner == (0, 0, 1)
    assert hidden == [[True, True, False, False], [False, False, True, False]]


def test_positives_and_negatives_in_turn_are_all_used() -> None:
    pair = Pair(Item("q"), tuple(map(Item, "abc")), tuple(map(Item, "vwxyz")))
    config = ContrastiveConfig(kind="stage1", negatives_per_row=2)
    turns = [[item.text for item in rows_of([pair], config, turn=turn).documents] for turn in range(15)]
    assert all(len(turn) == 3 for turn in turns)
    assert [turn[0] for turn in turns[:4]] == ["a", "b", "c", "a"]
    assert [turn[1:] for turn in turns[:3]] == [["v", "w"], ["x", "y"], ["z", "v"]]
    assert np.unique([turn[1:] for turn in turns], return_counts=True)[1].tolist() == [6] * 5


def test_a_document_stands_where_its_query_does_unless_it_says_otherwise() -> None:
    here, there = Place(lon=1.0, lat=2.0), Place(lon=3.0, lat=4.0)
    pair = Pair(Item("q", place=here), (Item("a"), Item("b", place=there)), (Item("x"), Item("y", place=there)))
    rows, _ = _hidden([pair], positives="all")
    assert rows.query_facts.places == ((1.0, 2.0),)
    assert rows.document_facts.places == ((1.0, 2.0), (3.0, 4.0), None, (3.0, 4.0))
