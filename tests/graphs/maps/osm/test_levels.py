"""Streets above, below and through each other: bridges, tunnels, roundabouts, one-way streets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graphs.drawn_maps import osm_node, osm_way, write_osm
from ugembed.graphs.maps.city_map import CityMap, Link
from ugembed.graphs.maps.osm.read import read_osm

PLACES = {1: (-100, 0), 2: (0, 0), 3: (100, 0), 4: (0, 100), 5: (0, -100), 6: (300, 0), 7: (340, 0), 8: (50, 50)}
STREET = {"highway": "residential"}


def city(tmp_path: Path, ways: list[tuple[list[int], dict[str, str]]]) -> CityMap:
    """Streets through `PLACES`, numbered from 101."""
    lines = [osm_way(i, refs, STREET | tags) for i, (refs, tags) in enumerate(ways, 101)]
    return read_osm(write_osm(tmp_path / "map.osm", [osm_node(i, xy) for i, xy in PLACES.items()] + lines))


def by_name(links: tuple[Link, ...]) -> dict[str, list[tuple[str, str]]]:
    ends: dict[str, list[tuple[str, str]]] = {}
    for link in links:
        ends.setdefault(link.name, []).append((link.start, link.end))
    return ends


@pytest.mark.parametrize("above", [{"bridge": "yes", "layer": "1"}, {"bridge": "yes"}, {"tunnel": "yes"}])
def test_streets_that_pass_each_other_without_a_shared_node_do_not_cross(tmp_path: Path, above: dict[str, str]) -> None:
    links = city(tmp_path, [([1, 3], {"name": "Over"} | above), ([4, 5], {"name": "Under"})]).links
    assert by_name(links) == {"Over": [("1", "3")], "Under": [("4", "5")]}


def test_streets_that_share_a_node_cross_whatever_their_layers(tmp_path: Path) -> None:
    ways = [([1, 2, 3], {"name": "A", "layer": "-1", "tunnel": "yes"}), ([4, 2, 5], {"name": "B", "layer": "-2"})]
    links = city(tmp_path, ways).links
    assert by_name(links) == {"A": [("1", "2"), ("2", "3")], "B": [("4", "2"), ("2", "5")]}
    assert {(link.name, link.layer, link.is_tunnel) for link in links} == {("A", -1, True), ("B", -2, False)}


@pytest.mark.parametrize(
    ("layer", "wanted"),
    [("1", 1), ("-2", -2), ("+1", 1), ("0", 0), ("1;2", 0), ("0.5", 0), ("high", 0), ("", 0), ("999", 0), ("１", 0)],
)
def test_junk_layers_are_none(tmp_path: Path, layer: str, wanted: int) -> None:
    (link,) = city(tmp_path, [([1, 2], {"layer": layer})]).links
    assert link.layer == wanted


@pytest.mark.parametrize(
    ("tunnel", "open_air", "is_tunnel", "layer"),
    [([3, 6], [6, 7], True, -1), ([6, 7], [3, 6], False, 0)],
)
def test_a_link_is_what_most_of_its_metres_are_and_a_portal_is_no_crossing(
    tmp_path: Path, tunnel: list[int], open_air: list[int], is_tunnel: bool, layer: int
) -> None:
    ways = [(tunnel, {"name": "A", "tunnel": "yes", "layer": "-1"}), (open_air, {"name": "A"})]
    (link,) = city(tmp_path, ways).links
    assert ({link.start, link.end}, len(link.points)) == ({"3", "7"}, 3)
    assert (link.is_tunnel, link.layer) == (is_tunnel, layer)


def test_of_equally_long_layers_the_nearest_to_the_ground_counts(tmp_path: Path) -> None:
    ways = [([1, 2], {"name": "A", "layer": "2"}), ([2, 3], {"name": "A", "layer": "1"})]
    (link,) = city(tmp_path, ways).links
    assert (link.layer, link.is_tunnel) == (1, False)


def test_a_roundabout_is_a_ring_with_crossings_where_streets_join(tmp_path: Path) -> None:
    ring = ([2, 3, 8, 4, 2], {"junction": "roundabout"})
    links = city(tmp_path, [ring, ([3, 6], {"name": "East"}), ([4, 1], {"name": "North"})]).links
    assert by_name(links) == {"": [("3", "4"), ("3", "4")], "East": [("3", "6")], "North": [("4", "1")]}
    assert [len(link.points) for link in links if not link.name] == [3, 3]


def test_a_roundabout_with_one_street_is_one_loop_from_there(tmp_path: Path) -> None:
    links = city(tmp_path, [([2, 3, 4, 2], {"junction": "roundabout"}), ([3, 6], {"name": "East"})]).links
    assert by_name(links) == {"": [("3", "3")], "East": [("3", "6")]}


@pytest.mark.parametrize("oneway", ["yes", "-1", "no"])
def test_a_one_way_street_is_a_street_all_the_same(tmp_path: Path, oneway: str) -> None:
    links = city(tmp_path, [([1, 2, 3], {"name": "A", "oneway": oneway}), ([4, 2], {"name": "B"})]).links
    assert by_name(links) == {"A": [("1", "2"), ("2", "3")], "B": [("4", "2")]}


def test_a_node_that_comes_twice_in_a_row_is_one(tmp_path: Path) -> None:
    (link,) = city(tmp_path, [([1, 1, 2, 2], {"name": "A"})]).links
    assert len(link.points) == 2
