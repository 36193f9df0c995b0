"""The map beneath a drawing: true courses of streets and outlines of places, in local metres, cut to the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ugembed.geo.geodesy import Floats, local_metres
from ugembed.graphs.drawing.scene import Frame, printable
from ugembed.graphs.maps.city_map import CityMap, Link, MapPlace

_BIG = ("motorway", "trunk", "primary", "secondary")
_MAIN = frozenset([*_BIG, *(f"{name}_link" for name in _BIG)])
_PATHS = frozenset({"footway", "path", "steps", "cycleway", "bridleway", "track", "pedestrian"})
_GREEN = frozenset({"park", "garden", "wood", "forest", "green", "grass", "grassland", "meadow", "scrub", "heath"})
_GREEN_WORDS = ("nature reserve", "recreation ground", "sports pitch", "golf course", "playground", "cemetery")
_WATER = frozenset({"river", "water", "canal", "stream", "pond", "lake", "basin", "reservoir", "bay", "dock", "marina"})
_LARGEST_BUILT_M2 = 60_000.0
_HIDDEN_AREAS = frozenset({"island"})

ROAD_WIDTHS = {"main": 4.2, "road": 2.8, "path": 0.7}
"""Points, of the streets of each class at the scale of an overview."""


@dataclass(frozen=True, slots=True)
class Street:
    """The part of a street inside the frame; ``rank``: ``main``, ``road`` or ``path``."""

    name: str
    rank: str
    at: Floats


@dataclass(frozen=True, slots=True)
class Backdrop:
    """What lies inside the frame: streets, areas as rings with a colour (the largest first), and courses of rivers."""

    streets: tuple[Street, ...]
    areas: tuple[tuple[str, tuple[Floats, ...]], ...]
    rivers: tuple[Floats, ...]


def backdrop(city_map: CityMap, *, lon0: float, lat0: float, frame: Frame) -> Backdrop:
    """Cut a square out of a map; its metres are those around (lon0, lat0) in degrees."""
    cut = _Cut(lon0, lat0, frame)
    return Backdrop(_streets(city_map.links, cut), _areas(city_map.places, cut), _rivers(city_map.places, cut))


@dataclass(frozen=True, slots=True)
class _Cut:
    lon0: float
    lat0: float
    frame: Frame

    def of(self, shapes: Any) -> Any:
        """Shapes in degrees to what of them lies inside, in metres; empty ones for those outside."""
        from shapely import clip_by_rect, transform

        def metres(at: Floats) -> Floats:
            return np.stack(local_metres(at[:, 0], at[:, 1], lon0=self.lon0, lat0=self.lat0), axis=1)

        east, north, half = self.frame.east, self.frame.north, self.frame.half_m
        on_ground = transform(np.asarray(shapes, dtype=object), metres)
        return clip_by_rect(on_ground, east - half, north - half, east + half, north + half)


def _streets(links: Sequence[Link], cut: _Cut) -> tuple[Street, ...]:
    from shapely import linestrings

    if not links:
        return ()
    number = np.repeat(np.arange(len(links)), [len(link.points) for link in links])
    pieces = cut.of(linestrings(np.concatenate([link.points for link in links]), indices=number))
    return tuple(
        Street(printable(link.name), street_rank(link.highway), part)
        for link, piece in zip(links, pieces, strict=True)
        for part in _parts(piece)
    )


def street_rank(highway: str) -> str:
    """``main``, ``road`` or ``path``: how wide a street of an OSM class is drawn."""
    return "main" if highway in _MAIN else "path" if highway in _PATHS else "road"


def _areas(places: Sequence[MapPlace], cut: _Cut) -> tuple[tuple[str, tuple[Floats, ...]], ...]:
    from shapely import area

    polygons = [place for place in places if place.geometry.geom_type in ("Polygon", "MultiPolygon")]
    if not polygons:
        return ()
    pieces = cut.of([place.geometry for place in polygons])
    sizes = area(pieces)
    found = []
    for i in np.argsort(-sizes, kind="stable").tolist():
        colour = _colour(polygons[i].category, sizes[i])
        if sizes[i] > 0 and colour:
            found.append((colour, tuple(_rings(pieces[i]))))
    return tuple(found)


def _colour(category: str, size_m2: float) -> str:
    words = set(category.split())
    if words & _WATER:
        return "water"
    if words & _GREEN or category in _GREEN_WORDS:
        return "green"
    return "built" if size_m2 < _LARGEST_BUILT_M2 and category not in _HIDDEN_AREAS else ""


def _rivers(places: Sequence[MapPlace], cut: _Cut) -> tuple[Floats, ...]:
    lines = [place.geometry for place in places if place.geometry.geom_type in ("LineString", "MultiLineString")]
    return tuple(part for piece in cut.of(lines) for part in _parts(piece)) if lines else ()


def _parts(shape: Any) -> list[Floats]:
    """The (n, 2) lines of a cut line."""
    return [np.asarray(part.coords) for part in getattr(shape, "geoms", [shape]) if part.geom_type == "LineString"]


def _rings(shape: Any) -> list[Floats]:
    """The (n, 2) rings of a cut area, holes turned the other way."""
    from shapely.geometry.polygon import orient

    polygons = [part for part in getattr(shape, "geoms", [shape]) if part.geom_type == "Polygon"]
    return [
        np.asarray(ring.coords)
        for polygon in polygons
        for turned in [orient(polygon)]
        for ring in (turned.exterior, *turned.interiors)
    ]
