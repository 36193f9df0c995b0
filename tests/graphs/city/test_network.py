"""Streets, crossings and snapping on the hand-made map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.graphs.drawn_maps import degrees, write_map
from ugembed.graphs.city.network import StreetNetwork, snap_bearing_deg
from ugembed.graphs.maps.osm.read import read_osm


@pytest.fixture
def network(tmp_path: Path) -> StreetNetwork:
    return StreetNetwork(read_osm(write_map(tmp_path / "map.osm")).links)


def test_a_street_is_all_links_of_one_name_with_the_class_of_most_metres(network: StreetNetwork) -> None:
    assert {street.name: street.category for street in network.streets} == {
        "Ash Lane": "footpath",
        "Elm Street": "main road",
        "High Bridge": "residential street",
        "Long Road": "residential street",
        "Oak Street": "residential street",
    }


def test_crossings_are_where_streets_meet_and_a_bridge_meets_nothing(network: StreetNetwork) -> None:
    assert {crossing.id: crossing.label for crossing in network.crossings} == {
        "crossing/2": "Intersection of Elm Street and Oak Street",
        "crossing/12": "Intersection of Ash Lane and Oak Street",
    }
    ends = {
        network.streets[s].name: e.tolist() for s, e in zip(network.street_of_link, network.crossing_ends, strict=True)
    }
    assert ends["High Bridge"] == [-1, -1]


def test_the_length_of_a_link_follows_its_bends(network: StreetNetwork) -> None:
    wanted = np.hypot(200, 30) + np.hypot(100, 30)
    assert network.length_m.max() == pytest.approx(wanted, abs=0.05)


@pytest.mark.parametrize(
    ("at", "street", "metres", "bearing"),
    [
        ((50, 4.5), "Oak Street", 4.5 - 50 * 30 / 200, None),
        ((-60, -8), "Oak Street", 8.0, 0.0),
        ((-7, 150), "Elm Street", 7.0, 90.0),
        ((103, 60), "High Bridge", 3.0, 270.0),
        ((-230, 0), "Oak Street", 30.0, 90.0),
    ],
)
def test_points_snap_to_the_nearest_piece_not_to_its_ends(
    network: StreetNetwork, at: tuple[float, float], street: str, metres: float, bearing: float | None
) -> None:
    lon, lat = (np.array([value]) for value in degrees(*at))
    snap = network.snap(lon, lat, 100.0)
    assert network.streets[network.street_of_link[snap.line[0]]].name == street
    if bearing is None:  # beside a slanted piece: the foot of the perpendicular
        metres = abs(metres) * np.cos(np.arctan2(30, 200))
    else:
        assert snap_bearing_deg(snap, lon, lat)[0] % 360 == pytest.approx(bearing, abs=0.2)
    assert snap.distance_m[0] == pytest.approx(metres, abs=0.02)


def test_a_point_beyond_the_limit_does_not_snap(network: StreetNetwork) -> None:
    lon, lat = (np.array([value]) for value in degrees(-400, 0))
    assert len(network.snap(lon, lat, 100.0)) == 0
    assert len(network.snap(lon, lat, 201.0)) == 1
