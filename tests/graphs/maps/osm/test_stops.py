"""Stops of public transport: who is one, and one that is drawn several times counts once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graphs.drawn_maps import osm_node, osm_way, write_osm
from ugembed.graphs.maps.osm.read import read_osm_with_counts

POLE = {"highway": "bus_stop", "public_transport": "platform"}
PLATFORM = {"public_transport": "platform"}
HALT = {"public_transport": "stop_position"}
TRAM = {"railway": "tram_stop"}


def kept(tmp_path: Path, *objects: str) -> tuple[list[str], int]:
    """Ids of the transit places of a map, and how many were doubled."""
    city, left = read_osm_with_counts(write_osm(tmp_path / "map.osm", sorted(objects)))
    assert all(place.is_transit for place in city.places)
    return [place.id for place in city.places], left.doubled_stops


def stop(i: int, x: float, tags: dict[str, str], name: str = "Market") -> str:
    return osm_node(i, (x, 0), tags | {"name": name})


def platform(i: int, x: float, name: str = "Market") -> tuple[str, ...]:
    """A platform of 20 m by 2 m that begins at ``x``."""
    corners = [(x, 0), (x + 20, 0), (x + 20, 2), (x, 2)]
    nodes = [osm_node(10 * i + k, xy) for k, xy in enumerate(corners)]
    refs = [10 * i, 10 * i + 1, 10 * i + 2, 10 * i + 3, 10 * i]
    return (*nodes, osm_way(i, refs, PLATFORM | {"name": name}))


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        (stop(1, 0, POLE), stop(2, 8, HALT), ["node/1"]),
        (stop(1, 8, HALT), stop(2, 0, POLE), ["node/2"]),
        (stop(1, 0, POLE), stop(2, 120, HALT), ["node/1", "node/2"]),
        (stop(1, 0, POLE), stop(2, 8, HALT, "Bridge"), ["node/1", "node/2"]),
        (stop(1, 0, POLE), stop(2, 20, POLE), ["node/1", "node/2"]),
        (stop(1, 0, HALT), stop(2, 10, HALT), ["node/1"]),
        (stop(1, 0, TRAM), stop(2, 5, TRAM), ["node/1"]),
        (stop(1, 0, TRAM), stop(2, 5, PLATFORM), ["node/2"]),
        (stop(1, 0, {"railway": "station"}), stop(2, 60, HALT), ["node/1"]),
    ],
)
def test_a_stop_counts_once(tmp_path: Path, first: str, second: str, wanted: list[str]) -> None:
    assert kept(tmp_path, first, second) == (wanted, 2 - len(wanted))


def test_a_platform_gives_way_to_its_pole_but_not_to_the_one_across_the_street(tmp_path: Path) -> None:
    assert kept(tmp_path, *platform(3, 0), stop(1, 10, POLE)) == (["node/1"], 1)
    assert kept(tmp_path, *platform(3, 0), stop(1, 40, POLE)) == (["node/1", "way/3"], 0)


def test_two_platforms_of_one_name_are_two(tmp_path: Path) -> None:
    assert kept(tmp_path, *platform(3, 0), *platform(4, 22), stop(1, 10, HALT)) == (["way/3", "way/4"], 1)


def test_other_places_are_not_transit_and_stand_in_nobodys_way(tmp_path: Path) -> None:
    cafe = osm_node(1, (0, 0), {"amenity": "cafe", "name": "Market"})
    city, left = read_osm_with_counts(write_osm(tmp_path / "map.osm", [cafe, stop(2, 5, HALT), stop(3, 300, POLE, "")]))
    assert [(place.id, place.is_transit) for place in city.places] == [("node/1", False), ("node/2", True)]
    assert left.doubled_stops == 0
