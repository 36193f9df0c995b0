"""A graph small enough to check by hand: 0.001 degrees of latitude are 111.2 m."""

from __future__ import annotations

import pytest

from ugembed.graphs.schema import Edge, Node, UrbanGraph

LON, LAT = 9.0, 0.0


def node(name: str, category: str, *, east: float = 0.0, north: float = 0.0) -> Node:
    """A node at millidegrees from the centre, on the equator so that both axes have one scale."""
    text = f"Name: {name}, Category: {category}, District: Old Town"
    return Node(name, LON + east / 1000, LAT + north / 1000, text)


@pytest.fixture
def graph() -> UrbanGraph:
    nodes = (
        node("image", "image"),
        node("Maple Street", "residential street", east=0.02),
        node("Oak Lane", "residential street", north=1.2),
        node("Intersection of Maple Street and Oak Lane", "crossing", north=1.0),
        node("Maple Library", "library", east=1.0),
        node("Old Heron Café", "cafe", north=-0.5, east=-0.5),
    )
    edges = (
        Edge("image", "Maple Street", "nearest"),
        Edge("image", "Maple Library", "near"),
        Edge("Intersection of Maple Street and Oak Lane", "Maple Street", "crossing"),
        Edge("Intersection of Maple Street and Oak Lane", "Oak Lane", "crossing"),
        Edge("Old Heron Café", "Oak Lane", "nearest"),
    )
    return UrbanGraph(nodes, edges, "image")
