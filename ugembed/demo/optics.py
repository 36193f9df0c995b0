"""The pinhole camera: from coloured polygons in the city to polygons in the picture, far ones first."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ugembed.demo.model import Camera, Floats, Ints

WIDTH, HEIGHT = 504, 336
"""Size of a picture in pixels."""
FOCAL_PX = 300.0
"""80 degrees from the left to the right edge."""
HORIZON_ROW = 196.0
EYE_M = 1.6
NEAR_M = 0.4
GROUND_ORDER = 1e6
"""Painting order of the ground; its layers count down from here, everything else has its distance in metres."""

Polygon = list[tuple[float, float]]


@dataclass(slots=True)
class Patches:
    """Collects polygons: corners in metres (east, north, up), colour, label and painting order (larger is earlier)."""

    corners: list[Floats] = field(default_factory=list)
    sizes: list[Ints] = field(default_factory=list)
    colours: list[Floats] = field(default_factory=list)
    labels: list[Ints] = field(default_factory=list)
    orders: list[Floats] = field(default_factory=list)
    details: list[NDArray[np.bool_]] = field(default_factory=list)

    def add(
        self,
        corners: Floats,
        colour: Floats | tuple[int, int, int],
        order: Floats | float,
        *,
        label: Ints | int = 0,
        detail: bool = False,
    ) -> None:
        """Add ``corners`` (m, k, 3); colour (3,) or (m, 3), order and label of one or of each.

        A ``detail`` is painted on something that stands for it in the label image.
        """
        many, size = corners.shape[:2]
        if many == 0:
            return
        self.corners.append(corners.reshape(-1, 3))
        self.sizes.append(np.full(many, size))
        self.colours.append(np.broadcast_to(np.asarray(colour, dtype=np.float64), (many, 3)))
        self.labels.append(np.broadcast_to(np.asarray(label, dtype=np.int64), (many,)))
        self.orders.append(np.broadcast_to(np.asarray(order, dtype=np.float64), (many,)))
        self.details.append(np.full(many, detail))


@dataclass(frozen=True, slots=True)
class Picture:
    """Polygons in pixels in painting order, with colour (m, 3), label (m,), order (m,) and detail flag (m,)."""

    polygons: list[Polygon]
    colours: Floats
    labels: Ints
    orders: Floats
    details: NDArray[np.bool_]


def axes(heading: float) -> tuple[Floats, Floats]:
    """Unit vectors (east, north) straight ahead and to the right of a heading in degrees clockwise from north."""
    angle = np.radians(heading)
    ahead = np.array([np.sin(angle), np.cos(angle)])
    return ahead, np.array([ahead[1], -ahead[0]])


def to_camera(camera: Camera, corners: Floats) -> Floats:
    """(n, 3) metres to the right, above the eye, and ahead of the camera of points (n, 3) in the city."""
    ahead, right = axes(camera.heading)
    relative = corners[:, :2] - np.array(camera.position)
    return np.stack([relative @ right, corners[:, 2] - EYE_M, relative @ ahead], axis=1)


def project(camera: Camera, patches: Patches) -> Picture:
    """What of the patches falls into the picture, clipped at the near plane."""
    if not patches.corners:
        return Picture([], np.empty((0, 3)), np.empty(0, np.int64), np.empty(0), np.empty(0, np.bool_))
    seen = to_camera(camera, np.concatenate(patches.corners))
    sizes = np.concatenate(patches.sizes)
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    depth = np.maximum(seen[:, 2], NEAR_M)
    column = WIDTH / 2 + FOCAL_PX * seen[:, 0] / depth
    row = HORIZON_ROW - FOCAL_PX * seen[:, 1] / depth
    cut = np.minimum.reduceat(seen[:, 2], first) < NEAR_M
    inside = (
        (np.maximum.reduceat(column, first) > 0)
        & (np.minimum.reduceat(column, first) < WIDTH)
        & (np.maximum.reduceat(row, first) > 0)
        & (np.minimum.reduceat(row, first) < HEIGHT)
    )
    kept = np.flatnonzero((np.maximum.reduceat(seen[:, 2], first) > NEAR_M) & (inside | cut))
    orders = np.concatenate(patches.orders)
    kept = kept[np.argsort(-orders[kept], kind="stable")]
    pixels = np.stack([column, row], axis=1)
    polygons = []
    for k in kept.tolist():
        part = slice(first[k], first[k] + sizes[k])
        polygons.append(_clipped(seen[part].tolist()) if cut[k] else list(map(tuple, pixels[part].tolist())))
    return Picture(
        polygons,
        np.concatenate(patches.colours)[kept],
        np.concatenate(patches.labels)[kept],
        orders[kept],
        np.concatenate(patches.details)[kept],
    )


def _clipped(corners: list[list[float]]) -> Polygon:
    """Sutherland-Hodgman against the near plane, then projection; fewer than three corners mean nothing is left."""
    kept = []
    for (x, up, ahead), (x2, up2, ahead2) in zip(corners, corners[1:] + corners[:1], strict=True):
        if ahead >= NEAR_M:
            kept.append((x, up, ahead))
        if (ahead >= NEAR_M) != (ahead2 >= NEAR_M):
            t = (NEAR_M - ahead) / (ahead2 - ahead)
            kept.append((x + t * (x2 - x), up + t * (up2 - up), NEAR_M))
    return [(WIDTH / 2 + FOCAL_PX * x / ahead, HORIZON_ROW - FOCAL_PX * up / ahead) for x, up, ahead in kept]
