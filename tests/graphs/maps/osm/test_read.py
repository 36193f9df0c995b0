"""Map files: the same map from every kind of file, and refusals of what is not one."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import osmium
import pytest

from tests.graphs.drawn_maps import WAYS, write_map
from ugembed.errors import GraphError
from ugembed.graphs.maps.city_map import CityMap
from ugembed.graphs.maps.osm.read import read_osm


@pytest.fixture
def city(tmp_path: Path) -> CityMap:
    return read_osm(write_map(tmp_path / "map.osm"))


def test_streets_are_cut_at_the_one_crossing_and_at_the_change_of_name(city: CityMap) -> None:
    assert sorted((link.name, link.start, link.end) for link in city.links) == [
        ("Ash Lane", "12", "13"),
        ("Elm Street", "2", "5"),
        ("Elm Street", "4", "2"),
        ("High Bridge", "6", "7"),
        ("Long Road", "8", "9"),
        ("Oak Street", "1", "2"),
        ("Oak Street", "2", "12"),
    ]


def test_a_clipped_way_keeps_the_part_whose_nodes_are_there(city: CityMap) -> None:
    (link,) = [link for link in city.links if link.name == "Long Road"]
    assert len(link.points) == 2


def test_named_places_are_read_with_category_address_and_shape(city: CityMap) -> None:
    places = {place.name: place for place in city.places}
    assert {name: place.category for name, place in places.items()} == {
        "Blue Cup": "cafe",
        "Old Fountain": "fountain",
        "Green Park": "park",
        "Blue Run": "river",
    }
    assert places["Blue Cup"].address == "Oak Street 5"
    assert places["Green Park"].id == "way/107"
    assert places["Green Park"].geometry.geom_type == "MultiPolygon"
    assert places["Blue Run"].geometry.geom_type == "LineString"


@pytest.mark.parametrize("suffix", [".osm.gz", ".osm.bz2"])
def test_compressed_files_hold_the_same_map(city: CityMap, tmp_path: Path, suffix: str) -> None:
    pack = gzip.compress if suffix.endswith("gz") else bz2.compress
    packed = tmp_path / f"map{suffix}"
    packed.write_bytes(pack((tmp_path / "map.osm").read_bytes()))
    again = read_osm(packed)
    assert [(link.id, link.points.tolist()) for link in again.links] == [
        (link.id, link.points.tolist()) for link in city.links
    ]
    assert again.places == city.places


def test_of_an_object_that_comes_twice_the_latest_version_counts(tmp_path: Path) -> None:
    text = write_map(tmp_path / "map.osm").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if '<way id="105"' in line)
    newer = line.replace('version="1"', 'version="2"').replace("Ash Lane", "New Lane")
    doubled = tmp_path / "doubled.osm"
    doubled.write_text(text.replace(line, newer + line), encoding="utf-8")
    names = {link.name for link in read_osm(doubled).links}
    assert "New Lane" in names
    assert "Ash Lane" not in names


def test_objects_may_come_in_any_order(city: CityMap, tmp_path: Path) -> None:
    text = write_map(tmp_path / "shuffled.osm", shuffle=3).read_text(encoding="utf-8")
    head, *objects, tail = text.splitlines()[1:]
    ways_first = sorted(objects, key=lambda line: line.startswith("<node"))
    (tmp_path / "ways_first.osm").write_text("\n".join([head, *ways_first, tail]), encoding="utf-8")
    for name in ("shuffled.osm", "ways_first.osm"):
        other = read_osm(tmp_path / name)
        assert [(a.id, a.points.tolist()) for a in other.links] == [(b.id, b.points.tolist()) for b in city.links]
        assert other.places == city.places


def test_districts_are_kept_apart_from_places(tmp_path: Path) -> None:
    ways = WAYS | {110: ([30, 31, 32, 33, 30], {"place": "suburb", "name": "Old Town"})}
    city = read_osm(write_map(tmp_path / "map.osm", ways=ways))
    assert [district.name for district in city.districts] == ["Old Town"]
    assert "Old Town" not in {place.name for place in city.places}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("text.osm.pbf", b"hello"),
        ("text.osm", b"hello"),
        ("empty.osm", b""),
        ("page.osm", b"<html></html>"),
        ("map.txt", b"<osm></osm>"),
        ("text.osm.gz", b"hello"),
    ],
)
def test_a_file_that_is_not_osm_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(GraphError, match=name) as caught:
        read_osm(tmp_path / name)
    assert caught.value.code == "osm-broken"


@pytest.mark.parametrize("suffix", [".osm", ".osm.gz", ".osm.bz2"])
def test_a_truncated_file_is_refused(tmp_path: Path, suffix: str) -> None:
    data = write_map(tmp_path / "whole.osm").read_bytes()
    pack = {".osm": bytes, ".osm.gz": gzip.compress, ".osm.bz2": bz2.compress}[suffix]
    packed = pack(data)
    (tmp_path / f"torn{suffix}").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(GraphError) as caught:
        read_osm(tmp_path / f"torn{suffix}")
    assert caught.value.code == "osm-broken"


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GraphError) as caught:
        read_osm(tmp_path / "none.osm.pbf")
    assert caught.value.code == "osm-missing"


@pytest.mark.real_data
def test_a_truncated_pbf_is_refused(shared_data: Path, tmp_path: Path) -> None:
    data = (shared_data / "osm" / "monaco" / "monaco.osm.pbf").read_bytes()
    (tmp_path / "torn.osm.pbf").write_bytes(data[:200_000])
    with pytest.raises(GraphError) as caught:
        read_osm(tmp_path / "torn.osm.pbf")
    assert caught.value.code == "osm-broken"


@pytest.mark.real_data
def test_andorra_reads_the_same_from_xml_and_from_pbf(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "osm" / "andorra" / "andorra.osm.gz"
    with osmium.SimpleWriter(str(tmp_path / "andorra.osm.pbf")) as writer:
        for thing in osmium.FileProcessor(str(source)):
            writer.add(thing)
    one, two = read_osm(source), read_osm(tmp_path / "andorra.osm.pbf")
    assert len(one.links) > 2000
    assert [(a.id, a.points.tolist()) for a in one.links] == [(b.id, b.points.tolist()) for b in two.links]
    assert one.places == two.places
