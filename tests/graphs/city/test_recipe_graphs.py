"""What a recipe changes: segments, limits along streets and in hops, caps, other images, masks."""

from __future__ import annotations

import itertools
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from pydantic import ValidationError

from tests.graphs.drawn_maps import image_at, write_map
from ugembed.geo.geodesy import distance_m
from ugembed.graphs.city.anchors import place_on_streets
from ugembed.graphs.city.arrays import load_arrays, save_arrays
from ugembed.graphs.city.city import City
from ugembed.graphs.city.making import make_city
from ugembed.graphs.city.subgraph import local_graphs
from ugembed.graphs.maps.city_map import CityMap
from ugembed.graphs.maps.osm.read import read_osm
from ugembed.graphs.recipe import GraphRecipe
from ugembed.graphs.schema import Node, UrbanGraph
from ugembed.records.points import ImagePoint

HERE = image_at(-40, -3)


@pytest.fixture
def city_map(tmp_path: Path) -> CityMap:
    return read_osm(write_map(tmp_path / "map.osm"))


def graph_of(
    city_map: CityMap, point: ImagePoint = HERE, others: tuple[ImagePoint, ...] = (), **recipe: object
) -> UrbanGraph:
    settings = GraphRecipe.model_validate(recipe)
    city = make_city(city_map, settings, [point, *others])
    anchors, _ = place_on_streets(city, [point], 100.0)
    (found,) = local_graphs(city, anchors, settings)
    return found.graph()


def named(graph: UrbanGraph, name: str) -> list[Node]:
    return [node for node in graph.nodes if node.attributes["name"] == name]


def walk_of(graph: UrbanGraph, name: str) -> float:
    (node,) = named(graph, name)
    return float(node.attributes["walk_m"])


def test_a_street_is_a_node_for_every_stretch_between_crossings_at_its_middle(city_map: CityMap) -> None:
    oak = named(graph_of(city_map), "Oak Street")
    assert len(oak) == 2
    at = [image_at(-100, 0).place, image_at(150, 22).place]
    assert min(distance_m(node.lon, node.lat, at[0].lon, at[0].lat) for node in oak) < 0.1
    assert min(distance_m(node.lon, node.lat, at[1].lon, at[1].lat) for node in oak) < 5
    assert len({node.id for node in oak}) == 2


def test_stretches_of_one_street_are_joined_along_it(city_map: CityMap) -> None:
    graph = graph_of(city_map)
    (edge,) = [edge for edge in graph.edges if edge.kind == "same_street" and "100" in edge.source]
    east = np.hypot(200, 30) + np.hypot(100, 30)
    assert edge.attributes["distance"] == pytest.approx(100 + east / 2, abs=0.05)


def test_walking_distance_goes_along_the_streets_and_up_to_the_thing(city_map: CityMap) -> None:
    graph = graph_of(city_map)
    assert graph.center_node.attributes["walk_m"] == 0
    assert walk_of(graph, "Intersection of Elm Street and Oak Street") == pytest.approx(40, abs=0.01)
    slope = np.arctan2(30, 200)
    along, gap = 50 / np.cos(slope) + (12 - 7.5) * np.sin(slope), (12 - 7.5) * np.cos(slope)
    assert walk_of(graph, "Blue Cup") == pytest.approx(40 + along + gap, abs=0.05)
    assert walk_of(graph, "Green Park") == pytest.approx(5, abs=0.01)  # bounds the image's own stretch
    assert "walk_m" not in named(graph, "High Bridge")[0].attributes  # no street leads there


def test_nodes_come_by_way_then_distance_then_id(city_map: CityMap) -> None:
    graph = graph_of(city_map)
    keys = [(node.attributes.get("walk_m", np.inf)) for node in graph.nodes]
    assert keys == sorted(keys)
    for size in (1, 3, 6):
        assert graph_of(city_map, max_nodes=size).nodes == graph.nodes[:size]


def test_a_limit_along_streets_leaves_out_what_is_further_or_unreachable(city_map: CityMap) -> None:
    whole, near = graph_of(city_map), graph_of(city_map, walk_m=60)
    wanted = {node.id for node in whole.nodes if node.attributes.get("walk_m", np.inf) <= 60}
    assert {node.id for node in near.nodes} == wanted
    assert near.attributes["walk_m"] == 60
    assert not named(near, "High Bridge")


@pytest.mark.parametrize("hops", [1, 2, 3])
def test_hops_are_those_of_a_breadth_first_search(city_map: CityMap, hops: int) -> None:
    whole = graph_of(city_map)
    network = nx.Graph([(edge.source, edge.target) for edge in whole.edges])
    wanted = set(nx.single_source_shortest_path_length(network, "img", cutoff=hops))
    assert {node.id for node in graph_of(city_map, hops=hops).nodes} == wanted


def test_kinds_can_be_left_out_and_capped(city_map: CityMap) -> None:
    kinds = {node.attributes["kind"] for node in graph_of(city_map, nodes=["street", "poi"]).nodes}
    assert kinds == {"image", "street", "poi"}
    edges = {edge.kind for edge in graph_of(city_map, edges=["nearest", "same_street"]).edges}
    assert edges == {"nearest", "same_street"}
    capped = graph_of(city_map, most={"street": 2, "poi": 1})
    whole = graph_of(city_map)
    for kind, most in (("street", 2), ("poi", 1)):
        first = [node.id for node in whole.nodes if node.attributes["kind"] == kind][:most]
        assert [node.id for node in capped.nodes if node.attributes["kind"] == kind] == first


def test_other_images_are_nodes_when_asked_for(city_map: CityMap) -> None:
    others = (image_at(60, 5, "other"), image_at(-60, 20, "parked"))
    assert graph_of(city_map, others=others) == graph_of(city_map)
    graph = graph_of(city_map, others=others, nodes=["street", "image", "area"])
    images = [node for node in graph.nodes if node.attributes["kind"] == "image"]
    assert {node.id for node in images} == {"img", "other", "parked"}
    assert {node.text for node in images} == {"Name: street view image, Category: image"}
    joined = {(edge.source, edge.kind) for edge in graph.edges}
    assert {("other", "nearest"), ("parked", "nearest"), ("parked", "inside")} <= joined


def test_masked_words_are_in_no_text(city_map: CityMap) -> None:
    plain = graph_of(city_map)
    assert any("Address: Oak Street 5" in node.text for node in plain.nodes)
    masked = graph_of(city_map, text={"leak_mask": ["address", "street.name"]})
    texts = {node.id: node.text for node in masked.nodes}
    assert not any("Address" in text for text in texts.values())
    assert {texts[node.id] for node in named(plain, "Oak Street")} == {
        "Name: unnamed residential street, Category: residential street"
    }
    assert texts["crossing/2"] == "Name: Intersection of Elm Street and Oak Street, Category: crossing"
    with pytest.raises(ValidationError, match="is not a field"):
        GraphRecipe.model_validate({"text": {"leak_mask": ["street.nome"]}})


def test_ids_and_coordinates_are_printed_only_on_request(city_map: CityMap) -> None:
    printed = graph_of(city_map, text={"ids": True, "coordinates": True})
    (cup,) = named(printed, "Blue Cup")
    assert cup.text.endswith(f", ID: node/20, Coordinates: ({cup.lon:.6f}, {cup.lat:.6f})")


def test_a_city_survives_its_folder(city_map: CityMap, tmp_path: Path) -> None:
    recipe = GraphRecipe()
    city = make_city(city_map, recipe)
    (tmp_path / "arrays").mkdir()
    save_arrays(city, tmp_path / "arrays")
    again = load_arrays(City, tmp_path / "arrays")
    points = [image_at(x, y, f"{x}/{y}") for x, y in itertools.product((-40, 103, 250), (-3, 15, 60))]
    one, _ = place_on_streets(city, points, 100.0)
    other, _ = place_on_streets(again, points, 100.0)
    assert len(one) > 5
    assert list(local_graphs(city, one, recipe)) == list(local_graphs(again, other, recipe))
