"""Points within a radius, anywhere on the globe."""

from __future__ import annotations

import numpy as np
import pytest

from ugembed.geo.geodesy import distance_m
from ugembed.graphs.city.spatial import PointIndex


@pytest.mark.parametrize(("lon0", "lat0"), [(9.17, 48.77), (179.999, 10.0), (-180.0, -60.0), (0.0, 89.999)])
def test_within_is_what_the_distance_says(lon0: float, lat0: float) -> None:
    rng = np.random.default_rng(1)
    lon = (lon0 + rng.uniform(-0.05, 0.05, 500) + 180) % 360 - 180
    lat = np.clip(lat0 + rng.uniform(-0.05, 0.05, 500), -90, 90)
    wanted = np.flatnonzero(distance_m(lon0, lat0, lon, lat) <= 2000.0)
    assert 0 < len(wanted) < 500
    asked, found = PointIndex(lon, lat).within(np.array([lon0 + 90, lon0]), np.array([lat0 - 90, lat0]), 2000.0)
    assert asked.tolist() == [1] * len(wanted)
    assert found.tolist() == wanted.tolist()


def test_no_points_are_within_nothing() -> None:
    assert len(PointIndex(np.empty(0), np.empty(0)).within(np.zeros(1), np.zeros(1), 100.0)[1]) == 0
