"""What the compiled choosing does, against the obvious way in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ugembed.graphs.city.arrays import Groups
from ugembed.graphs.city.choosing import edges_among, kept_rows, own_rows, seen_rows

NODES = 12
FEW_METRES = st.sampled_from([0.0, 0.0004, 1.0, 1.0003, 2.5, np.inf])  # ties, some only when rounded
SEEN = st.tuples(st.integers(0, NODES - 1), FEW_METRES)
SIZES = st.lists(st.integers(0, 9), min_size=1, max_size=4)


def firsts(sizes: Sequence[int]) -> Any:
    return np.cumsum([0, *sizes], dtype=np.int64)


def of_image(first: Any, i: int) -> range:
    return range(int(first[i]), int(first[i + 1]))


@settings(deadline=None)  # the first call compiles
@given(
    st.lists(st.lists(st.lists(st.tuples(st.integers(0, NODES - 1), FEW_METRES), max_size=6), min_size=4, max_size=4))
)
def test_every_node_is_seen_once_at_its_nearest(images: list[list[list[tuple[int, float]]]]) -> None:
    """``images[i][group]`` holds (node, metres)."""
    first, node, metres = np.zeros((4, len(images) + 1), np.int64), [], []
    for group in range(4):
        for i, image in enumerate(images):
            first[group, i] = len(node)
            node += [n for n, _ in image[group]]
            metres += [m for _, m in image[group]]
        first[group, -1] = len(node)
    room = np.full(NODES, -1, np.int64)
    found = first, np.array(node, np.int64), np.array(metres, np.float64)
    seen_first, rows, away, inside = seen_rows(found, 2.0, room)
    assert (room == -1).all()
    for i, image in enumerate(images):
        best: dict[int, tuple[float, int]] = {}
        for group in range(4):
            for row in of_image(first[group], i):
                if metres[row] <= 2.0:
                    key = (round(metres[row], 3), row)
                    best[node[row]] = min(key, best.get(node[row], key))
        got = {node[rows[k]]: (float(away[k]), int(rows[k])) for k in of_image(seen_first, i)}
        assert got == best
        around = {n for n, m in image[3] if m <= 2.0}
        assert {node[rows[k]] for k in of_image(seen_first, i) if inside[k]} == around


@settings(deadline=None)
@given(SIZES, st.integers(0, 40), st.data())
def test_those_stay_that_come_first(sizes: list[int], most: int, data: st.DataObject) -> None:
    rows = sum(sizes)
    a, b = ([data.draw(FEW_METRES) for _ in range(rows)] for _ in range(2))
    rank = data.draw(st.permutations(range(rows)))
    kind = [data.draw(st.integers(0, 2)) for _ in range(rows)]
    allowed = [data.draw(st.booleans()) for _ in range(rows)]
    caps = [data.draw(st.integers(0, 4)) for _ in range(3)]
    first = firsts(sizes)
    order = (np.array(a, np.float64), np.array(b, np.float64), np.array(rank, np.int64))
    kept_first, kept = kept_rows(
        first, np.array(allowed, bool), order, (np.array(kind, np.int64), np.array(caps, np.int64)), most
    )
    for i in range(len(sizes)):
        wanted = sorted((row for row in of_image(first, i) if allowed[row]), key=lambda r: (a[r], b[r], rank[r]))
        for number, cap in enumerate(caps):
            of_kind = [row for row in wanted if kind[row] == number]
            wanted = [row for row in wanted if row not in of_kind[cap:]]
        assert kept[kept_first[i] : kept_first[i + 1]].tolist() == wanted[:most]


def test_hundreds_of_rows_are_sorted() -> None:
    rng = np.random.default_rng(0)
    for size in (7, 8, 9, 64, 65, 500, 1023):
        order = (rng.integers(0, 9, size) / 2, rng.integers(0, 9, size) / 4, rng.permutation(size))
        every, kinds = np.ones(size, bool), (np.zeros(size, np.int64), np.array([size], np.int64))
        _, kept = kept_rows(firsts([size]), every, order, kinds, size)
        assert kept.tolist() == np.lexsort(order[::-1]).tolist()


@settings(deadline=None)
@given(SIZES, st.integers(0, 3), st.data())
def test_own_edges_lead_to_the_street_the_areas_and_the_nearest_places(
    sizes: list[int], near: int, data: st.DataObject
) -> None:
    rows, first = sum(sizes), firsts(sizes)
    node = [data.draw(st.integers(0, 5)) for _ in range(rows)]
    street = [data.draw(st.integers(6, 9)) for _ in sizes]
    metres, rank = [data.draw(FEW_METRES) for _ in range(rows)], data.draw(st.permutations(range(rows)))
    inside, place = ([data.draw(st.booleans()) for _ in range(rows)] for _ in range(2))
    for i in range(len(sizes)):  # every image with nodes sees its street, which is no place
        if sizes[i]:
            row = data.draw(st.sampled_from(of_image(first, i)))
            node[row], inside[row], place[row] = street[i], False, False
    away = np.array(metres, np.float64)
    own_first, kind, own = own_rows(
        first,
        (np.array(street, np.int64), np.array(node, np.int64)),
        (np.array(inside, bool), np.array(place, bool)),
        (away, away, np.array(rank, np.int64)),
        near,
    )
    for i in range(len(sizes)):
        here = of_image(first, i)
        places = sorted((r for r in here if place[r] and not inside[r]), key=lambda r: (metres[r], rank[r]))
        wanted = [(0, r) for r in here if node[r] == street[i]] + [(1, r) for r in here if inside[r]]
        wanted += [(2, r) for r in places[:near]]
        part = slice(own_first[i], own_first[i + 1])
        assert list(zip(kind[part].tolist(), own[part].tolist(), strict=True)) == wanted


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)), max_size=40), st.data())
def test_edges_are_those_with_both_ends_among_the_nodes(edges: list[tuple[int, int]], data: st.DataObject) -> None:
    source, target = (np.array([edge[k] for edge in edges], np.int64) for k in (0, 1))
    by_source = Groups.of(source, NODES)
    images = [data.draw(st.permutations(range(NODES)))[: data.draw(st.integers(0, NODES))] for _ in range(3)]
    node = np.array([n for image in images for n in image], np.int64)
    first, room = firsts([len(image) for image in images]), np.full(NODES, -1, np.int64)
    among_first, edge, a, b = edges_among(first, node, (by_source.first, by_source.rows, target), room)
    assert (room == -1).all()
    for i, image in enumerate(images):
        inside = [k for k, (s, t) in enumerate(edges) if s in image and t in image]
        part = slice(among_first[i], among_first[i + 1])
        assert edge[part].tolist() == sorted(inside, key=lambda k: (edges[k][0], k))
        assert node[a[part]].tolist() == source[edge[part]].tolist()
        assert node[b[part]].tolist() == target[edge[part]].tolist()
        assert all(row in of_image(first, i) for row in (*a[part].tolist(), *b[part].tolist()))
