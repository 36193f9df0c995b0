"""The map beneath: true courses, cut to the frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.graphs.drawn_maps import LAT, LON, degrees, write_map
from ugembed.geo.geodesy import from_local_metres
from ugembed.graphs.drawing import draw_graph
from ugembed.graphs.drawing.backdrop import backdrop, street_rank
from ugembed.graphs.drawing.scene import Frame
from ugembed.graphs.maps.city_map import CityMap, Link, MapPlace
from ugembed.graphs.maps.osm.read import read_osm
from ugembed.graphs.schema import Node, UrbanGraph


@pytest.fixture
def city_map(tmp_path: Path) -> CityMap:
    return read_osm(write_map(tmp_path / "map.osm"))


def test_streets_run_where_they_run_and_end_at_the_frame(city_map: CityMap) -> None:
    found = backdrop(city_map, lon0=LON, lat0=LAT, frame=Frame(0, 0, 120))
    oak = np.concatenate([street.at for street in found.streets if street.name == "Oak Street"])
    assert oak[:, 0].min() == pytest.approx(-120, abs=0.01)
    assert oak[:, 0].max() == pytest.approx(120, abs=0.01)
    east = oak[oak[:, 0] > 0]
    assert east[:, 1] == pytest.approx(east[:, 0] * 30 / 200, abs=0.05)
    assert {street.name for street in found.streets} == {"Oak Street", "Elm Street", "High Bridge"}
    assert all(np.abs(street.at).max() <= 120.001 for street in found.streets)


def test_a_frame_that_is_not_around_the_centre_keeps_the_metres_of_the_centre(city_map: CityMap) -> None:
    found = backdrop(city_map, lon0=LON, lat0=LAT, frame=Frame(250, 50, 60))
    assert {street.name for street in found.streets} == {"Oak Street", "Ash Lane"}
    ash = next(street.at for street in found.streets if street.name == "Ash Lane")
    assert ash[:, 0] == pytest.approx(300, abs=0.05)


def test_areas_and_rivers_have_their_colours(city_map: CityMap) -> None:
    found = backdrop(city_map, lon0=LON, lat0=LAT, frame=Frame(0, 0, 400))
    [(colour, [ring])] = found.areas
    assert colour == "green"
    assert sorted({(round(x), round(y)) for x, y in ring.tolist()}) == [(-150, 5), (-150, 100), (-50, 5), (-50, 100)]
    assert len(found.rivers) == 2


def test_holes_turn_the_other_way_and_large_areas_lie_below() -> None:
    from shapely import Polygon

    def square(half: float) -> np.ndarray:
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
        return np.stack(from_local_metres(*corners.T, lon0=LON, lat0=LAT), axis=1)

    pond = MapPlace("way/1", "Pond", "pond", Polygon(square(20)))
    park = MapPlace("way/2", "Park", "park", Polygon(square(90), [square(30)]))
    found = backdrop(CityMap((), (pond, park)), lon0=LON, lat0=LAT, frame=Frame(0, 0, 200))
    assert [colour for colour, _ in found.areas] == ["green", "water"]
    outer, hole = (_signed_area(ring) for ring in found.areas[0][1])
    assert outer == pytest.approx(180**2, rel=0.01)
    assert hole == pytest.approx(-(60**2), rel=0.01)


def _signed_area(ring: np.ndarray) -> float:
    x, y = ring[:-1].T
    return float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2)


def test_a_street_over_the_antimeridian_is_whole() -> None:
    link = Link("way/1", "Date Line Road", "primary", "a", "b", np.array([[179.999, -17.0], [-179.999, -17.0]]))
    [street] = backdrop(CityMap((link,)), lon0=180.0, lat0=-17.0, frame=Frame(0, 0, 500)).streets
    assert np.abs(street.at[:, 0]) == pytest.approx(106.6, abs=0.5)


def test_an_empty_map_draws_nothing() -> None:
    found = backdrop(CityMap(()), lon0=LON, lat0=LAT, frame=Frame(0, 0, 100))
    assert (found.streets, found.areas, found.rivers) == ((), (), ())


def test_ranks_follow_the_class_of_the_street() -> None:
    classes = ("motorway_link", "secondary", "residential", "tertiary", "footway", "steps")
    assert [street_rank(name) for name in classes] == ["main", "main", "road", "road", "path", "path"]


def test_the_map_lies_beneath_the_graph_and_names_its_streets(city_map: CityMap) -> None:
    places = {"c": (0, 0), "a": (180, 60), "b": (-180, -60)}
    nodes = tuple(Node(name, *degrees(*at), "t") for name, at in places.items())
    graph = UrbanGraph(nodes, (), "c")
    with_map, without = draw_graph(graph, city_map=city_map).svg(), draw_graph(graph).svg()
    assert ">Elm Street</text>" in with_map
    assert ">Elm Street</text>" not in without
    assert with_map.index("#d9e8cf") < with_map.index("#d55e00")  # the park comes before the camera
