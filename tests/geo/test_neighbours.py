"""Near places and clusters against slow twins that look at every pair."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from ugembed.geo.geodesy import Floats, chord_m, distance_m, earth_centred
from ugembed.geo.neighbours import far_apart, lon_arc, nearest_m


def blobs(seed: int, *, lon0: float, lat0: float) -> tuple[Floats, Floats]:
    """Some hundred places in a few heaps, tens of kilometres apart."""
    rng = np.random.default_rng(seed)
    heaps = rng.uniform(-0.8, 0.8, (rng.integers(1, 9), 2))
    spread = rng.normal(0, 0.05, (rng.integers(1, 300), 2)) + heaps[rng.integers(0, len(heaps), 1)]
    loose = rng.uniform(-1, 1, (20, 2))
    lon, lat = np.vstack([spread, loose]).T
    return (lon0 + lon / np.cos(np.radians(lat0)) + 180) % 360 - 180, lat0 + lat


def every_distance(lon: Floats, lat: Floats) -> Floats:
    return distance_m(lon[:, None], lat[:, None], lon[None], lat[None])


@pytest.mark.parametrize(("lon0", "lat0"), [(103.85, 1.3), (180.0, -17.0), (25.0, 78.0), (0.0, 0.0)])
@pytest.mark.parametrize("gap_m", [3_000.0, 20_000.0, 60_000.0])
def test_clusters_are_those_of_the_whole_distance_matrix(lon0: float, lat0: float, gap_m: float) -> None:
    counts = set()
    for seed in range(12):
        lon, lat = blobs(seed, lon0=lon0, lat0=lat0)
        count, expected = connected_components(every_distance(lon, lat) <= gap_m)
        found = far_apart(lon, lat, gap_m=gap_m)
        assert found.max() + 1 == count
        assert len(set(zip(found.tolist(), expected.tolist(), strict=True))) == count
        counts.add(count)
    assert len(counts) > 1  # one cluster only would prove little


def test_clusters_are_numbered_by_first_appearance() -> None:
    lon, lat = np.array([10.0, -70.0, 10.001, 150.0]), np.zeros(4)
    assert far_apart(lon, lat, gap_m=20_000).tolist() == [0, 1, 0, 2]
    assert far_apart(lon[:0], lat[:0], gap_m=20_000).tolist() == []


def test_a_chain_of_places_is_one_cluster_however_long() -> None:
    lat = np.arange(60) * 0.17  # 18.9 km apart
    assert set(far_apart(np.full(60, 5.0), lat, gap_m=20_000).tolist()) == {0}
    assert len(set(far_apart(np.full(60, 5.0), lat, gap_m=18_000).tolist())) == 60


def test_the_nearest_of_others_is_that_of_every_pair() -> None:
    lon, lat = blobs(3, lon0=180.0, lat0=60.0)
    others = np.arange(len(lon)) % 3 == 0
    found = nearest_m(lon[~others], lat[~others], to_lon=lon[others], to_lat=lat[others])
    assert np.allclose(found, every_distance(lon, lat)[~others][:, others].min(axis=1), rtol=1e-9, atol=1e-6)
    assert np.isinf(nearest_m(lon, lat, to_lon=lon[:0], to_lat=lat[:0])).all()


def test_chords_fit_the_distance() -> None:
    one, other = earth_centred([179.99, 0.0], [45.0, 0.0]), earth_centred([-179.98, 90.0], [45.01, 0.0])
    metres = distance_m([179.99, 0.0], [45.0, 0.0], [-179.98, 90.0], [45.01, 0.0])
    assert [chord_m(one_m) for one_m in metres.tolist()] == pytest.approx(np.linalg.norm(one - other, axis=1), rel=1e-4)


def test_longitudes_lie_on_the_shortest_arc() -> None:
    assert lon_arc(np.array([-179.0, 179.0, 178.0])) == pytest.approx((178.0, 3.0))
    assert lon_arc(np.array([5.0, 5.0])) == (5.0, 0.0)
    assert lon_arc(np.array([10.0, -10.0, 3.0])) == pytest.approx((-10.0, 20.0))
