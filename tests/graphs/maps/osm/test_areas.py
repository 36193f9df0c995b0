"""Areas: rings and relations, whole and broken; what they are called and where they say they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graphs.drawn_maps import LAT, LON, osm_node, osm_relation, osm_way, write_osm
from ugembed.graphs.maps.city_map import MapPlace
from ugembed.graphs.maps.osm.read import LeftOut, read_osm, read_osm_with_counts

SQUARE = {1: (0, 0), 2: (100, 0), 3: (100, 100), 4: (0, 100)}
HOLE = {5: (20, 20), 6: (40, 20), 7: (40, 40), 8: (20, 40)}
AT_THE_CORNER = {9: (200, 100), 10: (200, 200), 11: (100, 200)}
NODES = [osm_node(i, xy) for i, xy in (SQUARE | HOLE | AT_THE_CORNER).items()]
PARK = {"leisure": "park", "name": "Green Park"}


def read(tmp_path: Path, *objects: str) -> tuple[dict[str, MapPlace], LeftOut]:
    city, left = read_osm_with_counts(write_osm(tmp_path / "map.osm", [*NODES, *objects]))
    return {place.id: place for place in city.places}, left


def multipolygon(*members: tuple[int, str], number: int = 1) -> str:
    return osm_relation(number, members, PARK | {"type": "multipolygon"})


def test_a_hole_is_cut_out(tmp_path: Path) -> None:
    rings = [osm_way(20, [1, 2, 3, 4, 1]), osm_way(21, [5, 6, 7, 8, 5])]
    places, left = read(tmp_path, *rings, multipolygon((20, "outer"), (21, "inner")))
    area = places["relation/1"].geometry
    assert [len(polygon.interiors) for polygon in area.geoms] == [1]
    assert left == LeftOut(0, 0, 0, 0)


def test_an_outline_may_be_put_together_from_pieces_drawn_either_way(tmp_path: Path) -> None:
    pieces = [osm_way(20, [1, 2, 3]), osm_way(21, [1, 4, 3])]
    places, _ = read(tmp_path, *pieces, multipolygon((20, "outer"), (21, "outer")))
    assert len(places["relation/1"].geometry.geoms[0].exterior.coords) == 5


def test_rings_that_touch_in_a_point_are_two_polygons(tmp_path: Path) -> None:
    rings = [osm_way(20, [1, 2, 3, 4, 1]), osm_way(21, [3, 9, 10, 11, 3])]
    places, _ = read(tmp_path, *rings, multipolygon((20, "outer"), (21, "outer")))
    area = places["relation/1"].geometry
    assert len(area.geoms) == 2
    assert area.is_valid


@pytest.mark.parametrize(
    ("ways", "members"),
    [
        ([osm_way(20, [1, 3, 2, 4, 1])], [(20, "outer")]),
        ([osm_way(20, [1, 2, 3])], [(20, "outer")]),
        ([osm_way(20, [1, 2, 1])], [(20, "outer")]),
    ],
    ids=["crosses itself", "open", "encloses nothing"],
)
def test_a_broken_outline_is_left_out_and_counted(
    tmp_path: Path, ways: list[str], members: list[tuple[int, str]]
) -> None:
    places, left = read(tmp_path, *ways, multipolygon(*members))
    assert (places, left.broken_areas, left.clipped_areas) == ({}, 1, 0)


@pytest.mark.parametrize(
    ("ring", "members"),
    [([1, 2, 3, 4, 1], [(20, "outer"), (99, "outer")]), ([1, 2, 3, 99, 1], [(20, "outer")])],
    ids=["misses a member", "misses a node"],
)
def test_a_clipped_relation_is_left_out_and_counted(
    tmp_path: Path, ring: list[int], members: list[tuple[int, str]]
) -> None:
    places, left = read(tmp_path, osm_way(20, ring), multipolygon(*members))
    assert (places, left.broken_areas, left.clipped_areas) == ({}, 0, 1)


def test_a_clipped_ring_is_left_out_and_counted(tmp_path: Path) -> None:
    ring = [1, 2, 3, 99, 1]
    places, left = read(tmp_path, osm_way(20, ring, PARK), osm_way(21, ring, {"building": "yes"}), osm_way(22, ring))
    assert (places, left.broken_areas, left.clipped_areas) == ({}, 0, 1)


def test_a_broken_ring_is_counted_only_where_it_would_have_counted(tmp_path: Path) -> None:
    crossed = [1, 3, 2, 4, 1]
    places, left = read(tmp_path, osm_way(20, crossed, PARK), osm_way(21, crossed, {"building": "yes"}))
    assert (places, left.broken_areas) == ({}, 1)


def test_a_ring_of_street_encloses_nothing_unless_it_says_so(tmp_path: Path) -> None:
    ring = [1, 2, 3, 4, 1]
    tags = {"highway": "pedestrian", "name": "Ring", "place": "square"}
    places, _ = read(tmp_path, osm_way(20, ring, tags), osm_way(21, ring, tags | {"area": "yes"}))
    assert list(places) == ["way/21"]
    places, _ = read(tmp_path, osm_way(20, ring, {"highway": "platform", "public_transport": "platform", "name": "A"}))
    assert list(places) == ["way/20"]
    paved = osm_relation(1, [(22, "outer")], tags | {"type": "multipolygon"})
    places, _ = read(tmp_path, osm_way(22, ring), paved)
    assert places["relation/1"].category == "square"


def test_districts_and_countries_are_areas_apart_and_a_country_knows_its_letters(tmp_path: Path) -> None:
    level = {"type": "boundary", "boundary": "administrative"}
    country = level | {"admin_level": "2", "name": "Österreich", "name:en": "Austria", "ISO3166-1:alpha2": "AT"}
    objects = [
        osm_way(20, [1, 2, 3, 4, 1]),
        osm_relation(1, [(20, "outer")], country),
        osm_relation(2, [(20, "outer")], level | {"admin_level": "9", "name": "Neubau"}),
        osm_relation(3, [(20, "outer")], level | {"admin_level": "4", "name": "Wien"}),
        osm_relation(4, [(20, "outer")], level | {"admin_level": "9"}),
    ]
    city = read_osm(write_osm(tmp_path / "map.osm", [*NODES, *objects]))
    assert [(place.name, place.name_en, place.country) for place in city.countries] == [("Österreich", "Austria", "AT")]
    assert [district.name for district in city.districts] == ["Neubau"]
    assert city.places == ()


def test_names_keep_their_script_and_english_comes_beside(tmp_path: Path) -> None:
    names = [
        {"name": "東京駅", "name:en": "Tokyo Station"},
        {"name": "Кафе Пушкинъ", "int_name": "Cafe Pushkin"},
        {"name": "مقهى", "name:en": "مقهى"},
        {"name": " Blue Cup ", "name:en": "Blue Cup"},
        {"name": "👩‍🚀 bar"},
    ]
    nodes = [osm_node(50 + i, (i, 0), {"amenity": "cafe"} | name) for i, name in enumerate(names)]
    places, _ = read(tmp_path, *nodes)
    assert [(place.name, place.name_en) for place in places.values()] == [
        ("東京駅", "Tokyo Station"),
        ("Кафе Пушкинъ", "Cafe Pushkin"),
        ("مقهى", ""),
        ("Blue Cup", ""),
        ("👩‍🚀 bar", ""),
    ]


@pytest.mark.parametrize(
    ("tags", "address"),
    [
        ({"street": "Oak Street", "housenumber": "5"}, "Oak Street 5"),
        ({"place": "Dorf", "housenumber": "12", "postcode": "3500", "city": "Krems"}, "Dorf 12, 3500 Krems"),
        ({"full": "1 Chome-9 Marunouchi, Tokyo"}, "1 Chome-9 Marunouchi, Tokyo"),
        ({"street": "Oak Street", "full": "Oak Street 5, Town"}, "Oak Street"),
        ({}, ""),
    ],
)
def test_addresses_say_what_is_tagged(tmp_path: Path, tags: dict[str, str], address: str) -> None:
    more = {"addr:country": "AT", "addr:suburb": "Stein"} | {f"addr:{key}": value for key, value in tags.items()}
    places, _ = read(tmp_path, osm_node(50, (0, 0), {"amenity": "cafe", "name": "Blue Cup"} | more))
    assert [(place.address, place.country, place.district) for place in places.values()] == [(address, "AT", "Stein")]


def test_a_place_nowhere_on_earth_is_left_out(tmp_path: Path) -> None:
    cafe = {"amenity": "cafe", "name": "Blue Cup"}
    nodes = [osm_node(50, None, cafe), osm_node(51, None, cafe, more='lon="200" lat="10"'), osm_node(52, (0, 0), cafe)]
    places, _ = read(tmp_path, *nodes)
    assert [(place.id, place.geometry.x, place.geometry.y) for place in places.values()] == [("node/52", LON, LAT)]
