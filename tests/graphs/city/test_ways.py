"""Metres along streets of every node, against networkx on a network into which all places are drawn as nodes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from tests.graphs.drawn_maps import image_at, write_map
from ugembed.graphs.city.anchors import Anchors, place_on_streets
from ugembed.graphs.city.city import City
from ugembed.graphs.city.looking import look_around
from ugembed.graphs.city.making import make_city
from ugembed.graphs.maps.osm.read import read_osm
from ugembed.graphs.recipe import NODE_KINDS, GraphRecipe
from ugembed.records.item import Place
from ugembed.records.points import ImagePoint


def slow_ways(city: City, images: Anchors, i: int) -> dict[int, float]:
    """Node to metres: along links that are cut at every place, then straight to the place, or over an area's gap."""
    graph, places, streets = nx.Graph(), city.places, city.streets
    for link, (start, end) in enumerate(streets.ends.tolist()):
        stops = [(0.0, ("node", start)), (float(streets.lines.length_m[link]), ("node", end))]
        stops += [(float(places.along_m[row]), ("place", row)) for row in np.flatnonzero(places.link == link).tolist()]
        if link == images.link[i]:
            stops.append((float(images.along_m[i]), ("image",)))
        stops.sort()
        for (a, one), (b, other) in pairwise(stops):
            metres = min(b - a, graph.edges[one, other]["metres"]) if graph.has_edge(one, other) else b - a
            graph.add_edge(one, other, metres=metres)
    metres = nx.single_source_dijkstra_path_length(graph, ("image",), weight="metres")
    ways: dict[int, float] = {}

    def reach(node: int, way: float) -> None:
        ways[node] = min(way, ways.get(node, np.inf))

    for link, (start, end) in enumerate(streets.ends.tolist()):
        nearer = min(metres.get(("node", node), np.inf) for node in (start, end))
        reach(int(streets.street_of_link[link]), 0.0 if link == images.link[i] else nearer)
    for node, crossing in enumerate(streets.crossing_of_node.tolist()):
        if crossing >= 0:
            reach(crossing, metres.get(("node", node), np.inf))
    for row, node in enumerate(places.node.tolist()):
        reach(node, metres.get(("place", row), np.inf) + float(places.gap_m[row]))
    for area, street, gap in zip(places.area, places.street, places.area_gap_m, strict=True):
        reach(int(area), ways[int(street)] + float(gap))
    return ways | {int(area): 0.0 for area in images.around[i]}


def check(city: City, images: Anchors, recipe: GraphRecipe) -> int:
    limit = 2 * recipe.radius_m
    compared = 0
    seen = look_around(city, images, recipe)
    ways = [slow_ways(city, images, i) for i in range(len(images))]
    for i, node, walk_m in zip(seen.image.tolist(), seen.node.tolist(), seen.walk_m.tolist(), strict=True):
        wanted = ways[i].get(node, np.inf)
        if abs(wanted - limit) > 0.01:
            assert walk_m == (pytest.approx(wanted, abs=0.002) if wanted <= limit else np.inf), node
            compared += np.isfinite(walk_m)
    return compared


@pytest.mark.parametrize("streets", ["segments", "names"])
def test_ways_on_the_drawn_map(tmp_path: Path, streets: str) -> None:
    recipe = GraphRecipe.model_validate({"streets": streets, "radius_m": 300})
    city = make_city(read_osm(write_map(tmp_path / "map.osm")), recipe)
    points = [image_at(x, y, f"{x}/{y}") for x, y in ((-40, -3), (-60, 20), (103, 60), (5, 100), (290, 40))]
    images, _ = place_on_streets(city, points, 100.0)
    assert check(city, images, recipe) > 20


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["leeds/input.osm", "paris-republique/paris_bss.osm.pbf"])
def test_ways_in_real_cities(shared_data: Path, name: str) -> None:
    city_map = read_osm(shared_data / "osm" / name)
    recipe = GraphRecipe(radius_m=300)
    city = make_city(city_map, recipe)
    middles = [link.points[:2].mean(axis=0) for link in city_map.links[::60]]
    points = [ImagePoint(f"{i}", Place(float(lon), float(lat) + 5e-5)) for i, (lon, lat) in enumerate(middles)][:6]
    images, _ = place_on_streets(city, points, 100.0)
    assert check(city, images, recipe) > 300
    assert set(NODE_KINDS[:4]) <= {NODE_KINDS[kind] for kind in set(city.nodes.kind.tolist())}
