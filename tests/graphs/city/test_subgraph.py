"""The local graph of an image: known answers on the hand-made map, and what must never change it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import orjson
import pytest

from tests.graphs.drawn_maps import WAYS, image_at, write_map
from ugembed.geo.geodesy import distance_m
from ugembed.graphs.city.anchors import place_on_streets
from ugembed.graphs.city.city import City
from ugembed.graphs.city.making import make_city
from ugembed.graphs.city.subgraph import local_graphs
from ugembed.graphs.maps.osm.read import read_osm
from ugembed.graphs.recipe import GraphRecipe
from ugembed.graphs.schema import Edge, UrbanGraph
from ugembed.records.points import ImagePoint

NAMES = GraphRecipe(streets="names")


@pytest.fixture
def city(tmp_path: Path) -> City:
    return make_city(read_osm(write_map(tmp_path / "map.osm")), NAMES)


def graph_of(city: City, point: ImagePoint, **changed: object) -> UrbanGraph:
    """The graph of one image by a recipe that shows a street for every name."""
    anchors, _ = place_on_streets(city, [point], 100.0)
    (found,) = local_graphs(city, anchors, GraphRecipe.model_validate(NAMES.model_dump() | changed))
    return found.graph()


def edges(graph: UrbanGraph, kind: str) -> dict[tuple[str, str], Edge]:
    """Edges of one kind by the names (or the id of the image) at their ends."""
    name = {node.id: node.attributes["name"] if node.id != graph.center else node.id for node in graph.nodes}
    return {(name[edge.source], name[edge.target]): edge for edge in graph.edges if edge.kind == kind}


def measured(edge: Edge) -> tuple[float, float]:
    return edge.attributes["distance"], edge.attributes["bearing"]


def test_everything_within_the_radius_is_a_node_and_nothing_else(city: City) -> None:
    names = {node.attributes["name"] for node in graph_of(city, image_at(-40, -3), radius_m=160).nodes}
    assert names == {
        "street view image",
        "Oak Street",
        "Elm Street",
        "High Bridge",
        "Intersection of Elm Street and Oak Street",
        "Blue Cup",
        "Old Fountain",
        "Green Park",
        "Blue Run",
    }


def test_nodes_say_what_they_are_without_ids_and_coordinates(city: City) -> None:
    graph = graph_of(city, image_at(-40, -3))
    assert graph.center_node.text == "Name: street view image, Category: image"
    texts = {node.attributes["name"]: node.text for node in graph.nodes}
    assert texts["Blue Cup"] == "Name: Blue Cup, Category: cafe, Address: Oak Street 5"
    assert texts["Elm Street"] == "Name: Elm Street, Category: main road"
    assert not any(str(round(node.lon, 3)) in node.text or node.id in node.text for node in graph.nodes)


def test_the_image_is_joined_to_its_nearest_street_at_the_snapped_point(city: City) -> None:
    graph = graph_of(city, image_at(-40, -3))
    nearest = edges(graph, "nearest")
    assert measured(nearest["img", "Oak Street"]) == pytest.approx((3.0, 0.0), abs=0.02)
    assert [source for source, _ in nearest].count("img") == 1
    street = graph.nodes[graph.index["street/Oak Street"]]
    assert float(distance_m(*(image_at(-40, 0).place.lon, image_at(-40, 0).place.lat), street.lon, street.lat)) < 0.02


def test_places_are_joined_to_their_own_nearest_street(city: City) -> None:
    metres, bearing = measured(edges(graph_of(city, image_at(-40, -3)), "nearest")["Blue Cup", "Oak Street"])
    assert metres == pytest.approx((12 - 7.5) * np.cos(np.arctan2(30, 200)), abs=0.02)
    assert bearing == pytest.approx(180 - np.degrees(np.arctan2(30, 200)), abs=0.3)


def test_near_edges_point_straight_to_the_nearest_places(city: City) -> None:
    near = edges(graph_of(city, image_at(-40, -3), near_places=2), "near")
    assert set(near) == {("img", "Green Park"), ("img", "Old Fountain")}
    assert measured(near["img", "Old Fountain"]) == pytest.approx((np.hypot(60, 53), 311.46), abs=0.05)
    assert measured(near["img", "Green Park"]) == pytest.approx((np.hypot(10, 8), 308.66), abs=0.15)


def test_neighbouring_crossings_are_joined_by_the_true_length_of_the_street(city: City) -> None:
    along = edges(graph_of(city, image_at(-40, -3)), "along_street")
    (edge,) = along.values()
    assert edge.attributes["street"] == "Oak Street"
    assert edge.attributes["distance"] == pytest.approx(np.hypot(200, 30) + np.hypot(100, 30), abs=0.05)
    assert edge.attributes["bearing"] in (pytest.approx(90, abs=0.1), pytest.approx(270, abs=0.1))


def test_crossings_are_joined_to_the_streets_that_meet_there(city: City) -> None:
    crossing = edges(graph_of(city, image_at(-40, -3)), "crossing")
    meeting = "Intersection of Elm Street and Oak Street"
    assert {target for source, target in crossing if source == meeting} == {"Elm Street", "Oak Street"}
    assert measured(crossing[meeting, "Oak Street"]) == pytest.approx((40.0, 270.0), abs=0.05)


def test_streets_bound_the_areas_and_rivers_they_touch(city: City) -> None:
    bounds = edges(graph_of(city, image_at(-40, -3)), "bounds")
    assert {pair: pytest.approx(edge.attributes["distance"], abs=0.05) for pair, edge in bounds.items()} == {
        ("Green Park", "Oak Street"): 5.0,
        ("Blue Run", "Elm Street"): 0.0,
    }


def test_things_in_a_park_are_inside_it(city: City) -> None:
    graph = graph_of(city, image_at(-60, 20))
    inside = edges(graph, "inside")
    assert set(inside) == {("img", "Green Park"), ("Old Fountain", "Green Park")}
    assert inside["img", "Green Park"].attributes["distance"] == 0.0
    assert ("img", "Green Park") not in edges(graph, "near")
    assert graph.nodes[1].attributes["name"] == "Green Park"


def test_a_river_is_one_place_seen_at_its_nearest_point(city: City) -> None:
    graph = graph_of(city, image_at(-40, -3))
    (river,) = [node for node in graph.nodes if node.attributes["category"] == "river"]
    assert river.attributes["kind"] == "area"
    assert distance_m(river.lon, river.lat, image_at(-40, -150).place.lon, image_at(-40, -150).place.lat) < 0.05


@pytest.mark.parametrize("max_nodes", [1, 2, 5, 1000])
def test_a_cap_keeps_the_centre_and_the_nearest_and_only_edges_between_them(city: City, max_nodes: int) -> None:
    whole = graph_of(city, image_at(-40, -3))
    cut = graph_of(city, image_at(-40, -3), max_nodes=max_nodes)
    assert cut.nodes == whole.nodes[:max_nodes]
    assert cut.nodes[0].id == cut.center == "img"
    kept = {node.id for node in cut.nodes}
    assert cut.edges == tuple(edge for edge in whole.edges if {edge.source, edge.target} <= kept)


@pytest.mark.parametrize("streets", ["names", "segments"])
def test_the_order_of_the_file_changes_nothing(tmp_path: Path, streets: str) -> None:
    recipe = NAMES.model_copy(update={"streets": streets})
    first = make_city(read_osm(write_map(tmp_path / "first.osm")), recipe)
    for seed in range(3):
        other = make_city(read_osm(write_map(tmp_path / f"{seed}.osm", shuffle=seed)), recipe)
        for x, y in ((-40, -3), (-60, 20), (103, 15), (290, 40)):
            one, again = (graph_of(city, image_at(x, y), streets=streets) for city in (first, other))
            assert one.to_bytes() == again.to_bytes()


def test_a_graph_survives_being_written_and_read(city: City, tmp_path: Path) -> None:
    point = ImagePoint("img", image_at(-40, -3).place.__class__(9.1699, 48.76998, 33.5))
    graph = graph_of(city, point)
    (tmp_path / "img.json").write_bytes(graph.to_bytes())
    again = UrbanGraph.read(tmp_path / "img.json")
    assert again == graph
    assert again.center_node.attributes["heading_deg"] == 33.5


@pytest.mark.parametrize("streets", ["names", "segments"])
@pytest.mark.parametrize("hops", [None, 2])
def test_the_bytes_are_those_that_json_has_for_the_graph_alone_or_in_company(
    tmp_path: Path, streets: str, hops: int | None
) -> None:
    recipe = GraphRecipe.model_validate({"streets": streets, "hops": hops, "nodes": [*NAMES.nodes, "image"]})
    points = [image_at(x, y, f"é/{x}") for x, y in ((-40, -3), (-60, 20), (103, 15), (290, 40), (5, 100))]
    city = make_city(read_osm(write_map(tmp_path / "map.osm")), recipe, points)
    together = list(local_graphs(city, place_on_streets(city, points, 100.0)[0], recipe))
    assert [graph.id for graph in together] == [point.id for point in points]
    for point, graph in zip(points, together, strict=True):
        assert orjson.dumps(orjson.loads(graph.data)) + b"\n" == graph.data
        read = graph.graph()
        assert (len(read.nodes), len(read.edges)) == (graph.nodes, graph.edges)
        assert UrbanGraph.from_json(orjson.loads(read.to_bytes())) == read
        (alone,) = local_graphs(city, place_on_streets(city, [point], 100.0)[0], recipe)
        assert alone == graph


def test_an_image_without_edges_of_its_own_has_a_graph(city: City) -> None:
    graph = graph_of(city, image_at(-40, -3), edges=["crossing"])
    assert "img" not in {end for edge in graph.edges for end in (edge.source, edge.target)}
    assert edges(graph, "crossing") == edges(graph_of(city, image_at(-40, -3)), "crossing")
    assert graph_of(city, image_at(-40, -3), edges=["crossing"], max_nodes=1).edges == ()


def test_a_map_of_streets_alone_is_enough(tmp_path: Path) -> None:
    streets = {number: way for number, way in WAYS.items() if "highway" in way[1]}
    path = write_map(tmp_path / "map.osm", ways=streets)
    text = "\n".join(line for line in path.read_text(encoding="utf-8").splitlines() if "amenity" not in line)
    path.write_text(text, encoding="utf-8")
    kinds = {node.attributes["kind"] for node in graph_of(make_city(read_osm(path), NAMES), image_at(-40, -3)).nodes}
    assert kinds == {"image", "street", "crossing"}
