"""Who is near whom among many places: trees over earth-centred points, so that poles and the antimeridian are like any
other place. Axis order is always (lon, lat), in degrees; lengths are metres of `ugembed.geo.geodesy.distance_m`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import DisjointSet
from scipy.spatial import cKDTree

from ugembed.geo.geodesy import Floats, chord_m, distance_m, earth_centred

_FEW_PAIRS = 1000  # as many distances are measured faster than a tree is built


def lon_arc(lon: Floats) -> tuple[float, float]:
    """Where the shortest arc that holds all longitudes begins, going east, and how long it is; degrees."""
    ordered = np.unique(lon)
    gaps = np.diff(ordered, append=ordered[0] + 360.0)
    widest = int(gaps.argmax())
    return float(ordered[(widest + 1) % len(ordered)]), float(360.0 - gaps[widest])


def nearest_m(lon: Floats, lat: Floats, *, to_lon: Floats, to_lat: Floats) -> Floats:
    """Metres from every place to the nearest of the others; infinite if there are none."""
    if not len(to_lon):
        return np.full(len(lon), np.inf)
    _, nearest = cKDTree(earth_centred(to_lon, to_lat)).query(earth_centred(lon, lat))
    return distance_m(lon, lat, to_lon[nearest], to_lat[nearest])


def far_apart(lon: Floats, lat: Floats, *, gap_m: float) -> NDArray[np.int64]:
    """The cluster of every place, numbered from 0 by first appearance.

    Two places are in one cluster when a chain of places joins them with no step over ``gap_m`` (single linkage), so
    different clusters are more than ``gap_m`` apart. Cubes whose diagonal is the gap hold only places of one cluster;
    exact distances are asked for between cubes that are not joined yet.
    """
    if not len(lon):
        return np.empty(0, np.int64)
    points, reach = earth_centred(lon, lat), chord_m(gap_m)
    side = reach / np.sqrt(3)
    order, starts = _runs(np.floor(points / side))
    members, cubes = np.split(order, starts[1:]), np.floor(points[order[starts]] / side)
    joined = DisjointSet(range(len(cubes)))
    for one, other in _near_pairs((cubes + 0.5) * side, 2 * reach).tolist():
        if not joined.connected(one, other) and _touch(points[members[one]], points[members[other]], reach):
            joined.merge(one, other)
    root_of = np.empty(len(points), np.int64)
    root_of[order] = np.repeat([joined[cube] for cube in range(len(cubes))], np.diff(starts, append=len(points)))
    _, first, label = np.unique(root_of, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[label]


def _runs(cubes: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places ordered by cube, and where in that order the places of each cube begin."""
    order = np.lexsort(cubes.T)
    is_new = np.append(True, (np.diff(cubes[order], axis=0) != 0).any(axis=1))
    return order, np.flatnonzero(is_new)


def _near_pairs(centres: Floats, reach: float) -> NDArray[np.int64]:
    """(n, 2) pairs of cubes that may hold near points, the nearest first: they are the likeliest to be joined."""
    pairs = np.asarray(cKDTree(centres).query_pairs(reach * (1 + 1e-9), output_type="ndarray"), np.int64)
    apart = np.linalg.norm(centres[pairs[:, 0]] - centres[pairs[:, 1]], axis=1)
    return pairs[np.argsort(apart, kind="stable")]


def _touch(some: Floats, others: Floats, reach: float) -> bool:
    if len(some) * len(others) <= _FEW_PAIRS:
        return bool((np.linalg.norm(some[:, None] - others[None], axis=2) <= reach).any())
    few, many = sorted((some, others), key=len)
    straight, _ = cKDTree(many).query(few)
    return bool(straight.min() <= reach)
