"""`Lines`: many polylines as flat float64 arrays, and which of them are near a point.

Distances are point-to-segment distances in the plane that touches the ellipsoid at the point they are measured from:
wherever the city lies they are right to some millimetres (a piece of 400 m may bend that much between its ends,
depending on what one calls straight).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ugembed.geo.geodesy import EARTH_RADIUS_M, Floats, distance_m, earth_centred, east_north

Ints = NDArray[np.int64]

_PORTION = 2000  # points measured at once, so that memory does not grow with their number


@dataclass(frozen=True, slots=True)
class Nearby:
    """Nearest points of lines, as parallel arrays.

    Attributes:
        point: Which of the points asked about.
        line: Which line.
        distance_m: Metres from the point to the line.
        lon, lat: The nearest point on the line, degrees.
    """

    point: Ints
    line: Ints
    distance_m: Floats
    lon: Floats
    lat: Floats

    def __len__(self) -> int:
        return len(self.line)

    def take(self, rows: Ints | NDArray[np.bool_]) -> Nearby:
        return Nearby(self.point[rows], self.line[rows], self.distance_m[rows], self.lon[rows], self.lat[rows])

    @classmethod
    def joined(cls, parts: Sequence[Nearby]) -> Nearby:
        """The rows of all parts, one part after the other."""
        names = ("point", "line", "distance_m", "lon", "lat")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def nearest_per(self, *keys: Ints) -> Nearby:
        """Of every combination of ``keys`` (parallel to the rows) the nearest row; the lower line number on a tie.

        Rows come out sorted by the keys, the first key slowest.
        """
        order = np.lexsort((self.line, self.distance_m, *reversed(keys)))
        sorted_keys = np.stack([key[order] for key in keys])
        first = np.ones(len(order), dtype=bool)
        first[1:] = (sorted_keys[:, 1:] != sorted_keys[:, :-1]).any(axis=0)
        return self.take(order[first])


class Lines:
    """Polylines, each an (n, 2) float64 array of (lon, lat) in degrees with n >= 2, and an index over their pieces."""

    def __init__(self, lines: Sequence[Floats]) -> None:
        from shapely import STRtree, box

        sizes = np.array([len(line) for line in lines], dtype=np.int64)
        self.offsets: Ints = np.concatenate([[0], np.cumsum(sizes)])
        vertices = np.concatenate(lines) if len(lines) else np.empty((0, 2))
        self.lon, self.lat = np.ascontiguousarray(vertices[:, 0]), np.ascontiguousarray(vertices[:, 1])
        last = np.zeros(len(vertices), dtype=bool)
        last[self.offsets[1:] - 1] = True
        self._start: Ints = np.flatnonzero(~last)
        self._line_of_vertex: Ints = np.repeat(np.arange(len(lines)), sizes)
        self._centred = earth_centred(self.lon, self.lat)
        self._lon0 = float(self.lon[0]) if len(self.lon) else 0.0
        self._unwrapped = self._unwrap(self.lon)
        west, east = self._unwrapped[self._start], self._unwrapped[self._start + 1]
        south, north = self.lat[self._start], self.lat[self._start + 1]
        self._tree = STRtree(
            box(np.minimum(west, east), np.minimum(south, north), np.maximum(west, east), np.maximum(south, north))
        )

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def length_m(self) -> Floats:
        """Length of every line in metres, summed along it."""
        a, b = self._start, self._start + 1
        pieces = distance_m(self.lon[a], self.lat[a], self.lon[b], self.lat[b])
        return np.bincount(self._line_of_vertex[a], weights=pieces, minlength=len(self)).astype(np.float64)

    def near(self, lon: Floats, lat: Floats, radius_m: float) -> Nearby:
        """Every (point, line) pair at most ``radius_m`` metres apart, sorted by point, then line.

        Memory grows with the number of pieces within the radius, summed over the points.
        """
        point, piece = self._candidates(lon, lat, radius_m)
        found = self._measure(lon, lat, point, piece)
        found = found.take(found.distance_m <= radius_m)
        return found.nearest_per(found.point, found.line)

    def nearest(self, lon: Floats, lat: Floats, max_m: float) -> Nearby:
        """The nearest line of every point that has one within ``max_m`` metres, sorted by point."""
        parts = []
        for first in range(0, max(len(lon), 1), _PORTION):
            rows = slice(first, first + _PORTION)
            found = self.near(lon[rows], lat[rows], max_m)
            found = found.nearest_per(found.point)
            parts.append(replace(found, point=found.point + first))
        return Nearby.joined(parts)

    def _unwrap(self, lon: Floats) -> Floats:
        """Longitudes continuous around the first vertex, so that a city on the antimeridian is not torn apart."""
        return np.asarray(self._lon0 + (lon - self._lon0 + 180.0) % 360.0 - 180.0)

    def _candidates(self, lon: Floats, lat: Floats, radius_m: float) -> tuple[Ints, Ints]:
        """(point, piece) pairs whose bounding boxes are within ``radius_m``: a superset of the answer."""
        from shapely import box

        d_lat = np.degrees(radius_m / EARTH_RADIUS_M) * 1.001
        widest = np.minimum(np.abs(lat) + d_lat, 89.9)
        d_lon = d_lat / np.cos(np.radians(widest))
        x = self._unwrap(lon)
        point, piece = self._tree.query(box(x - d_lon, lat - d_lat, x + d_lon, lat + d_lat))
        return point, piece

    def _measure(self, lon: Floats, lat: Floats, point: Ints, piece: Ints) -> Nearby:
        """Point-to-segment distance of every pair."""
        a = self._start[piece]
        b = a + 1
        here, (east, north) = earth_centred(lon, lat)[point], (axis[point] for axis in east_north(lon, lat))
        to_a, to_b = self._centred[a] - here, self._centred[b] - here
        ax, ay = _dot(to_a, east), _dot(to_a, north)
        bx, by = _dot(to_b, east), _dot(to_b, north)
        dx, dy = bx - ax, by - ay
        square = dx * dx + dy * dy
        along = np.clip(-(ax * dx + ay * dy) / np.where(square > 0, square, 1.0), 0.0, 1.0)
        x, y = self._unwrapped[a], self.lat[a]
        near_lon = x + along * (self._unwrapped[b] - x)
        return Nearby(
            point=point,
            line=self._line_of_vertex[a],
            distance_m=np.hypot(ax + along * dx, ay + along * dy),
            lon=(near_lon + 180.0) % 360.0 - 180.0,
            lat=y + along * (self.lat[b] - y),
        )


def _dot(vectors: Floats, others: Floats) -> Floats:
    return np.asarray(np.einsum("ij,ij->i", vectors, others))
