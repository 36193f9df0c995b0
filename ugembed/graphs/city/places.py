"""Places made ready: the pieces of one river joined, districts looked up, outlines taken apart into lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ugembed.geo.geodesy import Floats
from ugembed.graphs.maps.city_map import CityMap, MapPlace


def prepare_places(city_map: CityMap) -> list[MapPlace]:
    """The places of a map, sorted by id; all pieces of one named river are one place ``river/Name``."""
    lines = [place for place in city_map.places if place.geometry.geom_type == "LineString"]
    others = [place for place in city_map.places if place.geometry.geom_type != "LineString"]
    places = [*_with_districts(others, city_map.districts), *_joined(lines)]
    return sorted(places, key=lambda place: place.id)


def _joined(lines: Sequence[MapPlace]) -> list[MapPlace]:
    from shapely import MultiLineString

    pieces: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for line in lines:
        pieces[line.category, line.name].append(line.geometry)
    return [
        MapPlace(f"{category}/{name}", name, category, MultiLineString(parts))
        for (category, name), parts in pieces.items()
    ]


def _with_districts(places: Sequence[MapPlace], districts: Sequence[MapPlace]) -> list[MapPlace]:
    """Places without a tagged district get the name of the smallest district area around them."""
    from shapely import STRtree, points

    if not places or not districts:
        return list(places)
    lon, lat = stand(places)
    place, district = STRtree([d.geometry for d in districts]).query(points(lon, lat), predicate="within")
    name: dict[int, str] = {}
    for p, d in sorted(zip(place, district, strict=True), key=lambda pd: (districts[pd[1]].geometry.area, pd[1])):
        name.setdefault(int(p), districts[d].name)
    return [replace(place, district=place.district or name.get(i, "")) for i, place in enumerate(places)]


def stand(places: Sequence[MapPlace]) -> tuple[Floats, Floats]:
    """(lon, lat) where places stand: points where they are, areas at their centroid; rivers (NaN, NaN)."""
    from shapely import centroid

    at = np.array([_lon_lat(centroid(place.geometry), place) for place in places], dtype=np.float64).reshape(-1, 2)
    return at[:, 0], at[:, 1]


def _lon_lat(middle: Any, place: MapPlace) -> tuple[float, float]:
    return (middle.x, middle.y) if place.geometry.geom_type != "MultiLineString" else (np.nan, np.nan)


def is_area(place: MapPlace) -> bool:
    """Whether a place encloses something."""
    return place.geometry.geom_type in ("Polygon", "MultiPolygon")


def outlines(place: MapPlace) -> list[Floats]:
    """The (n, 2) rings of an area or courses of a river; none for a point."""
    if place.geometry.geom_type == "Point":
        return []
    shape = place.geometry.boundary if is_area(place) else place.geometry
    return [np.asarray(part.coords, dtype=np.float64)[:, :2] for part in getattr(shape, "geoms", [shape])]
