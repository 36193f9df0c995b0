"""Pieces of JSON put together by compiled code, against what Python's json makes of the same."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ugembed.graphs.city.arrays import Words
from ugembed.graphs.city.making import numbers, quoted
from ugembed.graphs.city.writing import edges_json, nodes_json

NAMES = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=1, max_size=6)
NUMBERS = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))


def text(values: list[float | None]) -> np.ndarray:
    return np.frombuffer(json.dumps(values)[1:-1].replace(" ", "").encode(), np.uint8)


@settings(deadline=None)  # the first call compiles
@given(NAMES, st.data())
def test_nodes_are_what_json_makes_of_them(names: list[str], data: st.DataObject) -> None:
    words = Words.of(b'{"name":' + quoted(name) for name in names)
    rows = data.draw(st.lists(st.integers(0, len(names) - 1), max_size=8))
    places = [data.draw(st.none() | st.tuples(NUMBERS, NUMBERS)) for _ in rows]
    ways = [data.draw(st.none() | NUMBERS) for _ in rows]
    wanted = [
        {"name": names[row]}
        | ({} if place is None else {"coords": list(place)})
        | ({} if way is None else {"walk_m": way})
        for row, place, way in zip(rows, places, ways, strict=True)
    ]
    at = tuple(text([0.0 if place is None else place[axis] for place in places]) for axis in (0, 1))
    is_open = np.array([place is not None for place in places], dtype=bool)
    made = nodes_json(words.parts, np.array(rows, np.int64), is_open, at, text(ways))
    assert json.loads(b"[" + bytes(made.data) + b"]") == wanted


@settings(deadline=None)  # the first call compiles
@given(NAMES, st.data())
def test_edges_are_what_json_makes_of_them(names: list[str], data: st.DataObject) -> None:
    kinds = ["near", "along_street"]
    words = [Words.of(quoted(name) for name in names), Words.of(f',"type":"{kind}"'.encode() for kind in kinds)]
    number = st.integers(0, len(names) - 1)
    edges = data.draw(
        st.lists(st.tuples(number, number, st.integers(0, 1), st.integers(-1, len(names) - 1)), max_size=8)
    )
    measured = [(data.draw(NUMBERS), data.draw(NUMBERS)) for _ in edges]
    wanted = [
        {"source": names[a], "target": names[b], "type": kinds[kind]}
        | ({} if street < 0 else {"street": names[street]})
        | {"distance": metres, "bearing": degrees}
        for (a, b, kind, street), (metres, degrees) in zip(edges, measured, strict=True)
    ]
    columns = tuple(np.array([edge[k] for edge in edges], np.int64) for k in range(4))
    parts = (words[0].parts, words[1].parts, words[0].parts)
    made = edges_json(parts, columns, text([m for m, _ in measured]), text([d for _, d in measured]))
    assert json.loads(b"[" + bytes(made.data) + b"]") == wanted


def test_numbers_are_json_and_what_is_not_finite_is_null() -> None:
    assert numbers(np.array([1.5, np.nan, np.inf, -2.0])) == [b"1.5", b"null", b"null", b"-2.0"]
    assert numbers(np.empty(0)) == []
