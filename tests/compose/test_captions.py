"""Spatial-context captions."""

from __future__ import annotations

from ugembed.compose.captions import caption
from ugembed.graphs.schema import Node, UrbanGraph


def test_a_caption_tells_street_crossing_and_nearest_places(graph: UrbanGraph) -> None:
    assert caption(graph) == (
        "On Maple Street, 110 m south of Oak Lane. "
        "Old Heron Café (cafe) 80 m to the south-west, Maple Library (library) 110 m to the east."
    )


def test_the_number_of_places_is_limited(graph: UrbanGraph) -> None:
    assert "Maple Library" not in caption(graph, places=1)


def test_the_caption_does_not_depend_on_the_order_of_nodes(graph: UrbanGraph) -> None:
    turned = UrbanGraph(graph.nodes[::-1], graph.edges[::-1], graph.center)
    assert caption(turned) == caption(graph)


def test_a_graph_without_names_has_a_caption_too() -> None:
    assert caption(UrbanGraph((Node("1", 0, 0, "x"),), (), "1")) == "An unnamed place."
