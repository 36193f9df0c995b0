"""Spatial reasoning paths."""

from __future__ import annotations

import numpy as np

from ugembed.compose.paths import destination, format_path, reasoning_path
from ugembed.graphs.schema import Node, UrbanGraph

CROSSING = "Intersection of Maple Street and Oak Lane"


def test_the_notation_is_the_one_of_the_reference(graph: UrbanGraph) -> None:
    text = format_path(graph, [("near", "Maple Library")])
    assert text == "(street view, near, Maple Library) (111m, 90°(E))"


def test_a_path_walks_edges_both_ways_and_ends_at_a_street_or_place(graph: UrbanGraph) -> None:
    paths = {reasoning_path(graph, np.random.default_rng(seed)) for seed in range(20)}
    ends = {destination(graph, path) for path in paths if path}
    assert ends == {"Oak Lane", "Old Heron Café"}
    walk = next(path for path in paths if path and destination(graph, path) == "Old Heron Café")
    assert f"(Maple Street, crossing, {CROSSING})" in walk
    assert "(Oak Lane, near, Old Heron Café)" in walk


def test_fewer_hops_mean_nearer_goals(graph: UrbanGraph) -> None:
    path = reasoning_path(graph, np.random.default_rng(0), max_hops=1)
    assert path is not None
    assert "->" not in path


def test_the_same_generator_gives_the_same_path_whatever_the_order_of_edges(graph: UrbanGraph) -> None:
    turned = UrbanGraph(graph.nodes[::-1], graph.edges[::-1], graph.center)
    for seed in range(5):
        first, second = (reasoning_path(g, np.random.default_rng(seed)) for g in (graph, turned))
        assert first == second


def test_no_path_in_a_lonely_graph() -> None:
    assert reasoning_path(UrbanGraph((Node("1", 0, 0, "x"),), (), "1"), np.random.default_rng(0)) is None
