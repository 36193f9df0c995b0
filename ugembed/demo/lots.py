"""Houses along the streets, and the places that open in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ugembed.demo.model import (
    Buildings,
    CityConfig,
    District,
    Edges,
    Floats,
    Landmark,
    Park,
    Poi,
    River,
    Street,
    rng_for,
)
from ugembed.demo.names import NameBook
from ugembed.demo.palette import CATEGORIES, LANDMARK_SIZES, WALLS
from ugembed.demo.planar import distance_to_segments

PAVEMENT_M = 3.0
CORNER_M = 21.0
"""Free length at both ends of a street piece, so that houses around a corner do not overlap."""
OPEN_M = 24.0
"""Free ground around parks and along water, so that they can be seen from the street."""
STOREY_M = 3.1

Obstacles = tuple[Sequence[River], Sequence[Park], Sequence[Landmark]]


def build_houses(
    config: CityConfig,
    districts: Sequence[District],
    streets: Sequence[Street],
    edges: Edges,
    *,
    obstacles: Obstacles,
) -> Buildings:
    """Houses on both sides of every street piece, save where a street, water, a park or a landmark is."""
    footprints: list[Floats] = []
    owners: list[int] = []
    for k in range(len(edges.street)):
        rng = rng_for(config, "lots", k)
        garden = districts[streets[edges.street[k]].district].garden_m
        for side in (-1.0, 1.0):
            rows = _row(edges.start[k], edges.end[k], side * (edges.half_width[k] + PAVEMENT_M + garden), rng)
            footprints += rows
            owners += [k] * len(rows)
    corners, owner = np.array(footprints).reshape(-1, 4, 2), np.array(owners, dtype=np.int64)
    free = _is_free(corners, owner, edges, obstacles)
    corners, street = corners[free], edges.street[owner[free]]
    rng = rng_for(config, "walls")
    wall = np.array([WALLS[streets[k].wall] for k in street], dtype=np.float64).reshape(-1, 3)
    wall = np.clip(wall * rng.uniform(0.9, 1.08, (len(wall), 1)), 0, 255)
    storeys = np.array([streets[k].storeys for k in street], dtype=np.int64) + (rng.random(len(street)) < 0.1)
    district = np.array([streets[k].district for k in street], dtype=np.int64)
    return Buildings(corners, storeys, wall, street, district)


def _row(start: Floats, end: Floats, offset: float, rng: np.random.Generator) -> list[Floats]:
    """Footprints along one side; a positive ``offset`` is to the right of the way from start to end."""
    length = float(np.linalg.norm(end - start))
    along = (end - start) / max(length, 1e-9)
    out = np.array([along[1], -along[0]]) * np.sign(offset)
    footprints = []
    position = CORNER_M
    while position < length - CORNER_M - 10:
        width = min(rng.uniform(11, 18), length - CORNER_M - position)
        depth = rng.uniform(9, 12)
        near, far = start + along * position, start + along * (position + width)
        if offset > 0:
            near, far = far, near
        front = out * abs(offset)
        footprints.append(np.array([near + front, far + front, far + front + out * depth, near + front + out * depth]))
        position += width + (0.0 if rng.random() < 0.75 else rng.uniform(3, 7))
    return footprints


def _is_free(corners: Floats, owner: np.ndarray, edges: Edges, obstacles: Obstacles) -> np.ndarray:
    rivers, parks, landmarks = obstacles
    probes = np.concatenate([corners, corners.mean(axis=1, keepdims=True)], axis=1)
    free = np.ones(len(corners), dtype=bool)
    for block in np.array_split(np.arange(len(corners)), max(1, len(corners) // 400)):
        points = probes[block].reshape(-1, 2)
        low, high = points.min(axis=0) - 30, points.max(axis=0) + 30
        near = np.flatnonzero(
            (np.minimum(edges.start, edges.end) <= high).all(axis=1)
            & (np.maximum(edges.start, edges.end) >= low).all(axis=1)
        )
        gap = distance_to_segments(points, edges.start[near], edges.end[near]) - edges.half_width[near] - 2.0
        gap = gap.reshape(len(block), 5, -1).min(axis=1)
        gap[owner[block][:, None] == near[None]] = np.inf
        free[block] &= gap.min(axis=1, initial=np.inf) > 0
    for river in rivers:
        wet = np.abs(probes[..., 0] - river.east_at(probes[..., 1])) < river.half_width + OPEN_M
        free &= ~wet.any(axis=1)
    rounds = [(park.position, park.radius + OPEN_M) for park in parks]
    rounds += [(mark.position, LANDMARK_SIZES[mark.kind][0] * 0.5) for mark in landmarks]
    for position, radius in rounds:
        free &= (np.linalg.norm(probes - np.array(position), axis=2) > radius).all(axis=1)
    return free


def host_places(config: CityConfig, buildings: Buildings, districts: int, book: NameBook) -> tuple[Poi, ...]:
    """Named places in houses at least 28 m apart; the position is 1.5 m behind the middle of the front."""
    pois: list[Poi] = []
    kinds = tuple(CATEGORIES)
    front = buildings.corners[:, :2].mean(axis=1)
    back = buildings.corners[:, 2:].mean(axis=1)
    inward = (back - front) / np.linalg.norm(back - front, axis=1, keepdims=True)
    for district in range(districts):
        rng = rng_for(config, "places", district)
        taken = np.empty((0, 2))
        for house in rng.permutation(np.flatnonzero(buildings.district == district)).tolist():
            if len(taken) == config.pois_per_district:
                break
            if len(taken) and np.linalg.norm(taken - front[house], axis=1).min() < 28.0:
                continue
            taken = np.vstack([taken, front[house]])
            category = kinds[int(rng.integers(len(kinds)))]
            east, north = front[house] + 1.5 * inward[house]
            name = book.named(CATEGORIES[category].words)
            pois.append(Poi(name, category, (float(east), float(north)), district, house))
    return tuple(pois)
