"""What a map file says, before anything is computed from it: streets as lines, places with names.

Every reader returns its objects sorted by id, so that nothing downstream depends on the order of a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ugembed.geo.geodesy import Floats


@dataclass(frozen=True, slots=True)
class Way:
    """A street as drawn in OSM: node ids and their (n, 2) float64 (lon, lat), n >= 2. ``highway`` is the OSM class."""

    id: int
    name: str
    highway: str
    nodes: tuple[int, ...]
    points: Floats


@dataclass(frozen=True, slots=True)
class Link:
    """A stretch of street between two neighbouring crossings or dead ends, nothing else joining in between.

    Attributes:
        id: Of the way or feature it comes from; for several, of the first. Names the street when it has no name.
        name: May be empty.
        highway: OSM class.
        start, end: Ids of the nodes at its ends; equal for a ring.
        points: (n, 2) float64 (lon, lat) in degrees from ``start`` to ``end``.
        layer: Level above (positive) or below the ground, 0 when it lies on it.
        is_tunnel: Whether it runs covered, so that nothing at the surface stands on it.
    """

    id: str
    name: str
    highway: str
    start: str
    end: str
    points: Floats
    layer: int = 0
    is_tunnel: bool = False


@dataclass(frozen=True, slots=True)
class MapPlace:
    """A named point, area or line (a river).

    Names are in the local script; ``name_en`` is the English name where the map has another one.

    Attributes:
        id: ``node/17``, ``way/4`` or ``relation/2``.
        category: In the words of ``osm/categories.yaml``.
        geometry: shapely ``Point``, ``Polygon``, ``MultiPolygon`` or ``LineString``, (lon, lat) in degrees.
        address: As far as tagged, may be empty.
        district, country: As tagged in the address, may be empty; a country is two letters or a name, as tagged.
        name_en: English name, empty when unknown or the same.
        is_transit: Whether people board there: a stop, a station, a ferry terminal, an entrance to one.
    """

    id: str
    name: str
    category: str
    geometry: Any
    address: str = ""
    district: str = ""
    country: str = ""
    name_en: str = ""
    is_transit: bool = False


@dataclass(frozen=True, slots=True)
class CityMap:
    """A whole map: street links, places, and the areas that are districts and countries."""

    links: tuple[Link, ...]
    places: tuple[MapPlace, ...] = ()
    districts: tuple[MapPlace, ...] = ()
    countries: tuple[MapPlace, ...] = ()
