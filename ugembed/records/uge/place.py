"""Where a row was taken: ``place``, or the coordinate fields of the reference."""

from __future__ import annotations

import re
from typing import Any

from ugembed.records.item import Place
from ugembed.records.uge.row import Row, shown

PLACE_FIELDS = ("place", "image_coords", "coordinates", "image_coordinates")
"""Read in this order, the first that is there wins; all but ``place`` hold ``[lon, lat]`` or ``"(lon, lat)"``."""

_PAIR = re.compile(r"^\s*\(?([^,()]+),([^,()]+)\)?\s*$")
_KEYS = frozenset({"lon", "lat", "heading_deg"})
_HINT = '"place": {"lon": 103.8501, "lat": 1.3002, "heading_deg": 90}'


def read_place(row: Row) -> Place | None:
    """The position of a row, if it tells one.

    Raises:
        RowError: ``place-broken``, ``field-type``, ``heading-range`` or ``coordinates-range``.
    """
    for key in PLACE_FIELDS:
        value = row.values.get(key)
        if value is not None:
            with row.located(key):
                return _mapping(row, value) if key == "place" else _pair(row, key, value)
    return None


def _mapping(row: Row, value: Any) -> Place:
    if not isinstance(value, dict) or not {"lon", "lat"} <= value.keys() <= _KEYS:
        raise row.error("place", f"wants lon and lat, not {shown(value)}", code="place-broken", hint=_HINT)
    lon, lat = (row.number(f"place.{key}", value[key]) for key in ("lon", "lat"))
    heading = value.get("heading_deg")
    if heading is None:
        return Place(lon, lat)
    heading = row.number("place.heading_deg", heading)
    if not 0 <= heading <= 360:
        raise row.error(
            "place.heading_deg",
            f"{heading} is not in [0, 360]",
            code="heading-range",
            hint="degrees clockwise from north",
        )
    return Place(lon, lat, heading % 360)


def pair_in_text(text: str) -> list[float] | None:
    """The two numbers of ``"(lon, lat)"``; None for anything else."""
    match = _PAIR.match(text)
    try:
        return [float(part) for part in match.groups()] if match else None
    except ValueError:
        return None


def _pair(row: Row, key: str, value: Any) -> Place:
    pair: Any = value
    if isinstance(value, str):
        pair = pair_in_text(value)
    if not isinstance(pair, list) or len(pair) != 2:
        raise row.error(key, f"wants [lon, lat], not {shown(value)}", code="place-broken", hint="degrees, WGS 84")
    lon, lat = (row.number(key, part) for part in pair)
    return Place(lon, lat)
