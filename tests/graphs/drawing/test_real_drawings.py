"""Real neighbourhoods: all of them can be drawn, with their maps beneath, in little time."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from tests.graphs.drawn_maps import write_points
from ugembed.graphs.build import BuildGraphsConfig, build_graphs
from ugembed.graphs.drawing import draw_graph, points_map
from ugembed.graphs.drawing.page import graph_page
from ugembed.graphs.maps.osm.read import read_osm
from ugembed.graphs.schema import UrbanGraph
from ugembed.records.item import Place
from ugembed.records.points import ImagePoint

pytestmark = pytest.mark.real_data


@pytest.mark.parametrize("name", ["monaco/monaco.osm.pbf", "singapore-bayfront/bayfront_singapore.osm.pbf"])
def test_real_graphs_are_drawn_with_their_map(shared_data: Path, tmp_path: Path, name: str) -> None:
    osm = shared_data / "osm" / name
    city_map = read_osm(osm)
    middle = city_map.links[len(city_map.links) // 2].points.mean(axis=0)
    points = [ImagePoint("here", Place(float(middle[0]), float(middle[1]), 45.0))]
    build_graphs(BuildGraphsConfig(osm=osm, points=write_points(tmp_path / "p.csv", points), out=tmp_path / "graphs"))
    graph = UrbanGraph.read(tmp_path / "graphs" / "here.json")
    begin = time.process_time()
    drawing = draw_graph(graph, city_map=city_map)
    page = graph_page(drawing, small_print={})
    assert len(drawing.png()) > 50_000
    assert time.process_time() - begin < 15
    streets = {street.name for street in drawing.backdrop.streets if street.name} if drawing.backdrop else set()
    assert sum(f">{street}</text>" in page for street in streets) >= 3


def test_a_run_over_monaco_is_a_picture(shared_data: Path) -> None:
    links = read_osm(shared_data / "osm" / "monaco" / "monaco.osm.pbf").links
    lon, lat = np.array([link.points[0] for link in links]).T
    begin = time.process_time()
    assert len(points_map(links, (lon, lat), {"point-off-map": ([7.5], [43.8])})) > 50_000
    assert time.process_time() - begin < 8
