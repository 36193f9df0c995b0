"""Houses as boxes with roofs, windows in the manner of the district, and a coloured shop front where a place is."""

from __future__ import annotations

import numpy as np

from ugembed.demo.lots import STOREY_M
from ugembed.demo.model import Camera, City, Floats, Ints
from ugembed.demo.optics import Patches, axes
from ugembed.demo.palette import CATEGORIES, ROOFS, WALLS

LABEL_WALLS = 100
"""Label of a wall: this + 10 * index of its colour in `palette.WALLS` + storeys."""
LABEL_POI = 100_000
SIGHT_M = 230.0
WINDOWS_M = 80.0
ROOF_M = {"flat": 0.6, "hip": 4.0, "mansard": 2.8}
GLASS = (58, 72, 92)
SUN = np.array([0.8, -0.6])


def raised(points: Floats, heights: Floats) -> Floats:
    """(…, 2) points at heights (…,) as (…, 3)."""
    return np.concatenate([points, heights[..., None]], axis=-1)


class Houses:
    """The houses of a city, ready to be seen from any camera."""

    def __init__(self, city: City) -> None:
        self.city = city
        houses = city.buildings
        self.centre = houses.corners.mean(axis=1)
        self.height = houses.storeys * STOREY_M + 0.8
        self.poi_of = {poi.building: k for k, poi in enumerate(city.pois)}
        words = list(WALLS)
        wall = np.array([words.index(street.wall) for street in city.streets], dtype=np.int64)
        usual = np.array([street.storeys for street in city.streets], dtype=np.int64)
        self.label = LABEL_WALLS + 10 * wall[houses.street] + usual[houses.street]
        self.roof = [ROOFS[district.roof] for district in city.districts]

    def add_to(self, patches: Patches, camera: Camera) -> None:
        """Add the houses within sight that are not behind the camera."""
        here = np.array(camera.position)
        ahead, _ = axes(camera.heading)
        # To the far end of the front: what stands before any part of it must be painted later.
        distance = np.linalg.norm(self.city.buildings.corners[:, :2] - here, axis=2).max(axis=1)
        seen = np.flatnonzero((distance < SIGHT_M) & ((self.centre - here) @ ahead > -14.0))
        self._walls(patches, seen, here, distance)
        self._roofs(patches, seen, distance)
        close = seen[distance[seen] < WINDOWS_M]
        front = self.city.buildings.corners[close, :2].mean(axis=1)
        facing = ((front - self.centre[close]) * (here - front)).sum(axis=1) > 0
        for house in close[facing].tolist():
            self._front(patches, house, float(distance[house]))

    def _walls(self, patches: Patches, seen: Ints, here: Floats, distance: Floats) -> None:
        houses = self.city.buildings
        for side in range(4):
            a, b = houses.corners[seen, side], houses.corners[seen, (side + 1) % 4]
            middle = (a + b) / 2
            outward = middle - self.centre[seen]
            outward = outward / np.linalg.norm(outward, axis=1, keepdims=True)
            facing = (outward * (here - middle)).sum(axis=1) > 0
            kept, a, b = seen[facing], a[facing], b[facing]
            top, zero = self.height[kept], np.zeros(len(kept))
            walls = np.stack([raised(a, zero), raised(b, zero), raised(b, top), raised(a, top)], axis=1)
            light = 0.9 + 0.14 * (outward[facing] @ SUN)
            colour = np.clip(houses.wall[kept] * light[:, None], 0, 255)
            patches.add(walls, colour, distance[kept], label=self.label[kept])

    def _roofs(self, patches: Patches, seen: Ints, distance: Floats) -> None:
        """Four slopes towards a smaller rectangle; a flat roof is a low, nearly upright parapet."""
        houses = self.city.buildings
        for district in self.city.districts:
            kept = seen[houses.district[seen] == district.number]
            inset = {"flat": 0.0, "hip": 0.8, "mansard": 0.2}[district.roof]
            eaves = houses.corners[kept]
            ridge = eaves + inset * (self.centre[kept][:, None] - eaves)
            low = np.repeat(self.height[kept][:, None], 4, axis=1)
            bottom, top = raised(eaves, low), raised(ridge, low + ROOF_M[district.roof])
            colour = np.array(self.roof[district.number], dtype=np.float64)
            for side, light in zip((2, 1, 3, 0), (0.8, 0.95, 0.85, 1.0), strict=True):
                other = (side + 1) % 4
                slope = np.stack([bottom[:, side], bottom[:, other], top[:, other], top[:, side]], axis=1)
                patches.add(slope, colour * light, distance[kept])

    def _front(self, patches: Patches, house: int, distance: float) -> None:
        houses = self.city.buildings
        left, right = houses.corners[house, :2]
        out = houses.corners[house, 0] - houses.corners[house, 3]
        out = out / np.linalg.norm(out)
        along = right - left
        width = float(np.linalg.norm(along))
        district = self.city.districts[houses.district[house]]
        windows = _windows(district.windows, width, int(houses.storeys[house]))
        poi = self.poi_of.get(house)
        if poi is not None:
            windows = windows[windows[:, 2] > STOREY_M]
        patches.add(_on_wall(left + 0.05 * out, along / width, windows), GLASS, distance, detail=True)
        if poi is not None:
            self._shop(patches, poi, (left, along / width, out, width), distance)

    def _shop(self, patches: Patches, poi: int, wall: tuple[Floats, Floats, Floats, float], distance: float) -> None:
        """Shop window, sign board and awning in the colour of the category, and a sign that sticks out."""
        left, along, out, width = wall
        colour = np.array(CATEGORIES[self.city.pois[poi].category].awning, dtype=np.float64)
        label = LABEL_POI + poi
        glass = np.array([[0.8, width - 0.8, 0.5, 2.4]])
        board = np.array([[0.2, width - 0.2, 2.3, 4.0]])
        patches.add(_on_wall(left + 0.06 * out, along, glass), GLASS, distance, detail=True)
        patches.add(_on_wall(left + 0.07 * out, along, board), colour * 0.92, distance, label=label)
        a, b = left + 0.3 * along, left + (width - 0.3) * along
        rim = 1.7 * out
        awning = np.array([[[*a, 3.3], [*b, 3.3], [*(b + rim), 2.5], [*(a + rim), 2.5]]])
        patches.add(awning, colour, distance, label=label)
        middle = left + 0.5 * width * along
        near, far = middle + 0.3 * out, middle + 2.3 * out
        sign = np.array([[[*near, 4.2], [*far, 4.2], [*far, 6.2], [*near, 6.2]]])
        patches.add(sign, colour, distance, label=label)


def _windows(manner: str, width: float, storeys: int) -> Floats:
    """(n, 4) rectangles on a wall: left, right, bottom, top in metres."""
    floors = np.arange(storeys) * STOREY_M
    if manner == "ribbon":
        return np.stack([np.full(storeys, 0.7), np.full(storeys, width - 0.7), floors + 1.2, floors + 2.4], axis=1)
    half, low, high = (0.5, 0.7, 2.7) if manner == "tall" else (0.75, 1.1, 2.3)
    count = max(2, round(width / 3.4))
    middles = (np.arange(count) + 0.5) * width / count
    grid = [(m - half, m + half, floor + low, floor + high) for floor in floors for m in middles]
    return np.array(grid)


def _on_wall(origin: Floats, along: Floats, rectangles: Floats) -> Floats:
    """(n, 4, 3) corners of rectangles on the upright plane through ``origin`` along ``along``."""
    left, right = (origin + rectangles[:, k : k + 1] * along for k in (0, 1))
    low, high = rectangles[:, 2], rectangles[:, 3]
    return np.stack([raised(left, low), raised(right, low), raised(right, high), raised(left, high)], axis=1)
