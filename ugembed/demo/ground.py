"""Everything flat: yards, parks, water, pavements, roads and what is painted on them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ugembed.demo.lots import PAVEMENT_M
from ugembed.demo.model import Camera, City, Floats, Ints
from ugembed.demo.optics import GROUND_ORDER, Patches

LABEL_PARK, LABEL_RIVER, LABEL_ZEBRA = 2, 3, 4
SIGHT_M = 260.0
MARKS_M = 95.0
WIDE_M, NARROW_M = 5.0, 3.5
"""Half widths of the carriageway above and below which a road is called wide or narrow."""

STONE = (178, 172, 160)
WATER = (70, 124, 176)
GRASS = (112, 160, 78)
ASPHALT = (92, 92, 96)
COBBLES = (134, 118, 104)
PAVING = (176, 172, 166)
PAINT = (236, 236, 232)


def flat(points: Floats, height: float = 0.02) -> Floats:
    """(…, 2) points on the ground as (…, 3)."""
    return np.concatenate([points, np.full((*points.shape[:-1], 1), height)], axis=-1)


def ribbons(start: Floats, end: Floats, half_width: Floats | float) -> Floats:
    """(m, 4, 2) rectangles along segments (m, 2) with half widths (m,)."""
    along = end - start
    along = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    across = np.stack([along[:, 1], -along[:, 0]], axis=1) * np.reshape(half_width, (-1, 1))
    return np.stack([start - across, start + across, end + across, end - across], axis=1)


def discs(centres: Floats, radii: Floats, corners: int = 10) -> Floats:
    """(m, corners, 2) regular polygons."""
    angles = np.arange(corners) * 2 * np.pi / corners
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.asarray(centres[:, None] + radii[:, None, None] * circle)


class Ground:
    """The ground of a city, ready to be seen from any camera."""

    def __init__(self, city: City) -> None:
        self.city = city
        edges = city.edges
        self.middle = (edges.start + edges.end) / 2
        self.length = np.linalg.norm(edges.end - edges.start, axis=1)
        degree = np.bincount(edges.nodes.ravel(), minlength=len(city.nodes))
        self.crossing = degree >= 3
        self.node_radius = np.zeros(len(city.nodes))
        np.maximum.at(self.node_radius, edges.nodes.ravel(), np.repeat(edges.half_width, 2))
        self.bridge = np.zeros(len(edges.street), dtype=bool)
        for river in city.rivers:
            west = [ends[:, 0] < river.east_at(ends[:, 1]) for ends in (edges.start, edges.end)]
            self.bridge |= west[0] != west[1]

    def add_to(self, patches: Patches, camera: Camera) -> None:
        """Add what lies within sight, in layers: water, parks, pavements, roads, marks."""
        here = np.array(camera.position)
        self._water(patches, here)
        for park in self.city.parks:
            if np.linalg.norm(np.array(park.position) - here) < SIGHT_M:
                ring = discs(np.array([park.position]), np.array([park.radius]), 18)
                patches.add(flat(ring), GRASS, GROUND_ORDER - 2, label=LABEL_PARK)
        edges = self.city.edges
        near = np.flatnonzero(np.linalg.norm(self.middle - here, axis=1) - self.length / 2 < SIGHT_M)
        nodes = np.unique(edges.nodes[near])
        for layer, extra in ((3, PAVEMENT_M), (4, 0.0)):
            road = ribbons(edges.start[near], edges.end[near], edges.half_width[near] + extra)
            narrow = (edges.half_width[near] < NARROW_M)[:, None]
            colour = np.where(narrow, COBBLES, ASPHALT) if layer == 4 else np.broadcast_to(PAVING, (len(near), 3))
            patches.add(flat(road), colour.astype(np.float64), GROUND_ORDER - layer)
            plaza = discs(self.city.nodes[nodes], self.node_radius[nodes] + extra)
            patches.add(flat(plaza), ASPHALT if layer == 4 else PAVING, GROUND_ORDER - layer)
        close = near[np.linalg.norm(self.middle[near] - here, axis=1) - self.length[near] / 2 < MARKS_M]
        self._lane_marks(patches, close, here)
        self._zebras(patches, close, here)
        self._railings(patches, near, here)

    def _water(self, patches: Patches, here: Floats) -> None:
        for river in self.city.rivers:
            start, end = river.line[:-1], river.line[1:]
            seen = np.linalg.norm((start + end) / 2 - here, axis=1) < SIGHT_M
            for layer, extra, colour, label in ((0, 6.0, STONE, 0), (1, 0.0, WATER, LABEL_RIVER)):
                band = ribbons(start[seen], end[seen], river.half_width + extra)
                patches.add(flat(band), colour, GROUND_ORDER - layer, label=label)

    def _lane_marks(self, patches: Patches, near: Ints, here: Floats) -> None:
        edges = self.city.edges
        for k in near[edges.half_width[near] >= NARROW_M].tolist():
            along = (edges.end[k] - edges.start[k]) / self.length[k]
            metres = np.arange(14.0, self.length[k] - 16.0, 8.0)[:, None]
            start = edges.start[k] + metres * along
            start = start[np.linalg.norm(start - here, axis=1) < MARKS_M]
            patches.add(flat(ribbons(start, start + 3.2 * along, 0.14)), PAINT, GROUND_ORDER - 5, detail=True)

    def _zebras(self, patches: Patches, near: Ints, here: Floats) -> None:
        """White bars along the way, across every street that enters a crossing."""
        edges = self.city.edges
        for k in near.tolist():
            along = (edges.end[k] - edges.start[k]) / self.length[k]
            across = np.array([along[1], -along[0]])
            half = edges.half_width[k]
            for node, sense in zip(edges.nodes[k], (along, -along), strict=True):
                if not self.crossing[node] or np.linalg.norm(self.city.nodes[node] - here) > MARKS_M:
                    continue
                middle = self.city.nodes[node] + sense * (self.node_radius[node] + 3.5)
                offsets = np.arange(-half + 0.5, half - 0.4, 1.3)[:, None]
                start = middle + offsets * across
                bars = ribbons(start, start + 3.4 * sense, 0.36)
                patches.add(flat(bars), PAINT, GROUND_ORDER - 6, label=LABEL_ZEBRA)

    def _railings(self, patches: Patches, near: Ints, here: Floats) -> None:
        """Low walls along the bridges, where they are over water."""
        edges = self.city.edges
        for k in near[self.bridge[near]].tolist():
            rim = ribbons(edges.start[k : k + 1], edges.end[k : k + 1], edges.half_width[k] + PAVEMENT_M)[0]
            for a, b in ((rim[0], rim[3]), (rim[1], rim[2])):
                low = flat(np.linspace(a, b, 25), 0.0)
                top = low + np.array([0.0, 0.0, 0.7])
                walls = np.stack([low[:-1], low[1:], top[1:], top[:-1]], axis=1)
                middle = walls[:, :2, :2].mean(axis=1)
                wet = self._over_water(middle)
                patches.add(walls[wet], STONE, np.linalg.norm(middle[wet] - here, axis=1))

    def _over_water(self, points: Floats) -> NDArray[np.bool_]:
        wet = np.zeros(len(points), dtype=bool)
        for river in self.city.rivers:
            wet |= np.abs(points[:, 0] - river.east_at(points[:, 1])) < river.half_width + 5.0
        return wet
