"""Who is near whom among many places: trees over points on the unit sphere, so that poles and the antimeridian are like
any other place. Axis order is always (lon, lat), in degrees; lengths are great-circle metres.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.cluster.hierarchy import DisjointSet
from scipy.spatial import cKDTree

from ugembed.geo.geodesy import EARTH_RADIUS_M, Floats

_FEW_PAIRS = 1000  # as many distances are measured faster than a tree is built


def unit_vectors(lon: ArrayLike, lat: ArrayLike) -> Floats:
    """(…, 3) points on the unit sphere."""
    lam, phi = np.radians(np.asarray(lon, np.float64)), np.radians(np.asarray(lat, np.float64))
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)


def chord(metres: float) -> float:
    """Length of the straight line on the unit sphere between two places that are ``metres`` apart."""
    return float(2 * np.sin(min(metres / EARTH_RADIUS_M, np.pi) / 2))


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
    straight, _ = cKDTree(unit_vectors(to_lon, to_lat)).query(unit_vectors(lon, lat))
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.clip(straight / 2, 0.0, 1.0)))


def far_apart(lon: Floats, lat: Floats, *, gap_m: float) -> NDArray[np.int64]:
    """The cluster of every place, numbered from 0 by first appearance.

    Two places are in one cluster when a chain of places joins them with no step over ``gap_m`` (single linkage), so
    different clusters are more than ``gap_m`` apart. Cubes whose diagonal is the gap hold only places of one cluster;
    exact distances are asked for between cubes that are not joined yet.
    """
    if not len(lon):
        return np.empty(0, np.int64)
    points, reach = unit_vectors(lon, lat), chord(gap_m)
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
