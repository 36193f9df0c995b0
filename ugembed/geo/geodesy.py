"""Distances, bearings and local metres on one sphere. Axis order is always (lon, lat), in degrees; lengths in metres.

Every function takes numbers or arrays that broadcast and returns float64.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

EARTH_RADIUS_M = 6_371_008.8
"""Mean Earth radius (IUGG R1), the only one in the project."""

Floats: TypeAlias = NDArray[np.float64]

COMPASS_8 = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")


def _radians(value: ArrayLike) -> Floats:
    return np.radians(np.asarray(value, dtype=np.float64))


def haversine_m(lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike) -> Floats:
    """Great-circle distance in metres (haversine: stable for neighbouring doors and for antipodes)."""
    phi1, phi2 = _radians(lat1), _radians(lat2)
    half_lat = (phi2 - phi1) / 2
    half_lon = (_radians(lon2) - _radians(lon1)) / 2
    a = np.sin(half_lat) ** 2 + np.cos(phi1) * np.cos(phi2) * np.sin(half_lon) ** 2
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(a, 0.0, 1.0))))


def bearing_deg(lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike) -> Floats:
    """Initial bearing from the first to the second point, degrees clockwise from north in [0, 360)."""
    phi1, phi2 = _radians(lat1), _radians(lat2)
    d_lon = _radians(lon2) - _radians(lon1)
    y = np.sin(d_lon) * np.cos(phi2)
    x = np.cos(phi1) * np.sin(phi2) - np.sin(phi1) * np.cos(phi2) * np.cos(d_lon)
    return np.asarray(np.degrees(np.arctan2(y, x)) % 360.0 % 360.0)


def local_metres(
    lon: ArrayLike, lat: ArrayLike, *, lon0: float | Floats, lat0: float | Floats
) -> tuple[Floats, Floats]:
    """(east, north) metres of points in the equirectangular frame around (lon0, lat0), across the antimeridian too.

    The origin may be an array that broadcasts with the points. Away from the poles the error is below 0.1 % of the
    distance within 10 km of the origin.
    """
    d_lon = (np.asarray(lon, dtype=np.float64) - lon0 + 180.0) % 360.0 - 180.0
    east = np.radians(d_lon) * np.cos(np.radians(lat0)) * EARTH_RADIUS_M
    north = (_radians(lat) - np.radians(lat0)) * EARTH_RADIUS_M
    return np.asarray(east), np.asarray(north)


def from_local_metres(east: ArrayLike, north: ArrayLike, *, lon0: float, lat0: float) -> tuple[Floats, Floats]:
    """(lon, lat) of points given in the frame of `local_metres`; longitudes in [-180, 180)."""
    lat = lat0 + np.degrees(np.asarray(north, dtype=np.float64) / EARTH_RADIUS_M)
    d_lon = np.degrees(np.asarray(east, dtype=np.float64) / (EARTH_RADIUS_M * np.cos(np.radians(lat0))))
    return np.asarray((lon0 + d_lon + 180.0) % 360.0 - 180.0), np.asarray(lat)


def compass_8(bearing: float) -> str:
    """The nearest of the eight compass points to a bearing in degrees clockwise from north."""
    return COMPASS_8[round(bearing / 45.0) % 8]
