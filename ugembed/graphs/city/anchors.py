"""Images on their streets: where each was snapped, and the areas it is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np

from ugembed.geo.geodesy import Floats
from ugembed.graphs.city.city import City
from ugembed.graphs.city.lines import Ints
from ugembed.records.points import ImagePoint


@dataclass(frozen=True, slots=True)
class Anchors:
    """Images, as parallel sequences.

    Attributes:
        id: Image ids.
        lon, lat, heading_deg: Degrees; heading NaN if unknown.
        link, along_m, gap_m: The link each is on, metres from its start, metres from there to the image.
        street_lon, street_lat: The place on the link.
        around: For each image the nodes of the areas it is in, ascending.
    """

    id: Sequence[str]
    lon: Floats
    lat: Floats
    heading_deg: Floats
    link: Ints
    along_m: Floats
    gap_m: Floats
    street_lon: Floats
    street_lat: Floats
    around: Sequence[Ints]

    def __len__(self) -> int:
        return len(self.id)

    def take(self, rows: Ints) -> Anchors:
        """The images with these numbers."""
        values: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, value in values.items():
            values[name] = value[rows] if isinstance(value, np.ndarray) else [value[row] for row in rows.tolist()]
        return Anchors(**values)

    def part(self, start: int, stop: int) -> Anchors:
        """Some of the images."""
        return Anchors(**{field.name: getattr(self, field.name)[start:stop] for field in fields(self)})


def place_on_streets(city: City, points: Sequence[ImagePoint], max_snap_m: float) -> tuple[Anchors, Ints]:
    """The points that have a street within ``max_snap_m`` metres, in order, and which of ``points`` they are."""
    lon = np.array([point.place.lon for point in points], dtype=np.float64)
    lat = np.array([point.place.lat for point in points], dtype=np.float64)
    snap = city.snap(lon, lat, max_snap_m)
    found = [points[i] for i in snap.point.tolist()]
    lon, lat = lon[snap.point], lat[snap.point]
    point, area = city.areas_around(lon, lat)
    first = np.searchsorted(point, np.arange(len(found) + 1)).tolist()
    headings = [np.nan if p.place.heading_deg is None else p.place.heading_deg for p in found]
    anchors = Anchors(
        id=[p.id for p in found],
        lon=lon,
        lat=lat,
        heading_deg=np.array(headings, dtype=np.float64),
        link=snap.line,
        along_m=snap.along_m,
        gap_m=snap.distance_m,
        street_lon=snap.lon,
        street_lat=snap.lat,
        around=[area[start:stop] for start, stop in pairwise(first)],
    )
    return anchors, snap.point
