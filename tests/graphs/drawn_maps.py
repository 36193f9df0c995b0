"""A hand-made map with known answers, in metres around (LON, LAT); written as OSM XML.

Oak Street runs west-east through (0, 0) and, as a second way of the same name, bends by (200, 30) to (300, 0), where
Ash Lane begins. Elm Street crosses it at (0, 0). High Bridge passes over it at x = 100 without a shared node. Long Road
leaves the extract. Green Park lies 5 m north of Oak Street; the Blue Run flows along y = -150, under Elm Street.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from ugembed.geo.geodesy import from_local_metres
from ugembed.graphs.maps.city_map import CityMap
from ugembed.records.item import Place
from ugembed.records.points import ImagePoint

LON, LAT = 9.17, 48.77

NODES: dict[int, tuple[float, float]] = {
    1: (-200, 0),
    2: (0, 0),
    3: (200, 30),
    4: (0, 200),
    5: (0, -200),
    6: (100, -100),
    7: (100, 100),
    8: (-200, 200),
    9: (-100, 200),
    10: (50, 250),
    12: (300, 0),
    13: (300, 100),
    30: (-150, 5),
    31: (-50, 5),
    32: (-50, 100),
    33: (-150, 100),
    40: (-300, -150),
    41: (50, -150),
    42: (300, -150),
}
POIS: dict[int, tuple[tuple[float, float], dict[str, str]]] = {
    20: ((50, 12), {"name": "Blue Cup", "amenity": "cafe", "addr:street": "Oak Street", "addr:housenumber": "5"}),
    21: ((-100, 50), {"name": "Old Fountain", "amenity": "fountain"}),
    22: ((10, 10), {"amenity": "cafe"}),
    23: ((12, 10), {"name": "A bench", "amenity": "bench"}),
}
WAYS: dict[int, tuple[list[int], dict[str, str]]] = {
    100: ([1, 2, 3], {"highway": "residential", "name": "Oak Street"}),
    101: ([12, 3], {"highway": "tertiary", "name": "Oak Street"}),
    102: ([4, 2, 5], {"highway": "primary", "name": "Elm Street"}),
    103: ([6, 7], {"highway": "residential", "name": "High Bridge", "bridge": "yes", "layer": "1"}),
    104: ([8, 9, 999, 10], {"highway": "residential", "name": "Long Road"}),
    105: ([12, 13], {"highway": "footway", "name": "Ash Lane"}),
    106: ([6, 5], {"highway": "footway", "footway": "sidewalk"}),
    107: ([30, 31, 32, 33, 30], {"leisure": "park", "name": "Green Park"}),
    108: ([40, 41], {"waterway": "river", "name": "Blue Run"}),
    109: ([42, 41], {"waterway": "river", "name": "Blue Run"}),
}


def degrees(x: float, y: float) -> tuple[float, float]:
    """(lon, lat) of a place given in metres."""
    lon, lat = from_local_metres(x, y, lon0=LON, lat0=LAT)
    return float(lon), float(lat)


def image_at(x: float, y: float, name: str = "img") -> ImagePoint:
    """An image point at metres (x, y)."""
    return ImagePoint(name, Place(*degrees(x, y)))


def write_map(
    path: Path, *, shuffle: int | None = None, ways: dict[int, tuple[list[int], dict[str, str]]] = WAYS
) -> Path:
    """Write the map; with ``shuffle``, a seed, the objects of each type come in another order."""
    nodes = [osm_node(i, xy) for i, xy in NODES.items()] + [osm_node(i, xy, tags) for i, (xy, tags) in POIS.items()]
    lines = [osm_way(i, refs, tags) for i, (refs, tags) in ways.items()]
    if shuffle is not None:
        rng = random.Random(shuffle)
        rng.shuffle(nodes)
        rng.shuffle(lines)
    return write_osm(path, nodes + lines)


def write_osm(path: Path, objects: Iterable[str]) -> Path:
    """Write objects of `osm_node`, `osm_way` and `osm_relation` in the order given."""
    text = '<?xml version="1.0"?>\n<osm version="0.6">\n' + "".join(objects) + "</osm>\n"
    path.write_text(text, encoding="utf-8")
    return path


def osm_node(
    i: int, xy: tuple[float, float] | None, tags: dict[str, str] | None = None, version: int = 1, more: str = ""
) -> str:
    """A node at metres (x, y), or nowhere; ``more`` are further attributes, as XML."""
    where = "" if xy is None else ' lon="{:.7f}" lat="{:.7f}"'.format(*degrees(*xy))
    return f'<node id="{i}" version="{version}"{where} {more}>{_tags(tags)}</node>\n'


def osm_way(i: int, refs: Sequence[int], tags: dict[str, str] | None = None, version: int = 1, more: str = "") -> str:
    """A way through nodes."""
    inside = "".join(f'<nd ref="{ref}"/>' for ref in refs)
    return f'<way id="{i}" version="{version}" {more}>{inside}{_tags(tags)}</way>\n'


def osm_relation(i: int, members: Sequence[tuple[int, str]], tags: dict[str, str]) -> str:
    """A relation of ways, each with its role."""
    inside = "".join(f'<member type="way" ref="{ref}" role="{role}"/>' for ref, role in members)
    return f'<relation id="{i}" version="1">{inside}{_tags(tags)}</relation>\n'


def facts(city: CityMap) -> dict[str, list[Any]]:
    """All that a map says, as values that can be compared."""
    links = [(x.id, x.name, x.highway, x.start, x.end, x.points.tolist(), x.layer, x.is_tunnel) for x in city.links]
    return {
        "links": links,
        "places": list(city.places),
        "districts": list(city.districts),
        "countries": list(city.countries),
    }


def write_points(path: Path, points: Sequence[ImagePoint]) -> Path:
    """Write image points as CSV."""
    rows = [f"{point.id},{point.place.lon!r},{point.place.lat!r}\n" for point in points]
    path.write_text("id,lon,lat\n" + "".join(rows), encoding="utf-8")
    return path


def _tags(tags: dict[str, str] | None) -> str:
    return "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in (tags or {}).items())
