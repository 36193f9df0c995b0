"""Which places of a file lie together."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ugembed.geo.geodesy import chord_m, earth_centred
from ugembed.records.checking.columns import distinct, pieces

Degrees: TypeAlias = NDArray[np.float64]
Millionths: TypeAlias = NDArray[np.int32]
"""Whole millionths of a degree."""
Box: TypeAlias = tuple[float, float, float, float]

CITIES_APART_M = 100_000.0
NEIGHBOURHOOD_DEG = 1.0
_CELLS_A_DEGREE = 4
_CELLS_AROUND = 361 * _CELLS_A_DEGREE


def swapped(lon: Millionths, lat: Millionths) -> NDArray[np.bool_]:
    """Which places come within a degree of the median only with longitude and latitude exchanged."""
    middle_lon, middle_lat = np.median(lon) / 1e6, np.median(lat) / 1e6

    def is_near(lon: Degrees, lat: Degrees) -> NDArray[np.bool_]:
        return (abs(lon - middle_lon) <= NEIGHBOURHOOD_DEG) & (abs(lat - middle_lat) <= NEIGHBOURHOOD_DEG)

    degrees = ((lon[piece] / 1e6, lat[piece] / 1e6) for piece in pieces(len(lon)))
    return np.concatenate([is_near(north, east) & ~is_near(east, north) for east, north in degrees])


def boxes_of_cities(lon: Millionths, lat: Millionths) -> list[Box]:
    """West, south, east, north of every group of places that is more than 100 km from all others; the largest first.

    Places are put together by cells of a quarter degree, whose middles are compared: groups that are told apart are at
    least 60 km apart. Boxes are in degrees.
    """
    found = np.zeros(0, np.int64)
    for piece in pieces(len(lon)):
        found = distinct(np.concatenate([found, _cells(lon[piece], lat[piece])]))
    if len(found) < 2:
        return []
    middles = np.stack(np.divmod(found, _CELLS_AROUND), axis=1) + 0.5
    group_of_cell = _groups(middles / _CELLS_A_DEGREE - 180)
    groups = np.concatenate(
        [group_of_cell[np.searchsorted(found, _cells(lon[piece], lat[piece]))] for piece in pieces(len(lon))]
    )
    boxes = []
    for group in np.argsort(-np.bincount(groups), kind="stable"):
        west, south, east, north = (
            float(edge(values[groups == group])) / 1e6 for edge in (np.min, np.max) for values in (lon, lat)
        )
        boxes.append((west, south, east, north))
    return boxes


def _cells(lon: Millionths, lat: Millionths) -> NDArray[np.int64]:
    column, row = (np.floor((values / 1e6 + 180) * _CELLS_A_DEGREE).astype(np.int64) for values in (lon, lat))
    return np.asarray(column * _CELLS_AROUND + row)


def _groups(points: Degrees) -> NDArray[np.int32]:
    """Number of the group of each (lon, lat): chains of points of which each is within 100 km of the next."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    tree = cKDTree(earth_centred(points[:, 0], points[:, 1]))
    pairs = tree.query_pairs(chord_m(CITIES_APART_M), output_type="ndarray")
    links = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(len(points),) * 2)
    return np.asarray(connected_components(links, directed=False)[1], np.int32)
