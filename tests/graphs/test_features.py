"""Geometry becomes features without losing metres, owners or order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.fixtures import graph
from ugembed.geo.geodesy import bearing_deg, distance_m, from_local_metres
from ugembed.graphs.features import GraphBatch, graph_tensors
from ugembed.graphs.schema import Edge, Node, UrbanGraph


def _at(places: list[tuple[float, float]], *, lon0: float = 103.85, lat0: float = 1.3) -> UrbanGraph:
    """Nodes at (east, north) metres, a path of edges through them, the first one the centre."""
    nodes = []
    for k, (east, north) in enumerate(places):
        lon, lat = from_local_metres(east, north, lon0=lon0, lat0=lat0)
        nodes.append(Node(f"n{k}", float(lon), float(lat), f"Name: {k}"))
    edges = tuple(Edge(f"n{k}", f"n{k + 1}") for k in range(len(places) - 1))
    return UrbanGraph(tuple(nodes), edges, "n0")


@pytest.mark.parametrize(("lon0", "lat0"), [(103.85, 1.3), (-0.1, 51.5), (179.99999, -17.0), (24.9, 69.0)])
def test_two_doors_five_metres_apart_are_exact_to_a_centimetre_and_a_tenth_of_a_degree(
    lon0: float, lat0: float
) -> None:
    tensors = graph_tensors(_at([(0, 0), (3, 4)], lon0=lon0, lat0=lat0), max_nodes=10)
    forth = tensors.edge_index.T.tolist().index([0, 1])
    assert abs(float(tensors.edge_distance[forth]) - 5) < 0.01
    assert abs(float(tensors.edge_bearing[forth]) - 36.8699) < 0.1
    assert torch.allclose(tensors.edge_offset[forth], torch.tensor([3.0, 4.0]), atol=0.01)
    assert torch.allclose(tensors.position[1], torch.tensor([3.0, 4.0]), atol=0.01)


def test_every_edge_runs_both_ways_with_its_own_bearing() -> None:
    tensors = graph_tensors(graph(3, 6), max_nodes=10)
    pairs = [tuple(pair) for pair in tensors.edge_index.T.tolist()]
    assert len(pairs) == len(set(pairs)) == 10
    for k, (source, target) in enumerate(pairs):
        back = pairs.index((target, source))
        assert torch.allclose(tensors.edge_offset[k], -tensors.edge_offset[back])
        turned = (float(tensors.edge_bearing[k]) - float(tensors.edge_bearing[back])) % 360
        assert abs(turned - 180) < 0.01


def test_edges_agree_with_a_slow_twin() -> None:
    made = graph(4, 8)
    tensors = graph_tensors(made, max_nodes=10)
    by_text = {node.text: node for node in made.nodes}
    for k, (source, target) in enumerate(tensors.edge_index.T.tolist()):
        a, b = by_text[tensors.texts[source]], by_text[tensors.texts[target]]
        assert float(tensors.edge_distance[k]) == pytest.approx(float(distance_m(a.lon, a.lat, b.lon, b.lat)), rel=1e-6)
        assert float(tensors.edge_bearing[k]) == pytest.approx(float(bearing_deg(a.lon, a.lat, b.lon, b.lat)), abs=1e-3)


def test_the_order_of_the_file_does_not_matter() -> None:
    made = graph(5, 12)
    rng = np.random.default_rng(0)
    edges = tuple(Edge(e.target, e.source, e.kind) for e in (made.edges[k] for k in rng.permutation(len(made.edges))))
    shuffled = UrbanGraph(tuple(made.nodes[k] for k in rng.permutation(12)), edges, made.center)
    one, other = graph_tensors(made, max_nodes=7), graph_tensors(shuffled, max_nodes=7)
    assert one.texts == other.texts
    for name in ("position", "edge_index", "edge_distance", "edge_bearing", "edge_offset"):
        assert torch.equal(getattr(one, name), getattr(other, name))


def test_cutting_keeps_the_centre_and_the_nearest() -> None:
    far_first = _at([(0, 0), (300, 0), (20, 0), (100, 0)])
    centre_last = UrbanGraph(tuple(reversed(far_first.nodes)), far_first.edges, "n0")
    tensors = graph_tensors(centre_last, max_nodes=3)
    assert tensors.texts == ("Name: 0", "Name: 2", "Name: 3")
    assert tensors.edge_index.T.tolist() == [[2, 1], [1, 2]]


def test_the_way_along_streets_counts_before_the_distance() -> None:
    made = _at([(0, 0), (5, 0), (300, 0), (100, 0)])  # the second lies behind a wall: 900 m along streets
    ways = {"n1": 900.0, "n2": 310.0}
    nodes = tuple(replace(node, attributes={"walk_m": ways[node.id]} if node.id in ways else {}) for node in made.nodes)
    tensors = graph_tensors(UrbanGraph(nodes, made.edges, made.center), max_nodes=4)
    assert tensors.texts == ("Name: 0", "Name: 2", "Name: 1", "Name: 3")


def test_repeated_edges_count_once_and_loops_not() -> None:
    made = _at([(0, 0), (10, 0)])
    doubled = replace(made, edges=(*made.edges, Edge("n1", "n0"), Edge("n0", "n0")))
    assert torch.equal(graph_tensors(doubled, max_nodes=9).edge_index, graph_tensors(made, max_nodes=9).edge_index)


def test_a_union_joins_no_two_graphs_and_knows_its_owners() -> None:
    tensors = [graph_tensors(graph(k, size), max_nodes=50) for k, size in enumerate((4, 1, 6))]
    batch = GraphBatch.union(tensors, [0, 2, 2])
    owner = torch.repeat_interleave(torch.arange(3), batch.size)
    assert batch.row.tolist() == [0, 2, 2]
    assert batch.size.tolist() == [4, 1, 6]
    assert torch.equal(owner[batch.edge_index[0]], owner[batch.edge_index[1]])
    assert batch.texts[4:5] == tensors[1].texts
    assert torch.equal(batch.position[5:], tensors[2].position)
