"""Pieces of JSON put together by compiled code, against what Python's json makes of the same."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ugembed.graphs.city.arrays import Words
from ugembed.graphs.city.making import number_list, numbers, quoted
from ugembed.graphs.city.writing import edge_words, edges_json, nodes_json

NAMES = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=1, max_size=6)
NUMBERS = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))
SIZES = st.lists(st.integers(0, 4), max_size=4)  # of the graphs that are written together


def text(values: list[float | None]) -> np.ndarray:
    return np.frombuffer(json.dumps(values)[1:-1].replace(" ", "").encode(), np.uint8)


def firsts(sizes: list[int]) -> np.ndarray:
    return np.cumsum([0, *sizes], dtype=np.int64)


def graphs(made: tuple[np.ndarray, np.ndarray]) -> list[list[Any]]:
    """What was written of each graph, decoded."""
    data, first = made
    assert len(data) == first[-1]
    return [json.loads(b"[" + bytes(data[a:b].data) + b"]") for a, b in pairwise(first)]


def cut(rows: list[Any], sizes: list[int]) -> list[list[Any]]:
    first = firsts(sizes).tolist()
    return [rows[a:b] for a, b in pairwise(first)]


@settings(deadline=None)  # the first call compiles
@given(NAMES, SIZES, st.data())
def test_nodes_are_what_json_makes_of_them(names: list[str], sizes: list[int], data: st.DataObject) -> None:
    words = Words.of(b'{"name":' + quoted(name) for name in names)
    rows = [data.draw(st.integers(0, len(names) - 1)) for _ in range(sum(sizes))]
    places = [data.draw(st.none() | st.tuples(NUMBERS, NUMBERS)) for _ in rows]
    ways = [data.draw(st.none() | NUMBERS) for _ in rows]
    wanted = [
        {"name": names[row]}
        | ({} if place is None else {"coords": list(place)})
        | ({} if way is None else {"walk_m": way})
        for row, place, way in zip(rows, places, ways, strict=True)
    ]
    at = tuple(text([place[axis] for place in places if place is not None]) for axis in (0, 1))
    is_open = np.array([place is not None for place in places], dtype=bool)
    made = nodes_json(words.parts, firsts(sizes), np.array(rows, np.int64), is_open, at, text(ways))
    assert graphs(made) == cut(wanted, sizes)


@settings(deadline=None)  # the first call compiles
@given(NAMES, SIZES, st.data())
def test_edges_are_what_json_makes_of_them(names: list[str], sizes: list[int], data: st.DataObject) -> None:
    """Of every other one the city knows the numbers; they are asked for in any order, some twice."""
    kinds = ["near", "along_street"]
    words = [Words.of(quoted(name) for name in names), Words.of(f',"type":"{kind}"'.encode() for kind in kinds)]
    number = st.integers(0, len(names) - 1)
    edge = st.tuples(number, number, st.integers(0, 1), st.integers(-1, len(names) - 1), NUMBERS, NUMBERS)
    edges = data.draw(st.lists(edge, min_size=1, max_size=8))
    is_open = np.arange(len(edges)) % 2 == 0
    columns = tuple(np.array([edge[k] for edge in edges], np.int64) for k in range(4))
    known = tuple(text([None if o else edge[k] for o, edge in zip(is_open, edges, strict=True)]) for k in (4, 5))
    pieces = Words(*edge_words((words[0].parts, words[1].parts, words[0].parts), columns, is_open, known))

    rows = np.array([data.draw(st.integers(0, len(edges) - 1)) for _ in range(sum(sizes))], np.int64)
    measured = tuple(text([edges[row][k] for row in rows if is_open[row]]) for k in (4, 5))
    made = edges_json(pieces.parts, firsts(sizes), rows, is_open[rows], measured)
    wanted = [
        {"source": names[a], "target": names[b], "type": kinds[kind]}
        | ({} if street < 0 else {"street": names[street]})
        | {"distance": metres, "bearing": degrees}
        for a, b, kind, street, metres, degrees in (edges[row] for row in rows)
    ]
    assert graphs(made) == cut(wanted, sizes)


def test_numbers_are_json_and_what_is_not_finite_is_null() -> None:
    values = np.array([1.5, np.nan, np.inf, -2.0])
    assert numbers(values) == [b"1.5", b"null", b"null", b"-2.0"]
    assert bytes(number_list(values).data) == b"1.5,null,null,-2.0"
    assert numbers(np.empty(0)) == []
