"""Distances and bearings against answers known beforehand and against geodesics by pyproj."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from ugembed.geo.geodesy import (
    Floats,
    bearing_deg,
    compass_8,
    distance_m,
    from_local_metres,
    local_metres,
)

LONGITUDES = st.floats(-180, 180)
LATITUDES = st.floats(-90, 90)
WGS84 = Geod(ellps="WGS84")


def difference_deg(one: Floats | float, other: Floats | float) -> Floats:
    """How far apart two bearings are, in [0, 180]."""
    return np.abs((np.asarray(one) - other + 180) % 360 - 180)


def random_pairs(count: int, longest_m: float) -> tuple[Floats, ...]:
    """lon, lat, bearing, metres, and the lon and lat to which they lead, all over the globe."""
    chance = np.random.default_rng(5)
    lon, lat = chance.uniform(-180, 180, count), np.degrees(np.arcsin(chance.uniform(-1, 1, count)))
    bearing, metres = chance.uniform(0, 360, count), longest_m * chance.random(count) ** 2
    return lon, lat, bearing, metres, *WGS84.fwd(lon, lat, bearing, metres)[:2]


@pytest.mark.parametrize(
    ("start", "end", "metres"),
    [
        ((0, 0), (0, 0), 0),
        ((37, 90), (-120, 90), 0),  # every longitude meets at a pole
        ((0, 0), (0, 0.001), 110.574),  # a degree of latitude is shorter at the equator,
        ((0, 90), (0, 89.999), 111.694),  # longer at the poles
        ((0, 0), (0.001, 0), 111.319),
        ((179.9995, 0), (-179.9995, 0), 111.319),
    ],
)
def test_known_distances(start: tuple[float, float], end: tuple[float, float], metres: float) -> None:
    assert distance_m(*start, *end) == pytest.approx(metres, abs=0.001)


@pytest.mark.parametrize(
    ("start", "end", "degrees"),
    [
        ((0, 0), (0, 1), 0),
        ((0, 0), (1, 0), 90),
        ((0, 0), (0, -1), 180),
        ((0, 0), (-1, 0), 270),
        ((179.5, 0), (-179.5, 0), 90),
        ((-179.5, 0), (179.5, 0), 270),
        ((10, 60), (50, 90), 0),
        ((10, 60), (50, -90), 180),
        ((0, 0), (0, 0), 0),
    ],
)
def test_known_bearings(start: tuple[float, float], end: tuple[float, float], degrees: float) -> None:
    assert bearing_deg(*start, *end) == pytest.approx(degrees, abs=1e-9)


@pytest.mark.parametrize(
    ("longest_m", "error_m", "error_deg"), [(700, 1e-6, 1e-6), (20_000, 1e-4, 1e-6), (1e5, 0.02, 1e-5)]
)
def test_pairs_all_over_the_globe_agree_with_geodesics(longest_m: float, error_m: float, error_deg: float) -> None:
    lon, lat, bearing, metres, lon2, lat2 = random_pairs(100_000, longest_m)
    found = distance_m(lon, lat, lon2, lat2)
    assert np.abs(found - metres).max() < error_m
    assert np.array_equal(found, distance_m(lon2, lat2, lon, lat))
    degrees = bearing_deg(lon, lat, lon2, lat2)
    assert degrees.min() >= 0
    assert degrees.max() < 360
    far = metres > 5
    assert difference_deg(degrees[far], bearing[far]).max() < error_deg
    east, north = local_metres(lon2, lat2, lon0=lon, lat0=lat)
    assert np.hypot(east, north) == pytest.approx(found, abs=1e-9)
    assert difference_deg(np.degrees(np.arctan2(east, north))[far], degrees[far]).max() < 1e-9


def test_lengths_within_a_local_frame_agree_with_geodesics() -> None:
    at = [random_pairs(10_000, 1)[2], np.full(10_000, 9.2), np.full(10_000, 60.0)]
    chance = np.random.default_rng(6)
    ends = [WGS84.fwd(at[1], at[2], at[0] * k, chance.uniform(0, 10_000, 10_000)) for k in (1, 2)]
    frame = [np.stack(local_metres(lon, lat, lon0=9.2, lat0=60.0)) for lon, lat, _ in ends]
    lengths = WGS84.inv(*ends[0][:2], *ends[1][:2])[2]
    assert np.abs(np.linalg.norm(frame[0] - frame[1], axis=0) - lengths).max() < 0.01


def test_neighbouring_doors_are_not_rounded_together() -> None:
    lon, lat, _ = WGS84.fwd(103.85, 1.3, 77.0, 5.0)
    assert distance_m(103.85, 1.3, lon, lat) == pytest.approx(5, abs=1e-7)
    assert bearing_deg(103.85, 1.3, lon, lat) == pytest.approx(77, abs=1e-6)


@given(LONGITUDES, LATITUDES, st.floats(-20_000, 20_000), st.floats(-20_000, 20_000))
def test_a_place_given_in_metres_is_found_again(lon0: float, lat0: float, east: float, north: float) -> None:
    lon, lat = from_local_metres(east, north, lon0=lon0, lat0=lat0)
    assert -180 <= lon < 180
    back = local_metres(lon, lat, lon0=lon0, lat0=lat0)
    assert back == (pytest.approx(east, abs=1e-6), pytest.approx(north, abs=1e-6))


def test_arrays_broadcast_in_float64() -> None:
    lon = np.array([0.0, 1.0, 2.0], dtype=np.float32)
    distance = distance_m(lon[:, None], 0.0, lon[None, :], 0.0)
    assert distance.shape == (3, 3)
    assert distance.dtype == np.float64
    assert bearing_deg(0.0, 0.0, lon, 1.0).shape == (3,)
    assert np.all(np.diag(distance) == 0)


@pytest.mark.parametrize(
    ("bearing", "name"), [(0, "N"), (22, "N"), (23, "NE"), (90, "E"), (135, "SE"), (292, "W"), (338, "N"), (359.9, "N")]
)
def test_compass_points(bearing: float, name: str) -> None:
    assert compass_8(bearing) == name
