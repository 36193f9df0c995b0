"""What is to be drawn of a graph: metres, names, headings and the frame; foreign graphs among them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.graphs.drawing.drawn_graphs import graph, many, node, street_scene
from ugembed.geo.geodesy import distance_m
from ugembed.graphs.drawing.around import around
from ugembed.graphs.drawing.scene import Scene, number, printable
from ugembed.graphs.schema import Edge, Node, UrbanGraph


def test_places_are_metres_east_and_north_of_the_centre() -> None:
    scene = Scene.of(street_scene())
    assert scene.at[scene.graph.index["Blue Cup"]] == pytest.approx([80, 10], abs=1e-3)
    assert scene.at[scene.center].tolist() == [0.0, 0.0]
    metres = [distance_m(7.42, 43.73, n.lon, n.lat) for n in scene.graph.nodes]
    assert scene.away_m == pytest.approx(np.array(metres), abs=1e-6)


def test_the_frame_holds_the_nodes_and_areas_do_not_stretch_it() -> None:
    near = [node(f"p{i}", 100 * np.cos(i), 50 * np.sin(i)) for i in range(20)]
    scene = Scene.of(graph(*near, node("Bay", 0, 600, "area"), radius_m=700.0))
    assert scene.frame.holds(scene.at)[:-1].all()
    assert scene.beyond == 1
    assert scene.frame.half_m < 120
    assert "1 node beyond the frame" in scene.facts


def test_a_camera_at_the_edge_of_its_graph_has_room_to_look_out() -> None:
    scene = Scene.of(graph(*(node(f"p{i}", 5 * (i % 20), 50 * (i // 20)) for i in range(200)), radius_m=700.0))
    assert scene.close_up is not None
    corners = np.array([[-1, -1], [1, 1]]) * scene.close_up.half_m
    assert scene.frame.holds(corners).all()
    assert scene.frame.holds(scene.at).all()


def test_a_graph_without_radius_is_framed_around_98_of_100_nodes() -> None:
    near = [node(f"p{i}", 100 * np.cos(i), 100 * np.sin(i), None) for i in range(99)]
    scene = Scene.of(graph(*near, node("lost", 50_000, 0, None)))
    assert scene.frame.half_m < 120
    assert scene.beyond == 1


def test_a_single_node_has_a_frame_and_no_close_up() -> None:
    scene = Scene.of(graph())
    assert (scene.frame.half_m, scene.close_up) == (25.0, None)


def test_a_crowded_graph_has_a_close_up_of_some_sixty_nodes() -> None:
    scene = Scene.of(many(1000))
    assert scene.close_up is not None
    assert 50 <= scene.close_up.holds(scene.at).sum() <= 120


@pytest.mark.parametrize(
    ("heading", "wanted"),
    [(90, 90.0), (-90.0, 270.0), (360.0, 0.0), ("90", None), (True, None), (10**400, None), ([1], None)],
)
def test_headings_are_numbers_or_nothing(heading: Any, wanted: float | None) -> None:
    scene = Scene.of(graph(heading=heading))
    assert scene.headings.get(scene.center) == wanted
    assert ("no heading" in scene.facts) == (wanted is None)


def test_foreign_nodes_are_named_by_their_text() -> None:
    nodes = (Node("1", 7.42, 43.73, "Name: A, B & C, ID: 12, Category: cafe"), Node("2", 7.42, 43.731, "no name"))
    scene = Scene.of(UrbanGraph(nodes, (Edge("1", "2"),), "1", {"city": "X", "deep": [1], "long": "y" * 99}))
    assert scene.names == ("A, B & C", "")
    assert (scene.kinds, scene.edge_kinds) == (("", ""), ("",))
    assert scene.facts[-1] == "city: X"


def test_kinds_and_names_that_are_no_text_are_none() -> None:
    odd = Node("x", 7.42, 43.731, "t", {"kind": 3, "name": ["n"], "category": 1})
    scene = Scene.of(graph(odd, edges=[Edge("camera", "x", "\x00", {"distance": "far", "bearing": None})]))
    assert (scene.kinds[1], scene.names[1], scene.categories[1]) == ("", "", "")
    [neighbour] = around(scene)
    assert neighbour.distance_m == pytest.approx(float(scene.away_m[1]))


@given(st.text())
def test_printable_text_is_one_line_of_xml(text: str) -> None:
    import xml.etree.ElementTree as ElementTree
    from xml.sax.saxutils import escape

    shown = printable(text)
    assert "\n" not in shown
    assert (ElementTree.fromstring(f"<a>{escape(shown)}</a>").text or "") == shown


def test_numbers_are_finite() -> None:
    assert [number(value) for value in (1, 2.5, float("nan"), float("inf"), False, None, "1")] == [
        1.0, 2.5, None, None, None, None, None,
    ]  # fmt: skip


def test_what_is_around_comes_by_distance_and_turns_the_bearing_of_edges_that_come_in() -> None:
    edges = [
        Edge("camera", "b", "near", {"distance": 30.0, "bearing": 10.0}),
        Edge("a", "camera", "near", {"distance": 5.0, "bearing": 90.0}),
        Edge("camera", "camera", "loop"),
    ]
    first, second = around(Scene.of(graph(node("a", -5, 0), node("b", 0, 30), edges=edges)))
    assert (first.name, first.bearing_deg, first.where) == ("a", 270.0, "5 m W")
    assert (second.name, second.where) == ("b", "30 m N")


def test_a_centre_without_edges_is_among_its_nearest_named_nodes() -> None:
    names = [n.name for n in around(Scene.of(graph(node("far", 90, 0), node("near", 0, 9), node("", 1, 1))))]
    assert names == ["near", "far"]
