"""Trees and landmarks: flat figures that always turn towards the camera."""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from ugembed.demo.lots import PAVEMENT_M
from ugembed.demo.model import Camera, City, Floats, Landmark, rng_for
from ugembed.demo.optics import Patches, axes
from ugembed.demo.palette import LANDMARK_COLOURS, LANDMARK_SIZES

LABEL_TREE = 1
LABEL_LANDMARK = 10_000
TREES_M = 170.0
LANDMARKS_M = 420.0
LEAVES = ((62, 118, 48), (92, 150, 62))
BARK = (88, 66, 50)

Outline = list[tuple[float, float]]


def _ring(u: float, v: float, radius_u: float, radius_v: float, *, upper: bool = False) -> Outline:
    angles = np.linspace(0, np.pi, 13) if upper else np.linspace(0, 2 * np.pi, 20, endpoint=False)
    return [(float(u + radius_u * np.cos(a)), float(v + radius_v * np.sin(a))) for a in angles]


def _box(left: float, right: float, low: float, high: float) -> Outline:
    return [(left, low), (right, low), (right, high), (left, high)]


_OUTLINES: dict[str, list[tuple[Outline, float]]] = {
    "dome": [
        (_box(-0.5, 0.5, 0, 0.5), 0.8),
        (_ring(0, 0.5, 0.5, 0.44, upper=True), 1),
        (_box(-0.03, 0.03, 0.9, 1), 0.8),
    ],
    "tower": [(_box(-0.38, 0.38, 0, 0.86), 1), (_box(-0.5, 0.5, 0.8, 1), 0.75)],
    "spire": [(_box(-0.5, 0.5, 0, 0.42), 0.8), ([(-0.5, 0.42), (0.5, 0.42), (0, 1)], 1)],
    "obelisk": [([(-0.5, 0), (0.5, 0), (0.32, 0.9), (0, 1), (-0.32, 0.9)], 1)],
    "wheel": [(_ring(0, 0.56, 0.5, 0.44), 1), (_ring(0, 0.56, 0.38, 0.33), -1)],
    "arch": [(_box(-0.5, -0.26, 0, 0.8), 1), (_box(0.26, 0.5, 0, 0.8), 1), (_box(-0.5, 0.5, 0.66, 1), 0.85)],
    "pyramid": [([(-0.5, 0), (0.5, 0), (0, 1)], 1), ([(0.12, 0), (0.5, 0), (0, 1)], 0.8)],
    "globe": [(_box(-0.12, 0.12, 0, 0.65), 0.7), (_ring(0, 0.76, 0.5, 0.24), 1)],
}
"""Shapes in units of width and height, each with its brightness; -1 is a hole that shows the sky."""

_SPOKES = [[(0.0, 0.54), (0.0, 0.58), (x, y + 0.02), (x, y - 0.02)] for x, y in _ring(0, 0.56, 0.4, 0.36)[::3]]


@cache
def filled_share(kind: str) -> float:
    """Share of its width times height that the silhouette of a landmark fills."""
    canvas = Image.new("1", (200, 200), 0)
    draw = ImageDraw.Draw(canvas)
    for outline, light in _OUTLINES[kind]:
        draw.polygon([(100 + 200 * u, 200 - 200 * v) for u, v in outline], fill=int(light > 0))
    return float(np.asarray(canvas).mean())


class Tall:
    """Trees and landmarks of a city, ready to be seen from any camera."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.trees = np.concatenate([_avenue_trees(city), _park_trees(city)])
        rng = rng_for(city.config, "tree-sizes")
        self.tree_size = rng.uniform(0.85, 1.2, len(self.trees))

    def add_to(self, patches: Patches, camera: Camera, sky: tuple[int, int, int]) -> None:
        """Add what is ahead and within sight; ``sky`` is seen through the holes of a wheel."""
        here = np.array(camera.position)
        ahead, right = axes(camera.heading)
        self._trees(patches, here, ahead, right)
        for k, landmark in enumerate(self.city.landmarks):
            away = np.array(landmark.position) - here
            distance = float(np.linalg.norm(away))
            if distance <= LANDMARKS_M and away @ ahead >= 5.0:
                _add_landmark(patches, landmark, away / distance, distance, LABEL_LANDMARK + k, sky)

    def _trees(self, patches: Patches, here: Floats, ahead: Floats, right: Floats) -> None:
        relative = self.trees - here
        distance = np.linalg.norm(relative, axis=1)
        seen = np.flatnonzero((distance < TREES_M) & (relative @ ahead > 1.0))
        foot, size, far = self.trees[seen], self.tree_size[seen], distance[seen]

        def upright(outline: Outline) -> Floats:
            shape = np.array(outline)
            ground = foot[:, None] + (shape[:, 0] * size[:, None])[..., None] * right
            return np.concatenate([ground, (shape[:, 1] * size[:, None])[..., None]], axis=2)

        patches.add(upright(_box(-0.16, 0.16, 0, 2.8)), BARK, far, label=LABEL_TREE)
        patches.add(upright(_ring(0, 4.7, 2.1, 2.4)[::2]), LEAVES[0], far, label=LABEL_TREE)
        patches.add(upright(_ring(-0.3, 5.2, 1.4, 1.6)[::2]), LEAVES[1], far, detail=True)


def _add_landmark(
    patches: Patches, landmark: Landmark, sight: Floats, distance: float, label: int, sky: tuple[int, int, int]
) -> None:
    """The silhouette, upright and across the line of ``sight`` (unit vector from the camera)."""
    colour = np.array(LANDMARK_COLOURS[landmark.colour], dtype=np.float64)
    across = np.array([sight[1], -sight[0]])

    def upright(outline: Outline) -> Floats:
        shape = np.array(outline) * LANDMARK_SIZES[landmark.kind]
        return np.concatenate([landmark.position + shape[:, :1] * across, shape[:, 1:]], axis=1)[None]

    for outline, light in _OUTLINES[landmark.kind]:
        hole = light < 0
        tone = np.array(sky, dtype=np.float64) if hole else colour * light
        patches.add(upright(outline), tone, distance, label=0 if hole else label)
    if landmark.kind == "wheel":
        for spoke in _SPOKES:
            patches.add(upright(spoke), colour, distance, detail=True)
        patches.add(upright(_box(-0.05, 0.05, 0, 0.56)), colour * 0.7, distance, label=label)


def _avenue_trees(city: City) -> Floats:
    rows = [np.empty((0, 2))]
    edges = city.edges
    for k, owner in enumerate(edges.street):
        length = float(np.linalg.norm(edges.end[k] - edges.start[k]))
        along = (edges.end[k] - edges.start[k]) / length
        metres = np.arange(18.0, length - 16.0, 12.0)[:, None]
        right = np.array([along[1], -along[0]]) * (edges.half_width[k] + PAVEMENT_M * 0.5)
        for side in sorted(city.streets[owner].trees):
            rows.append(edges.start[k] + metres * along + (right if side == "right" else -right))
    trees = np.concatenate(rows)
    dry = np.ones(len(trees), dtype=bool)
    for river in city.rivers:
        dry &= np.abs(trees[:, 0] - river.east_at(trees[:, 1])) > river.half_width + 6
    return trees[dry]


def _park_trees(city: City) -> Floats:
    groves = [np.empty((0, 2))]
    for k, park in enumerate(city.parks):
        rng = rng_for(city.config, "park-trees", k)
        radius = park.radius * np.sqrt(rng.uniform(0.05, 0.9, 26))
        angle = rng.uniform(0, 2 * np.pi, 26)
        groves.append(np.array(park.position) + radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1))
    return np.concatenate(groves)
