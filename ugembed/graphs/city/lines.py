"""`Lines`: many polylines as flat float64 arrays, and which of them are near a point.

Distances are point-to-segment distances in the plane that touches the ellipsoid at the point they are measured from:
wherever the city lies they are right to some millimetres (a piece of 400 m may bend that much between its ends,
depending on what one calls straight).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

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
        along_m: Metres from the line's start to the place on it that is nearest.
        lon, lat: That place, degrees.
    """

    point: Ints
    line: Ints
    distance_m: Floats
    along_m: Floats
    lon: Floats
    lat: Floats

    def __len__(self) -> int:
        return len(self.line)

    def take(self, rows: Ints | NDArray[np.bool_]) -> Nearby:
        return Nearby(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    @classmethod
    def joined(cls, parts: Sequence[Nearby]) -> Nearby:
        """The rows of all parts, one part after the other."""
        return cls(
            **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)}
        )

    def nearest_per(self, *keys: Ints) -> Nearby:
        """Of every combination of ``keys`` (parallel to the rows) the nearest row; the lower line number on a tie.

        Rows come out sorted by the keys, the first key slowest.
        """
        order = np.lexsort((self.line, self.distance_m, *reversed(keys)))
        sorted_keys = np.stack([key[order] for key in keys])
        first = np.ones(len(order), dtype=bool)
        first[1:] = (sorted_keys[:, 1:] != sorted_keys[:, :-1]).any(axis=0)
        return self.take(order[first])


class _Room:
    """Room for measuring, kept from call to call: a city's worth of zeros for every few images would cost more."""

    def __init__(self, lines: int) -> None:
        self._arrays = np.zeros(lines, np.int64), np.zeros(lines, np.int64)
        self._points = 0

    def take(self, points: int) -> tuple[tuple[Ints, Ints], int]:
        """The arrays, and how many points were measured in them before."""
        before, self._points = self._points, self._points + points
        return self._arrays, before


@dataclass(frozen=True)
class Lines:
    """Polylines and an index over their pieces.

    Attributes:
        offsets: (lines + 1,) int64; line i has the vertices ``offsets[i]`` to ``offsets[i + 1]``.
        lon, lat: (vertices,) float64, degrees.
    """

    offsets: Ints
    lon: Floats
    lat: Floats

    @classmethod
    def of(cls, lines: Sequence[Floats]) -> Lines:
        """Lines from (n, 2) arrays of (lon, lat) with n >= 2."""
        sizes = np.array([len(line) for line in lines], dtype=np.int64)
        vertices = np.concatenate(lines) if len(lines) else np.empty((0, 2))
        lon, lat = np.ascontiguousarray(vertices[:, 0]), np.ascontiguousarray(vertices[:, 1])
        return cls(np.concatenate([[0], np.cumsum(sizes)]), lon, lat)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @cached_property
    def length_m(self) -> Floats:
        """Length of every line in metres, summed along it."""
        pieces = np.bincount(self._line_of_piece, weights=self._piece_m, minlength=len(self))
        return pieces.astype(np.float64)

    def near(self, lon: Floats, lat: Floats, radius_m: float, *, among: NDArray[np.bool_] | None = None) -> Nearby:
        """Every (point, line) pair at most ``radius_m`` metres apart, sorted by point, then line.

        Memory grows with the number of pieces within the radius, summed over the points. With ``among``, (lines,), only
        the lines that are true in it count.
        """
        point, piece = self._candidates(lon, lat, radius_m)
        if among is not None:
            allowed = among[self._line_of_piece[piece]]
            point, piece = point[allowed], piece[allowed]
        return self._measure(lon, lat, (point, piece), radius_m)

    def nearest(self, lon: Floats, lat: Floats, max_m: float, *, among: NDArray[np.bool_] | None = None) -> Nearby:
        """The nearest line of every point that has one within ``max_m`` metres, sorted by point."""
        parts = []
        for first in range(0, max(len(lon), 1), _PORTION):
            rows = slice(first, first + _PORTION)
            found = self.near(lon[rows], lat[rows], max_m, among=among)
            found = found.nearest_per(found.point)
            parts.append(replace(found, point=found.point + first))
        return Nearby.joined(parts)

    def middles(self) -> tuple[Floats, Floats]:
        """(lon, lat) of the place half-way along every line."""
        ends = np.cumsum(self._piece_m)
        before = np.concatenate([[0.0], ends])[np.searchsorted(self._line_of_piece, np.arange(len(self)))]
        wanted = before + self.length_m / 2
        piece = np.minimum(np.searchsorted(ends, wanted), max(len(ends) - 1, 0))
        piece = np.clip(piece, *self._piece_range())
        share = (wanted - (ends[piece] - self._piece_m[piece])) / np.where(
            self._piece_m[piece] > 0, self._piece_m[piece], 1
        )
        a = self._start[piece]
        lon = self._unwrapped[a] + share * (self._unwrapped[a + 1] - self._unwrapped[a])
        return (lon + 180.0) % 360.0 - 180.0, self.lat[a] + share * (self.lat[a + 1] - self.lat[a])

    def _piece_range(self) -> tuple[Ints, Ints]:
        """The first and the last piece of every line."""
        lines = np.arange(len(self))
        first = np.searchsorted(self._line_of_piece, lines)
        return first, np.searchsorted(self._line_of_piece, lines, side="right") - 1

    @cached_property
    def _room(self) -> _Room:
        return _Room(len(self))

    @cached_property
    def _start(self) -> Ints:
        """The first vertex of every piece."""
        last = np.zeros(len(self.lon), dtype=bool)
        last[self.offsets[1:] - 1] = True
        return np.flatnonzero(~last)

    @cached_property
    def _line_of_piece(self) -> Ints:
        line = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        return np.asarray(line[self._start])

    @cached_property
    def _piece_m(self) -> Floats:
        a, b = self._start, self._start + 1
        return distance_m(self.lon[a], self.lat[a], self.lon[b], self.lat[b])

    @cached_property
    def _before_m(self) -> Floats:
        """Metres from the start of its line to every piece."""
        total = np.cumsum(self._piece_m) - self._piece_m
        return np.asarray(total - total[self._piece_range()[0]][self._line_of_piece])

    @cached_property
    def _centred(self) -> Floats:
        return earth_centred(self.lon, self.lat)

    @cached_property
    def _unwrapped(self) -> Floats:
        return self._unwrap(self.lon)

    @cached_property
    def _tree(self) -> Any:
        """An index of the bounding boxes of pieces."""
        from shapely import STRtree, box

        west, east = self._unwrapped[self._start], self._unwrapped[self._start + 1]
        south, north = self.lat[self._start], self.lat[self._start + 1]
        return STRtree(
            box(np.minimum(west, east), np.minimum(south, north), np.maximum(west, east), np.maximum(south, north))
        )

    def _unwrap(self, lon: Floats) -> Floats:
        """Longitudes continuous around the first vertex, so that a city on the antimeridian is not torn apart."""
        lon0 = self.lon[0] if len(self.lon) else 0.0
        return np.asarray(lon0 + (lon - lon0 + 180.0) % 360.0 - 180.0)

    def _candidates(self, lon: Floats, lat: Floats, radius_m: float) -> tuple[Ints, Ints]:
        """(point, piece) pairs whose bounding boxes are within ``radius_m``: a superset of the answer."""
        from shapely import box

        d_lat = np.degrees(radius_m / EARTH_RADIUS_M) * 1.01  # a degree is up to 0.6 % shorter than on the sphere
        widest = np.abs(lat) + d_lat
        d_lon = np.where(widest < 89.9, d_lat / np.cos(np.radians(np.minimum(widest, 89.9))), 360.0)
        x = self._unwrap(lon)
        point, piece = self._tree.query(box(x - d_lon, lat - d_lat, x + d_lon, lat + d_lat))
        return point, piece

    def _measure(self, lon: Floats, lat: Floats, pairs: tuple[Ints, Ints], radius_m: float) -> Nearby:
        """Of the pairs (point, piece) the nearest piece of every line within the radius."""
        from ugembed.graphs.city.lines_search import nearest_pieces

        frames = (earth_centred(lon, lat), *east_north(lon, lat))
        pieces = (self._start, self._line_of_piece, self._centred)
        found = nearest_pieces(pairs, frames, pieces, radius_m, self._room.take(len(lon)))
        found = found[np.argsort(found[:, 4] * len(self) + found[:, 3])]
        share = found[:, 1]
        piece, line, point = found[:, 2:].T.astype(np.int64)
        a = self._start[piece]
        x, y = self._unwrapped[a], self.lat[a]
        near_lon = x + share * (self._unwrapped[a + 1] - x)
        return Nearby(
            point=point,
            line=line,
            distance_m=found[:, 0].copy(),
            along_m=self._before_m[piece] + share * self._piece_m[piece],
            lon=(near_lon + 180.0) % 360.0 - 180.0,
            lat=y + share * (self.lat[a + 1] - y),
        )
