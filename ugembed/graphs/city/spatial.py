"""`PointIndex`: which points of many lie within some metres of one, anywhere on the globe."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ugembed.geo.geodesy import EARTH_RADIUS_M, Floats
from ugembed.graphs.city.lines import Ints


class PointIndex:
    """A tree over points on the unit sphere, so that poles and the antimeridian are like any other place."""

    def __init__(self, lon: Floats, lat: Floats) -> None:
        from scipy.spatial import cKDTree

        self._tree = cKDTree(_on_sphere(lon, lat))

    def within(self, lon: float, lat: float, radius_m: float) -> Ints:
        """Numbers of the points at most ``radius_m`` metres (great circle) away, ascending; a hair more may come."""
        chord = 2 * np.sin(min(radius_m / EARTH_RADIUS_M, np.pi) / 2) * (1 + 1e-9)
        found = self._tree.query_ball_point(_on_sphere(np.array(lon), np.array(lat)), chord, return_sorted=True)
        return np.array(found, dtype=np.int64)


def _on_sphere(lon: Floats, lat: Floats) -> NDArray[np.float64]:
    """(…, 3) unit vectors."""
    lam, phi = np.radians(lon), np.radians(lat)
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)
