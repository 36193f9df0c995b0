"""Published networks and maps, whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graphs.maps.written_maps import WRITERS, content, edge_rows
from ugembed.graphs.maps.city_map import Link
from ugembed.graphs.maps.osm.read import read_osm
from ugembed.graphs.maps.streets import read_streets

pytestmark = pytest.mark.real_data


def test_every_node_of_stuttgart_stands_at_one_place(shared_data: Path) -> None:
    """The published edges name u and v in any order: taken as drawn, 123 of 203 nodes would stand at two places."""
    links = read_streets(shared_data / "streetview" / "stuttgart" / "osm_edges.geojson")
    assert len(links) == 190
    places: dict[str, set[tuple[float, ...]]] = {}
    for link in links:
        for node, point in ((link.start, link.points[0]), (link.end, link.points[-1])):
            places.setdefault(node, set()).add(tuple(point))
    assert len(places) == 203
    assert [node for node, spots in places.items() if len(spots) > 1] == []


def test_streets_of_quickosm_are_read(shared_data: Path) -> None:
    """Ways with all their tags and no nodes, one of them named."""
    links = read_streets(shared_data / "streetview" / "point-tables" / "line_ams.geojson")
    assert [(link.id, link.name, link.highway) for link in links] == [
        ("way/7370173", "", "cycleway"),
        ("way/7370174", "Achtergracht", "unclassified"),
        ("way/7370425", "Amstel", "unclassified"),
    ]


@pytest.mark.parametrize("name", ["leeds/input.osm", "osmnx-fixtures/West-Oakland.osm.bz2", "monaco/monaco.osm.pbf"])
def test_maps_come_back_from_every_format(name: str, shared_data: Path, tmp_path: Path) -> None:
    links = read_osm(shared_data / "osm" / name).links
    assert len(links) > 50
    expected = sorted(map(content, _distinct(links)))
    for ending, write in WRITERS.items():
        back = read_streets(write(tmp_path / f"streets.{ending}", edge_rows(links)))
        assert sorted(map(content, back)) == expected, ending


def test_lines_of_a_whole_map_meet_where_its_ways_do(shared_data: Path, tmp_path: Path) -> None:
    """Without nodes; where ways of different layers pass through one node, they meet in OSM and not here."""
    links = read_osm(shared_data / "osm" / "monaco" / "monaco.osm.pbf").links
    back = read_streets(WRITERS["parquet"](tmp_path / "streets.parquet", edge_rows(links, nodes=False)))
    ours = {content(link, nodes=False) for link in back}
    theirs = {content(link, nodes=False) for link in _distinct(links)}
    assert len(ours & theirs) > 0.99 * len(theirs)


def _distinct(links: tuple[Link, ...]) -> list[Link]:
    """Without links that are drawn twice: of twins the first by id counts."""
    found: dict[object, Link] = {}
    for link in sorted(links, key=lambda one: (one.id, one.name, one.highway)):
        found.setdefault(content(link)[3:5], link)
    return list(found.values())
