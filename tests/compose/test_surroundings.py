"""What is read from a local graph."""

from __future__ import annotations

import pytest

from ugembed.compose.surroundings import name_and_category, rounded_m, streets_of_crossing, surroundings
from ugembed.graphs.schema import Edge, Node, UrbanGraph


def test_places_are_sorted_by_distance_and_streets_are_not_places(graph: UrbanGraph) -> None:
    known = surroundings(graph)
    assert known.street == "Maple Street"
    assert [place.name for place in known.places] == ["Old Heron Café", "Maple Library"]
    assert [place.direction for place in known.places] == ["south-west", "east"]
    assert known.places[1].distance_m == pytest.approx(111.3, abs=0.1)


def test_the_other_street_of_the_nearest_crossing_is_found(graph: UrbanGraph) -> None:
    found = surroundings(graph).crossing_street()
    assert found is not None
    assert found[0] == "Oak Lane"


def test_the_nearest_edge_decides_the_street_not_the_distance(graph: UrbanGraph) -> None:
    edges = (*graph.edges[1:], Edge("image", "Oak Lane", "nearest"))
    assert surroundings(UrbanGraph(graph.nodes, edges, graph.center)).street == "Oak Lane"


def test_attributes_win_over_the_text() -> None:
    known = Node("7", 0, 0, "Name: A, Category: cafe", {"name": "B", "category": "bar"})
    assert name_and_category(known) == ("B", "bar")
    assert name_and_category(Node("7", 0, 0, "just words")) == ("", "")


def test_a_name_with_a_comma_survives_in_the_text() -> None:
    text = "Name: Smith, Sons and Daughters, Category: shop, Address: Elm 5"
    assert name_and_category(Node("7", 0, 0, text)) == ("Smith, Sons and Daughters", "shop")


@pytest.mark.parametrize(
    ("name", "streets"),
    [
        ("Intersection of A Street and B Lane", ["A Street", "B Lane"]),
        ("Intersection of A, B and C", ["A", "B", "C"]),
        ("A Street", []),
    ],
)
def test_streets_of_a_crossing(name: str, streets: list[str]) -> None:
    assert streets_of_crossing(name) == streets


def test_distances_are_rounded_to_ten_metres_and_never_to_nothing() -> None:
    assert [rounded_m(metres) for metres in (1.0, 14.9, 15.1, 144.0)] == [10, 10, 20, 140]
