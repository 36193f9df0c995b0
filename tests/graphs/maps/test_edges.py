"""Edges whose nodes are named in any order."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ugembed.errors import GraphError
from ugembed.graphs.maps.edges import Edge, links_of_edges
from ugembed.graphs.maps.source import MapSource
from ugembed.graphs.maps.street_line import StreetLine

SOURCE = MapSource("streets.geojson", "streets")


def line(identity: str, *spots: tuple[float, float]) -> StreetLine:
    return StreetLine(identity, identity, "residential", np.array(spots, dtype=np.float64))


@given(st.integers(0, 10_000), st.integers(2, 12))
@settings(max_examples=60, deadline=None)
def test_every_node_stands_at_one_place_however_its_edges_are_drawn(seed: int, size: int) -> None:
    """A random tree and some more edges; each is drawn, and its nodes are named, in an order thrown by a coin."""
    rng = random.Random(seed)
    at = {str(i): (9 + rng.randrange(1000) / 1e4 + i / 1e7, 48 + i / 1e4) for i in range(size)}
    pairs = [(str(i), str(rng.randrange(i))) for i in range(1, size)]
    pairs += [tuple(rng.sample(sorted(at), 2)) for _ in range(size // 2)]  # type: ignore[misc]
    edges = []
    for i, (a, b) in enumerate(pairs):
        middle = (9.5 + i / 1e4, 48.5)
        spots = [at[a], middle, at[b]]
        u, v = (a, b) if rng.random() < 0.5 else (b, a)
        edges.append(Edge(f"row {i}", u, v, line(f"way/{i}", *(spots if rng.random() < 0.5 else spots[::-1]))))
    links = links_of_edges(edges, SOURCE)
    assert {link.id for link in links} == {f"way/{i}" for i in range(len(pairs))}
    degree = {node: len({pair for pair in map(frozenset, pairs) if node in pair}) for node in at}
    for link in links:
        assert link.start < link.end
        ends = {link.start: tuple(link.points[0]), link.end: tuple(link.points[-1])}
        if max(degree[link.start], degree[link.end]) > 1:
            assert ends == {node: at[node] for node in ends}
        else:  # nothing tells which end is which
            assert set(ends.values()) == {at[node] for node in ends}


def test_two_ways_between_the_same_nodes_agree_on_where_these_are() -> None:
    a, b = (9.0, 48.0), (9.1, 48.0)
    edges = [
        Edge("row 1", "1", "2", line("way/1", a, (9.05, 48.1), b)),
        Edge("row 2", "1", "2", line("way/2", b, (9.05, 47.9), a)),
    ]
    assert [tuple(link.points[0]) for link in links_of_edges(edges, SOURCE)] == [a, a]


def test_lines_that_do_not_meet_at_the_node_they_share_are_refused() -> None:
    edges = [
        Edge("row 1", "1", "2", line("way/1", (9.0, 48.0), (9.1, 48.0))),
        Edge("row 2", "2", "3", line("way/2", (9.2, 48.0), (9.3, 48.0))),
    ]
    with pytest.raises(GraphError, match=r"streets\.geojson: row 1: its line does not run between .* '1' and '2'"):
        links_of_edges(edges, SOURCE)


def test_known_places_of_nodes_decide() -> None:
    edges = [Edge("row 1", "1", "2", line("way/1", (9.1, 48.0), (9.0, 48.0)))]
    (link,) = links_of_edges(edges, SOURCE, {"1": (9.0, 48.0), "2": (9.1, 48.0)})
    assert (link.start, link.points[0].tolist()) == ("1", [9.0, 48.0])


def test_a_ring_begins_and_ends_at_its_node() -> None:
    ring = line("way/1", (9.0, 48.0), (9.1, 48.0), (9.1, 48.1), (9.0, 48.0))
    turned = line("way/1", *map(tuple, ring.points[::-1].tolist()))
    links = links_of_edges([Edge("row 1", "1", "1", ring), Edge("row 2", "1", "1", turned)], SOURCE)
    assert [(link.start, link.end) for link in links] == [("1", "1")]
