"""A point as a cell of a table holds it: WKT, WKB, GeoJSON, a pair. Always (longitude, latitude)."""

from __future__ import annotations

import re
import struct
from typing import Any

from ugembed.errors import DataError

_NUMBER = r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
_TEXTS = (
    re.compile(rf"\s*(?:SRID=4326;)?\s*POINT\s*(?:ZM|Z|M)?\s*\(\s*{_NUMBER}\s+{_NUMBER}[^()]*\)\s*", re.IGNORECASE),
    re.compile(rf"\s*{_NUMBER}\s*,\s*{_NUMBER}\s*"),
    re.compile(rf"\s*[(\[]\s*{_NUMBER}\s*,\s*{_NUMBER}\s*[)\]]\s*"),
    re.compile(  # also as Python prints a dictionary: so it stands in CSV files made of Mapillary's answers
        rf"""\s*\{{\s*["']type["']\s*:\s*["']Point["']\s*,\s*["']coordinates["']\s*:\s*"""
        rf"""\[\s*{_NUMBER}\s*,\s*{_NUMBER}[^\[\]]*\]\s*\}}\s*"""
    ),
)
_HINT = "positions are points in degrees: POINT (lon lat), WKB, a GeoJSON Point, or lon,lat"
_SHOWN_CHARACTERS = 60
_TYPES = ("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection")
_WKB_SRID, _WKB_Z_OR_M = 0x2000_0000, 0xC000_0000  # the flags of "extended" WKB
_WGS84 = 4326


def point_of(value: Any) -> tuple[Any, Any]:
    """(lon, lat) of a geometry, not yet judged as numbers.

    Raises:
        DataError: ``coordinates-broken`` for anything but one point.
    """
    if isinstance(value, bytes):
        return _wkb(value)
    if isinstance(value, str):
        match = next(filter(None, (text.fullmatch(value) for text in _TEXTS)), None)
        if match is None:
            raise _not_a_point(repr(value[:_SHOWN_CHARACTERS]))
        return match[1], match[2]
    if isinstance(value, dict):
        if value.keys() >= {"x", "y"}:  # GeoArrow's points
            return value["x"], value["y"]
        if value.get("type") != "Point":
            raise _not_a_point(f"a {str(value.get('type'))[:_SHOWN_CHARACTERS]}")
        value = value.get("coordinates")
    if isinstance(value, list) and len(value) >= 2:
        return value[0], value[1]
    raise _not_a_point(repr(value)[:_SHOWN_CHARACTERS])


def _wkb(value: bytes) -> tuple[float, float]:
    """ISO or extended WKB (OGC 06-103r4, section 8); Z and M are left out."""
    if len(value) < 21 or value[0] > 1:
        raise _not_a_point(f"{len(value)} bytes that are no WKB point")
    order = "<" if value[0] else ">"
    (code,) = struct.unpack_from(f"{order}I", value, 1)
    kind = (code & ~(_WKB_SRID | _WKB_Z_OR_M)) % 1000
    if kind != 1:
        raise _not_a_point(f"a {_TYPES[kind - 1]}" if 1 <= kind <= len(_TYPES) else f"WKB of type {code}")
    start = 5
    if code & _WKB_SRID:
        (srid,) = struct.unpack_from(f"{order}I", value, start)
        if srid != _WGS84:
            raise _not_a_point(f"in the reference system {srid}, not {_WGS84}")
        start += 4
    if len(value) < start + 16:
        raise _not_a_point(f"{len(value)} bytes that are no WKB point")
    lon, lat = struct.unpack_from(f"{order}dd", value, start)
    return lon, lat


def _not_a_point(what: str) -> DataError:
    return DataError(f"the geometry is {what}, not a point", code="coordinates-broken", hint=_HINT)
