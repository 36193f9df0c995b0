"""Which reference systems are degrees of WGS 84, longitude first."""

from __future__ import annotations

import re
from typing import Any

_DEGREES = re.compile(r"(?:.*[:/])?(?:EPSG[:/](?:[\d.]*[:/])?4326|CRS84)", re.IGNORECASE)
_WKT = re.compile(r'.*(?:ID|AUTHORITY)\["(?:EPSG|OGC)","?(?:4326|CRS84)"?\]\]\s*', re.IGNORECASE | re.DOTALL)
_WGS84 = 4326
_SHOWN_CHARACTERS = 80


def is_degrees(crs: Any) -> bool:
    """Whether a reference system is EPSG:4326 or OGC:CRS84: its name, its WKT, or an object of pyproj."""
    if hasattr(crs, "to_epsg"):
        return bool(crs.to_epsg() == _WGS84) or is_degrees(str(crs))
    name = f"EPSG:{crs}" if isinstance(crs, int) else str(crs).strip()
    return bool(_DEGREES.fullmatch(name) or _WKT.fullmatch(name))


def shown(crs: Any) -> str:
    """The beginning of its name."""
    return str(crs)[:_SHOWN_CHARACTERS]
