"""Files in disorder: unsorted, with old versions and deleted objects, clipped, nearly empty, never uploaded."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import osmium
import pytest

from tests.graphs.drawn_maps import WAYS, facts, osm_node, osm_relation, osm_way, write_map, write_osm
from ugembed.errors import GraphError
from ugembed.graphs.maps.city_map import CityMap
from ugembed.graphs.maps.osm.read import read_osm, read_osm_with_counts

STREET = {"highway": "residential", "name": "Oak Street"}
GONE = 'visible="false"'
NODES = [osm_node(1, (0, 0)), osm_node(2, (100, 0)), osm_node(3, (200, 50))]


def read(tmp_path: Path, *objects: str) -> CityMap:
    return read_osm(write_osm(tmp_path / "map.osm", objects))


def lines_of(city: CityMap) -> list[tuple[str, int]]:
    return [(link.name, len(link.points)) for link in city.links]


def test_objects_may_come_in_any_order(tmp_path: Path) -> None:
    ways = WAYS | {110: ([30, 31, 32, 33, 30], {"place": "suburb", "name": "Old Town"})}
    whole = write_map(tmp_path / "map.osm", ways=ways)
    wanted = facts(read_osm(whole))
    assert len(wanted["links"]) == 7
    assert len(wanted["places"]) == 5
    head, *objects, tail = whole.read_text(encoding="utf-8").splitlines()[1:]
    for seed in range(5):
        random.Random(seed).shuffle(objects)
        (tmp_path / "other.osm").write_text("\n".join([head, *objects, tail]), encoding="utf-8")
        assert facts(read_osm(tmp_path / "other.osm")) == wanted


def test_nodes_may_come_after_the_sorted_ways_that_need_them(tmp_path: Path) -> None:
    ring = osm_way(5, [1, 2, 3, 1], {"leisure": "park", "name": "Green Park"})
    city = read(tmp_path, osm_way(4, [1, 2], STREET), ring, *NODES)
    assert lines_of(city) == [("Oak Street", 2)]
    assert [place.name for place in city.places] == ["Green Park"]


def test_of_a_node_that_comes_twice_the_latest_version_counts(tmp_path: Path) -> None:
    newer = osm_node(1, (0, 50), version=2)
    expected = read(tmp_path, newer, *NODES[1:], osm_way(4, [1, 2], STREET))
    for nodes in ([*NODES[:1], newer, *NODES[1:]], [newer, *NODES]):
        city = read(tmp_path, *nodes, osm_way(4, [1, 2], STREET))
        assert facts(city) == facts(expected)


@pytest.mark.parametrize(
    "objects",
    [
        [*NODES, osm_way(4, [1, 2], STREET), osm_way(5, [2, 3], STREET | {"name": "Gone"}, more=GONE)],
        [
            *NODES,
            osm_way(4, [1, 2], STREET),
            osm_way(5, [2, 3], STREET | {"name": "Gone"}),
            osm_way(5, [2, 3], STREET | {"name": "Gone"}, 2, GONE),
        ],
        [*NODES[:2], osm_node(2, (100, 0)), NODES[2], osm_way(4, [1, 2], STREET), osm_way(5, [1, 2, 3], {}, more=GONE)],
    ],
    ids=["deleted", "deleted later", "with a twin"],
)
def test_deleted_ways_are_gone(tmp_path: Path, objects: list[str]) -> None:
    assert lines_of(read(tmp_path, *objects)) == [("Oak Street", 2)]


def test_deleted_areas_and_places_are_gone(tmp_path: Path) -> None:
    park = {"leisure": "park", "name": "Gone"}
    areas = [osm_way(5, [1, 2, 3, 1], park), osm_way(5, [1, 2, 3, 1], park, 2, GONE)]
    cafes = [osm_node(6, (0, 0), park), osm_node(6, (0, 0), park, 2, GONE)]
    assert read(tmp_path, *NODES, *cafes, *areas).places == ()
    assert read(tmp_path, *NODES, cafes[1], areas[1]).places == ()


def test_a_way_through_a_deleted_node_goes_around_it(tmp_path: Path) -> None:
    nodes = [*NODES, osm_node(3, None, version=2, more=GONE), osm_node(4, (300, 0))]
    city, left = read_osm_with_counts(write_osm(tmp_path / "map.osm", [*nodes, osm_way(5, [1, 2, 3, 4], STREET)]))
    assert lines_of(city) == [("Oak Street", 2)]
    assert left.clipped_streets == 1


def test_a_history_file_is_read_as_of_its_end(tmp_path: Path) -> None:
    history = tmp_path / "map.osh.pbf"
    objects = [*NODES, osm_node(3, (200, 50), version=2), osm_way(4, [1, 2], STREET), osm_way(4, [1, 3], STREET, 2)]
    source = write_osm(tmp_path / "map.osh", [*objects, osm_way(5, [2, 3], STREET), osm_way(5, [], {}, 2, GONE)])
    with osmium.SimpleWriter(str(history)) as writer:
        osmium.apply(osmium.io.Reader(str(source)), writer)
    wanted = read(tmp_path, NODES[0], osm_node(3, (200, 50)), osm_way(4, [1, 3], STREET))
    assert facts(read_osm(history)) == facts(read_osm(source)) == facts(wanted)


def test_a_clipped_street_is_kept_in_parts_and_counted(tmp_path: Path) -> None:
    nodes = [*NODES, osm_node(7, (300, 0))]
    ways = [osm_way(4, [1, 2, 98, 3, 7], STREET), osm_way(5, [97, 1, 96], STREET), osm_way(6, [95, 94], STREET)]
    city, left = read_osm_with_counts(write_osm(tmp_path / "map.osm", [*nodes, *ways]))
    assert lines_of(city) == [("Oak Street", 2), ("Oak Street", 2)]
    assert left.clipped_streets == 3


@pytest.mark.parametrize(
    ("objects", "links", "places"),
    [
        ([], 0, 0),
        ([osm_node(1, (0, 0))], 0, 0),
        ([osm_node(1, (0, 0), {"amenity": "cafe", "name": "Blue Cup"})], 0, 1),
        ([osm_node(1, (0, 0)), osm_way(2, [1], STREET), osm_way(3, [1, 1], STREET), osm_way(4, [], STREET)], 0, 0),
        ([osm_relation(1, [], {"type": "multipolygon", "leisure": "park", "name": "Nothing"})], 0, 0),
    ],
    ids=["empty", "one node", "one place", "ways that lead nowhere", "a relation of nothing"],
)
def test_small_maps_are_read_for_what_they_are(tmp_path: Path, objects: list[str], links: int, places: int) -> None:
    city = read(tmp_path, *objects)
    assert (len(city.links), len(city.places)) == (links, places)


def test_streets_that_were_never_uploaded_are_refused_not_lost(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match=r"map\.osm: way -4 runs through node -2") as caught:
        read(tmp_path, *NODES, osm_node(-2, (5, 5)), osm_way(-4, [1, -2], STREET))
    assert caught.value.code == "osm-negative-id"


def test_nothing_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    read(tmp_path, osm_way(4, [1, 2], STREET), *NODES)
    (tmp_path / "torn.osm").write_text("<osm><node", encoding="utf-8")
    with pytest.raises(GraphError):
        read_osm(tmp_path / "torn.osm")
    assert list(scratch.iterdir()) == []
