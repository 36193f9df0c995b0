"""S2 cells against the package `s2cell`, one place at a time, and against published numbers."""

from __future__ import annotations

import numpy as np
import pytest
import s2cell

from ugembed.geo.cells import (
    MAX_LEVEL,
    Cells,
    cell_centres,
    cell_edge_m,
    cell_ids,
    cell_levels,
    cell_parents,
    cell_tokens,
)
from ugembed.geo.geodesy import Floats, distance_m

CORNERS = [(lon, lat) for lon in (-180, -135, -90, -45, 0, 45, 90, 135, 180) for lat in (-90, -45, 0, 45, 90)]


def places(count: int) -> tuple[Floats, Floats]:
    """Corners and seams of the cube, then random places all over the globe."""
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(-180, 180, count), np.degrees(np.arcsin(rng.uniform(-1, 1, count)))
    lon[: len(CORNERS)], lat[: len(CORNERS)] = np.array(CORNERS).T
    return lon, lat


def one_by_one(lon: Floats, lat: Floats, level: int) -> Cells:
    pairs = zip(lat.tolist(), lon.tolist(), strict=True)
    return np.array([s2cell.lat_lon_to_cell_id(north, east, level) for north, east in pairs], np.uint64)


def test_cells_of_100_000_places_are_those_of_s2cell_at_every_level() -> None:
    lon, lat = places(100_000)
    leaves = one_by_one(lon, lat, MAX_LEVEL)
    for level in range(MAX_LEVEL + 1):
        # a cell's parent is defined by its number; 1000 places a level show that s2cell agrees
        expected = cell_parents(leaves, level=level)
        assert np.array_equal(expected[:1000], one_by_one(lon[:1000], lat[:1000], level))
        assert np.array_equal(cell_ids(lon, lat, level=level), expected)
        assert set(cell_levels(expected).tolist()) == {level}


def test_published_numbers() -> None:
    """From the readme of s2cell, and from a page of InfluxDB on the middle of a cell."""
    leaf = cell_ids(105.641318, -10.490091, level=30)
    assert leaf.tolist() == [3383782026967071427]
    assert cell_tokens(leaf) == ["2ef59bd352b93ac3"]
    assert cell_tokens(cell_ids([0, 90, 0, 180, -90, 0], [0, 0, 90, 0, 0, -90], level=0)) == list("13579b")
    lon, lat = cell_centres(np.array([s2cell.token_to_cell_id("89c284")], np.uint64))
    assert (lon[0], lat[0]) == pytest.approx((-73.55941282728273, 40.812535546624574), abs=1e-12)


def test_centres_are_those_of_s2cell_also_of_mixed_levels() -> None:
    lon, lat = places(3000)
    cells = np.array([cell_ids(x, y, level=i % 31)[0] for i, (x, y) in enumerate(zip(lon, lat, strict=True))])
    expected = np.array([s2cell.cell_id_to_lat_lon(int(cell)) for cell in cells])
    centre_lon, centre_lat = cell_centres(cells)
    assert distance_m(centre_lon, centre_lat, expected[:, 1], expected[:, 0]).max() < 1e-6
    assert cell_tokens(cells) == [s2cell.cell_id_to_token(int(cell)) for cell in cells]


def test_the_middle_of_a_cell_lies_in_it() -> None:
    cells = cell_ids(*places(5000), level=17)
    assert np.array_equal(cell_ids(*cell_centres(cells), level=17), cells)


@pytest.mark.parametrize("level", [5, 12, 14, 20])
def test_edges_are_about_as_long_as_it_is_said(level: int) -> None:
    """The middles of two neighbouring quarters of a cell are one edge apart."""
    parents = cell_ids(*places(4000), level=level - 1)
    step = np.uint64(1 << 2 * (MAX_LEVEL - level))
    quarters = [cell_centres(parents - np.uint64(4) * step + np.uint64(2 * k + 1) * step) for k in range(4)]
    edges = np.concatenate([distance_m(*quarters[k], *quarters[k + 1]) for k in range(3)])
    assert edges.mean() == pytest.approx(cell_edge_m(level), rel=0.03)
    assert 0.64 * cell_edge_m(level) < edges.min() <= edges.max() < 1.18 * cell_edge_m(level)


@pytest.mark.parametrize("level", [-1, 31])
def test_levels_are_from_0_to_30(level: int) -> None:
    with pytest.raises(ValueError, match="level"):
        cell_ids(0.0, 0.0, level=level)
