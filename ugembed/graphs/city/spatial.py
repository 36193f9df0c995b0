"""`PointIndex`: which points of many lie within some metres of others, anywhere on the globe."""

from __future__ import annotations

import numpy as np

from ugembed.geo.geodesy import Floats, chord_m, earth_centred
from ugembed.graphs.city.lines import Ints


class PointIndex:
    """A tree over earth-centred points, so that poles and the antimeridian are like any other place."""

    def __init__(self, lon: Floats, lat: Floats) -> None:
        from scipy.spatial import cKDTree

        self._tree = cKDTree(earth_centred(lon, lat).reshape(-1, 3))

    def within(self, lon: Floats, lat: Floats, radius_m: float) -> tuple[Ints, Ints]:
        """(asked, found) pairs at most ``radius_m`` metres apart, sorted; a hair more may come."""
        reach = chord_m(radius_m) * (1 + 1e-9)
        found = self._tree.query_ball_point(earth_centred(lon, lat).reshape(-1, 3), reach, return_sorted=True)
        asked = np.repeat(np.arange(len(found)), [len(rows) for rows in found])
        return asked, np.concatenate([np.empty(0, np.int64), *(np.asarray(rows, np.int64) for rows in found)])
