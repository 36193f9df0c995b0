"""The synthetic city on which speed is measured: the same for the same seed, sound as a map, no work when far away."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from ugembed.graphs.city.network import StreetNetwork
from ugembed.graphs.city.walking import WalkNetwork, Workspace, reached_within
from ugembed.graphs.maps.osm.read import read_osm
from ugembed.records.points import read_points

NODES = 1500


@pytest.fixture(scope="module")
def city(root: Path) -> ModuleType:
    """``perf/street_grid.py``, which stands beside what it imports."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(root / "perf")
        import street_grid

        return street_grid


def test_a_city_has_as_many_nodes_as_are_wanted_and_hangs_together(city: ModuleType) -> None:
    for nodes in (300, NODES):
        grid = city.street_grid(nodes)
        assert nodes <= len(grid.lon) < nodes * 1.15
        net = WalkNetwork(grid.ends, grid.length_m)
        everywhere = reached_within(net, link=np.array([0]), along_m=np.array([0.0]), limit_m=np.inf)
        assert len(everywhere.node) == len(net) == len(grid.lon)
        degree = np.bincount(grid.ends.reshape(-1))
        assert min(np.count_nonzero(degree == d) for d in (1, 3, 4)) > 10
        assert 20 < grid.length_m.min() < grid.length_m.mean() < 150


def test_the_same_seed_draws_the_same_files(city: ModuleType, tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("two", 3), ("other", 4)):
        grid = city.street_grid(300, seed)
        city.write_osm(tmp_path / f"{name}.osm.pbf", grid, seed)
        city.write_images(tmp_path / f"{name}.csv", grid, 20, seed)
    for ending in ("osm.pbf", "csv"):
        one, two, other = ((tmp_path / f"{name}.{ending}").read_bytes() for name in ("one", "two", "other"))
        assert one == two != other


def test_the_file_is_read_as_the_city_that_was_drawn(city: ModuleType, tmp_path: Path) -> None:
    grid = city.street_grid(NODES)
    city.write_osm(tmp_path / "city.osm.pbf", grid)
    city.write_images(tmp_path / "images.csv", grid, 50)
    drawn = read_osm(tmp_path / "city.osm.pbf")
    network = StreetNetwork(drawn.links)
    assert network.length_m.sum() == pytest.approx(grid.length_m.sum(), rel=1e-6)
    ends = {node for link in drawn.links for node in (link.start, link.end)}
    assert 0.9 * len(grid.lon) < len(ends) <= len(grid.lon)
    kinds = Counter(place.category for place in drawn.places)
    assert (
        min(kinds[kind] for kind in ("cafe", "bus stop", "park", "lake", "island", "river", "apartment building")) > 0
    )
    assert sum(place.geometry.geom_type == "Point" for place in drawn.places) >= NODES // 5
    assert sum(place.id.startswith("relation/") for place in drawn.places) > 3
    assert {"South West", "North East"} < {district.name for district in drawn.districts}
    assert sum(not link.name for link in drawn.links) < len(drawn.links) / 10
    points = read_points(tmp_path / "images.csv")
    lon, lat = (np.array([getattr(point.place, axis) for point in points]) for axis in ("lon", "lat"))
    assert network.snap(lon, lat, 5.0).point.tolist() == list(range(50))
    assert all(point.place.heading_deg is not None for point in points)


def test_work_does_not_grow_with_the_city(city: ModuleType) -> None:
    """From the same places, with another city of the same size beyond."""
    grid = city.street_grid(NODES)
    link, length_m = np.arange(0, len(grid.ends), 50), grid.length_m
    far = np.concatenate([grid.ends, grid.ends + len(grid.lon)])
    cities = WalkNetwork(grid.ends, length_m), WalkNetwork(far, np.tile(length_m, 2))
    arcs = []
    for net in cities:
        room = Workspace(net)
        reached_within(net, link=link, along_m=np.zeros(len(link)), limit_m=500.0, workspace=room)
        arcs.append(room.arcs)
    assert arcs[0] == arcs[1] > 1000
