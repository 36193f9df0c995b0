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
    district, country = _names_around(others, city_map.districts), _names_around(others, city_map.countries)
    located = [
        replace(place, district=place.district or district.get(i, ""), country=place.country or country.get(i, ""))
        for i, place in enumerate(others)
    ]
    return sorted([*located, *_joined(lines)], key=lambda place: place.id)


def _joined(lines: Sequence[MapPlace]) -> list[MapPlace]:
    from shapely import MultiLineString

    pieces: dict[tuple[str, str], list[MapPlace]] = defaultdict(list)
    for line in lines:
        pieces[line.category, line.name].append(line)
    return [
        MapPlace(
            f"{category}/{name}",
            name,
            category,
            MultiLineString([part.geometry for part in parts]),
            name_en=max(part.name_en for part in parts),
        )
        for (category, name), parts in pieces.items()
    ]


def _names_around(places: Sequence[MapPlace], areas: Sequence[MapPlace]) -> dict[int, str]:
    """The name of the smallest area around each place that has one, by its position."""
    from shapely import STRtree, points

    if not places or not areas:
        return {}
    lon, lat = stand(places)
    place, area = STRtree([one.geometry for one in areas]).query(points(lon, lat), predicate="within")
    name: dict[int, str] = {}
    for p, a in sorted(zip(place, area, strict=True), key=lambda pa: (areas[pa[1]].geometry.area, pa[1])):
        name.setdefault(int(p), areas[a].name)
    return name


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
