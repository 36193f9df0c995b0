"""Monaco's map and Stuttgart's points, whole."""

from __future__ import annotations

import csv
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.graphs.drawn_maps import write_points
from ugembed.errors import GraphError
from ugembed.geo.geodesy import distance_m
from ugembed.graphs.build import BuildGraphsConfig, build_graphs
from ugembed.graphs.city.network import StreetNetwork
from ugembed.graphs.maps.osm.read import read_osm
from ugembed.graphs.maps.streets import read_streets
from ugembed.graphs.schema import UrbanGraph
from ugembed.records.item import Place
from ugembed.records.points import ImagePoint

pytestmark = pytest.mark.real_data


def points_on_streets(osm: Path, step: int) -> list[ImagePoint]:
    """The middle of the first piece of every ``step``-th link."""
    links = [link for link in read_osm(osm).links if not link.is_tunnel]
    middles = [link.points[:2].mean(axis=0) for link in links[::step]]
    return [ImagePoint(f"monaco-{i}", Place(float(lon), float(lat))) for i, (lon, lat) in enumerate(middles)]


def test_monaco_becomes_graphs_of_streets_crossings_and_places(shared_data: Path, tmp_path: Path) -> None:
    osm = shared_data / "osm" / "monaco" / "monaco.osm.pbf"
    points = points_on_streets(osm, 50)
    settings = BuildGraphsConfig(osm=osm, points=write_points(tmp_path / "p.csv", points), out=tmp_path / "graphs")
    begin = time.process_time()
    summary = build_graphs(settings)
    assert time.process_time() - begin < 20
    assert summary.graphs == len(points) > 50
    assert summary.nodes_max <= 1000
    assert summary.places["restaurant"] > 50
    for point in points[::10]:
        graph = UrbanGraph.read(tmp_path / "graphs" / f"{point.id}.json")
        here = graph.center_node
        nearest = next(edge for edge in graph.edges if edge.kind == "nearest" and edge.source == point.id)
        assert nearest.attributes["distance"] < 0.001
        kinds = Counter(node.attributes["kind"] for node in graph.nodes)
        assert kinds["image"] == 1
        assert min(kinds[kind] for kind in ("street", "crossing", "poi", "area")) > 5
        points = [node for node in graph.nodes if node.attributes["kind"] in ("crossing", "poi")]
        assert max(float(distance_m(here.lon, here.lat, node.lon, node.lat)) for node in points) <= 700.001
        walk = [node.attributes.get("walk_m", np.inf) for node in graph.nodes]
        assert walk == sorted(walk)


def test_stuttgarts_points_snap_as_published(shared_data: Path) -> None:
    folder = shared_data / "streetview" / "stuttgart"
    links = read_streets(folder / "osm_edges.geojson")
    with (folder / "points_snapped.csv").open(encoding="utf-8") as file:
        published = list(csv.DictReader(file))
    lon, lat = (np.array([float(row[key]) for row in published]) for key in ("lon", "lat"))
    snap = StreetNetwork(links).snap(lon, lat, 100.0)
    assert snap.point.tolist() == list(range(1706))
    for link, row in zip(snap.line, published, strict=True):
        assert {links[link].start, links[link].end} == {row["u"], row["v"]}
    metres = np.array([float(row["snap_dist"]) for row in published])
    difference = np.abs(snap.distance_m - metres)
    assert difference.max() < 0.01
    assert np.median(difference) < 0.002  # UTM shortens by 0.4 in a thousand


def test_all_stuttgart_points_become_graphs(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "streetview" / "stuttgart"
    settings = BuildGraphsConfig(
        streets=folder / "osm_edges.geojson", points=folder / "points_snapped.csv", out=tmp_path / "graphs"
    )
    begin = time.process_time()
    summary = build_graphs(settings)
    assert time.process_time() - begin < 30
    assert (summary.graphs, summary.rejected) == (1706, 0)
    assert summary.nodes_median > 50


@pytest.mark.parametrize(
    "name",
    [
        "andorra/andorra.osm.gz",
        "andorra/andorra.osm.pbf",
        "berlin-neukoelln/input.osm",
        "krems/krems.osm.gz",
        "leeds/input.osm",
        "osmnx-fixtures/West-Oakland.osm.bz2",
        "osmnx-fixtures/planet_10.068,48.135_10.071,48.137.osm",
        "paris-republique/paris_bss.osm.pbf",
        "singapore-bayfront/bayfront_singapore.osm.pbf",
    ],
)
def test_other_cities_build_too(shared_data: Path, tmp_path: Path, name: str) -> None:
    osm = shared_data / "osm" / name
    points = points_on_streets(osm, 40)
    settings = BuildGraphsConfig(osm=osm, points=write_points(tmp_path / "p.csv", points), out=tmp_path / "graphs")
    summary = build_graphs(settings)
    assert summary.graphs == len(points) > 0
    assert summary.nodes_max > (3 if "planet" in name else 10)  # that fixture has seven streets


def test_a_graphml_of_a_single_node_is_read_and_has_no_streets(shared_data: Path, tmp_path: Path) -> None:
    points = write_points(tmp_path / "p.csv", [ImagePoint("here", Place(-86.3459007, 39.9980178))])
    settings = BuildGraphsConfig(
        streets=shared_data / "osm" / "osmnx-fixtures" / "short.graphml", points=points, out=tmp_path / "graphs"
    )
    with pytest.raises(GraphError) as caught:
        build_graphs(settings)
    assert caught.value.code == "no-streets"
