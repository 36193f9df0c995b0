"""`StreetLine`: a line as a file has it, before it is known where it meets others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from ugembed.geo.geodesy import Floats
from ugembed.graphs.maps.city_map import Link
from ugembed.graphs.maps.osm.categories import category_table
from ugembed.graphs.maps.values import all_of, first_of, text

STREET_COLUMNS = frozenset(
    {"name", "names.primary", "highway", "class", "fclass", "layer", "tunnel", "u", "v", "from", "to", "from_node_id"}
    | {"to_node_id", "osmid", "osm_id", "osm_way_id", "@id", "full_id", "id", "feature.id", "subtype", "subclass"}
    | {"connectors", "road_flags", "level_rules", "location", "covered"}
)
"""Every column of a table of streets that is looked at."""

_OSM_IDS = ("osmid", "osm_id", "osm_way_id", "@id", "full_id")
_OSM_NUMBER = re.compile(r"(?:w|way/)?(\d+)")
_TUNNEL_TAGS = ("tunnel", "location", "covered", "layer")
_YES = {"true": "yes", "1": "yes"}


@dataclass(frozen=True, slots=True)
class StreetLine:
    """A street, or a part of one.

    Attributes:
        id: ``way/17`` of OpenStreetMap where that is known, else as the file says; the same for all parts of one way.
        name: May be empty.
        highway: OSM class, may be empty.
        points: (n, 2) float64 (lon, lat) in degrees, n >= 2.
        layer, is_tunnel: As in `Link`.
    """

    id: str
    name: str
    highway: str
    points: Floats
    layer: int = 0
    is_tunnel: bool = False

    def link(self, start: str, end: str) -> Link:
        """This line as a link between two nodes, in the direction of `points`."""
        return Link(self.id, self.name, self.highway, start, end, self.points, self.layer, self.is_tunnel)


def street_line(values: Mapping[str, Any], points: Floats, *, identity: str = "") -> StreetLine:
    """What the columns of a row (or the attributes of an edge) say about a line.

    Of several names, classes and layers the first counts, of several OSM ids the smallest.

    Args:
        values: Columns in lower case.
        points: (n, 2) float64 (lon, lat).
        identity: Its id where the columns give none; without it, made of the points.
    """
    return StreetLine(
        _osm_id(values) or identity or first_of(values, "id", "feature.id") or f"line/{_digest(points)}",
        first_of(values, "name", "names.primary"),
        first_of(values, "highway", "class", "fclass"),
        points,
        _layer(values.get("layer")),
        category_table().is_tunnel(_tunnel_tags(values)),
    )


def rank(one: StreetLine | Link) -> tuple[str, str, str, int, bool]:
    """Which of several that are drawn alike counts: the one of the smallest rank."""
    return one.id, one.name, one.highway, one.layer, one.is_tunnel


def either_way(points: Floats) -> bytes:
    """The same for a line and for that line drawn the other way."""
    return min(points.tobytes(), points[::-1].tobytes())


def _osm_id(values: Mapping[str, Any]) -> str:
    for name in _OSM_IDS:
        numbers = [int(found[1]) for one in all_of(values.get(name)) if (found := _OSM_NUMBER.fullmatch(text(one)))]
        if numbers:
            return f"way/{min(numbers)}"
    return ""


def _tunnel_tags(values: Mapping[str, Any]) -> dict[str, str]:
    said = {name: text(values[name]).lower() for name in _TUNNEL_TAGS if name in values}
    return {name: value if name == "layer" else _YES.get(value, value) for name, value in said.items()}


def _layer(value: Any) -> int:
    """OSM's ``layer``; what is no small whole number is 0, as in maps drawn from OSM."""
    found = re.fullmatch(r"[+-]?\d{1,2}", text(value))
    return int(found[0]) if found else 0


def _digest(points: Floats) -> str:
    return blake2b(either_way(points), digest_size=8).hexdigest()
