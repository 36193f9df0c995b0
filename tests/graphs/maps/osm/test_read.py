"""A drawn map: what is read from it."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path

import pytest

from tests.graphs.drawn_maps import WAYS, facts, write_map
from ugembed.graphs.maps.city_map import CityMap
from ugembed.graphs.maps.osm import categories
from ugembed.graphs.maps.osm.read import LeftOut, read_osm, read_osm_with_counts


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
    assert facts(read_osm(packed)) == facts(city)


def test_of_a_way_that_comes_twice_the_latest_version_counts(tmp_path: Path) -> None:
    text = write_map(tmp_path / "map.osm").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if '<way id="105"' in line)
    newer = line.replace('version="1"', 'version="2"').replace("Ash Lane", "New Lane")
    doubled = tmp_path / "doubled.osm"
    doubled.write_text(text.replace(line, newer + line), encoding="utf-8")
    names = {link.name for link in read_osm(doubled).links}
    assert "New Lane" in names
    assert "Ash Lane" not in names


def test_districts_are_kept_apart_from_places(tmp_path: Path) -> None:
    ways = WAYS | {110: ([30, 31, 32, 33, 30], {"place": "suburb", "name": "Old Town"})}
    city = read_osm(write_map(tmp_path / "map.osm", ways=ways))
    assert [district.name for district in city.districts] == ["Old Town"]
    assert "Old Town" not in {place.name for place in city.places}


def test_a_table_of_your_own_decides_what_counts(tmp_path: Path) -> None:
    shipped = Path(categories.__file__).with_name("categories.yaml").read_text(encoding="utf-8")
    own = tmp_path / "own.yaml"
    own.write_text(
        shipped.replace("  residential: residential street\n", "").replace("leisure: {", "leisure: {park: null, ")
    )
    city = read_osm(write_map(tmp_path / "map.osm"), categories=own)
    assert {link.name for link in city.links} == {"Oak Street", "Elm Street", "Ash Lane"}
    assert "Green Park" not in {place.name for place in city.places}


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    city, left = read_osm_with_counts(write_map(tmp_path / "map.osm"))
    assert left == LeftOut(clipped_streets=1, clipped_areas=0, broken_areas=0, doubled_stops=0)
    assert facts(city) == facts(read_osm(tmp_path / "map.osm"))
