"""Distances and bearings against answers known beforehand and a slow twin in plain vectors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ugembed.geo.geodesy import (
    EARTH_RADIUS_M,
    bearing_deg,
    compass_8,
    from_local_metres,
    haversine_m,
    local_metres,
)

LONGITUDES = st.floats(-180, 180)
LATITUDES = st.floats(-90, 90)
QUARTER_M = math.pi / 2 * EARTH_RADIUS_M


def unit_vector(lon: float, lat: float) -> tuple[float, float, float]:
    lam, phi = math.radians(lon), math.radians(lat)
    return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)


def dot(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


def cross(a: tuple[float, ...], b: tuple[float, ...]) -> tuple[float, float, float]:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def slow_distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """The angle between two unit vectors, by atan2 of cross and dot product."""
    a, b = unit_vector(lon1, lat1), unit_vector(lon2, lat2)
    return EARTH_RADIUS_M * math.atan2(math.hypot(*cross(a, b)), dot(a, b))


def slow_bearing_deg(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """The second point's direction in the east-north plane of the first."""
    lam, phi = math.radians(lon1), math.radians(lat1)
    east = (-math.sin(lam), math.cos(lam), 0.0)
    north = (-math.sin(phi) * math.cos(lam), -math.sin(phi) * math.sin(lam), math.cos(phi))
    target = unit_vector(lon2, lat2)
    return math.degrees(math.atan2(dot(target, east), dot(target, north))) % 360


@pytest.mark.parametrize(
    ("start", "end", "metres"),
    [
        ((0, 0), (0, 0), 0),
        ((0, 0), (90, 0), QUARTER_M),
        ((0, 0), (180, 0), 2 * QUARTER_M),
        ((37, 90), (-120, 90), 0),  # every longitude meets at a pole
        ((12, 90), (77, -90), 2 * QUARTER_M),
        ((179.9995, 0), (-179.9995, 0), math.radians(0.001) * EARTH_RADIUS_M),
        ((2.3522, 48.8566), (13.4050, 52.5200), 877_460),  # Paris to Berlin
    ],
)
def test_known_distances(start: tuple[float, float], end: tuple[float, float], metres: float) -> None:
    assert haversine_m(*start, *end) == pytest.approx(metres, rel=1e-4, abs=1e-6)


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


@given(LONGITUDES, LATITUDES, LONGITUDES, LATITUDES)
def test_distance_equals_the_slow_twin_and_is_symmetric(lon1: float, lat1: float, lon2: float, lat2: float) -> None:
    distance = haversine_m(lon1, lat1, lon2, lat2)
    assert distance == pytest.approx(slow_distance_m(lon1, lat1, lon2, lat2), rel=1e-6, abs=0.2)
    assert distance == pytest.approx(haversine_m(lon2, lat2, lon1, lat1), rel=1e-12)


@given(LONGITUDES, st.floats(-89, 89), st.floats(0, 359.99), st.floats(1, 100_000))
def test_bearing_equals_the_slow_twin(lon: float, lat: float, angle: float, metres: float) -> None:
    east, north = metres * math.sin(math.radians(angle)), metres * math.cos(math.radians(angle))
    lon2, lat2 = (float(x) for x in from_local_metres(east, north, lon0=lon, lat0=lat))
    lat2 = max(-90.0, min(90.0, lat2))
    found = float(bearing_deg(lon, lat, lon2, lat2))
    assert 0 <= found < 360
    difference = (found - slow_bearing_deg(lon, lat, lon2, lat2) + 180) % 360 - 180
    assert abs(difference) < 1e-4


def test_neighbouring_doors_are_not_rounded_together() -> None:
    five_metres = math.degrees(5 / EARTH_RADIUS_M)
    assert haversine_m(103.85, 1.3, 103.85, 1.3 + five_metres) == pytest.approx(5, abs=1e-6)


@given(st.floats(-180, 179.999), st.floats(-70, 70), st.floats(-7_000, 7_000), st.floats(-7_000, 7_000))
def test_local_metres_are_right_to_a_thousandth_within_ten_kilometres(
    lon0: float, lat0: float, east: float, north: float
) -> None:
    lon, lat = from_local_metres(east, north, lon0=lon0, lat0=lat0)
    assert -180 <= lon < 180
    back = local_metres(lon, lat, lon0=lon0, lat0=lat0)
    assert back == (pytest.approx(east, abs=1e-5), pytest.approx(north, abs=1e-5))
    assert math.hypot(east, north) == pytest.approx(float(haversine_m(lon0, lat0, lon, lat)), rel=1e-3, abs=1e-3)


def test_local_metres_cross_the_antimeridian() -> None:
    east, north = local_metres(-179.999, 0.0, lon0=179.999, lat0=0.0)
    assert (east, north) == (pytest.approx(math.radians(0.002) * EARTH_RADIUS_M, rel=1e-6), 0)


def test_arrays_broadcast_in_float64() -> None:
    lon = np.array([0.0, 1.0, 2.0], dtype=np.float32)
    distance = haversine_m(lon[:, None], 0.0, lon[None, :], 0.0)
    assert distance.shape == (3, 3)
    assert distance.dtype == np.float64
    assert bearing_deg(0.0, 0.0, lon, 1.0).shape == (3,)
    assert np.all(np.diag(distance) == 0)


@pytest.mark.parametrize(
    ("bearing", "name"), [(0, "N"), (22, "N"), (23, "NE"), (90, "E"), (135, "SE"), (292, "W"), (338, "N"), (359.9, "N")]
)
def test_compass_points(bearing: float, name: str) -> None:
    assert compass_8(bearing) == name
