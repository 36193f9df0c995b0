"""One stop drawn several times: the pole, the platform around it, and the place on the road where the vehicle halts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ugembed.geo.geodesy import Floats, distance_m
from ugembed.graphs.maps.city_map import MapPlace

SAME_PLATFORM_M = 15.0
"""A platform's outline this near to a pole of its name belongs to it; the platform across the street is further off."""
SAME_STOP_M = 100.0
"""A stop position this near to any stop or station of its name is the same stop."""


def lone_platforms(platforms: Sequence[MapPlace], places: Iterable[MapPlace]) -> list[MapPlace]:
    """The platforms drawn as areas that have no stop of their name, drawn as a point, among ``places``."""
    poles = _by_name(place for place in places if place.is_transit and place.geometry.geom_type == "Point")
    return [one for one in platforms if _nearest_m(_corners(one.geometry), poles[one.name]) > SAME_PLATFORM_M]


def lone_stop_positions(positions: Sequence[MapPlace], places: Iterable[MapPlace]) -> list[MapPlace]:
    """The stop positions, in order of their ids, without a stop of their name among ``places`` or kept before them."""
    stops = _by_name(place for place in places if place.is_transit)
    kept = []
    for position in sorted(positions, key=lambda place: place.id):
        here = _corners(position.geometry)
        if _nearest_m(here, stops[position.name]) > SAME_STOP_M:
            stops[position.name].append(here)
            kept.append(position)
    return kept


def _by_name(places: Iterable[MapPlace]) -> dict[str, list[Floats]]:
    corners: dict[str, list[Floats]] = defaultdict(list)
    for place in places:
        corners[place.name].append(_corners(place.geometry))
    return corners


def _corners(geometry: Any) -> Floats:
    """The (n, 2) corners of a shape."""
    from shapely import get_coordinates

    return np.asarray(get_coordinates(geometry), dtype=np.float64)


def _nearest_m(corners: Floats, others: Sequence[Floats]) -> float:
    """Metres between the two nearest corners of a shape and of others; infinite when there are none."""
    if not others:
        return np.inf
    there = np.concatenate(others)
    return float(distance_m(corners[:, None, 0], corners[:, None, 1], there[:, 0], there[:, 1]).min())
