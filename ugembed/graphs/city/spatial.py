"""`PointIndex`: which points of many lie within some metres of one, anywhere on the globe."""

from __future__ import annotations

import numpy as np

from ugembed.geo.geodesy import Floats, chord_m, earth_centred
from ugembed.graphs.city.lines import Ints


class PointIndex:
    """A tree over earth-centred points, so that poles and the antimeridian are like any other place."""

    def __init__(self, lon: Floats, lat: Floats) -> None:
        from scipy.spatial import cKDTree

        self._tree = cKDTree(earth_centred(lon, lat))

    def within(self, lon: float, lat: float, radius_m: float) -> Ints:
        """Numbers of the points at most ``radius_m`` metres away, ascending; a hair more may come."""
        reach = chord_m(radius_m) * (1 + 1e-9)
        found = self._tree.query_ball_point(earth_centred(lon, lat), reach, return_sorted=True)
        return np.array(found, dtype=np.int64)
