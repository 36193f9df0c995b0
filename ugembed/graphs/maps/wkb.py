"""The structure of a WKB geometry (OGC 06-103r4, section 8), checked before GEOS reads it.

GEOS reads parts inside parts by recursion and ends the process on some 100,000 levels, so what nests is refused here.
"""

from __future__ import annotations

import struct

_POINT, _LINE, _POLYGON, _MULTI = 1, 2, 3, range(4, 7)
_SRID, _Z, _M = 0x2000_0000, 0x8000_0000, 0x4000_0000  # the flags of "extended" WKB
_PART = 3  # what kind a multi-part geometry is above its parts
_WGS84 = (0, 4326)


class WkbError(ValueError):
    """Bytes that are no point, line or polygon, alone or several."""


def check_wkb(data: bytes) -> None:
    """Pass over a geometry without building it.

    Raises:
        WkbError: when it is cut off, nests, is of another kind, or in another reference system than 4326.
    """
    try:
        _skip(data, 0, (_POINT, _LINE, _POLYGON, *_MULTI))
    except struct.error:
        raise WkbError("WKB that is cut off") from None


def _skip(data: bytes, at: int, kinds: tuple[int, ...]) -> int:
    """The place behind a geometry that begins at ``at`` and is of one of ``kinds``."""
    (mark,) = struct.unpack_from("B", data, at)
    order = "<" if mark else ">"
    (code,) = struct.unpack_from(f"{order}I", data, at + 1)
    at += 5
    if code & _SRID:
        (srid,) = struct.unpack_from(f"{order}i", data, at)
        if srid not in _WGS84:
            raise WkbError(f"WKB in the reference system {srid}, not 4326")
        at += 4
    dimensions, kind = divmod(code & ~(_SRID | _Z | _M), 1000)
    if mark > 1 or dimensions > 3 or kind not in kinds:
        raise WkbError(f"WKB of type {code}, not a point, line or polygon")
    bytes_a_point = 8 * (2 + bool(code & _Z) + bool(code & _M) + (0, 1, 1, 2)[dimensions])
    if kind == _POINT:
        return _inside(data, at + bytes_a_point)
    if kind == _LINE:
        return _skip_points(data, at, order, bytes_a_point)
    (parts,) = struct.unpack_from(f"{order}I", data, at)
    at += 4
    for _ in range(parts):
        at = _skip_points(data, at, order, bytes_a_point) if kind == _POLYGON else _skip(data, at, (kind - _PART,))
    return at


def _skip_points(data: bytes, at: int, order: str, bytes_a_point: int) -> int:
    (points,) = struct.unpack_from(f"{order}I", data, at)
    return _inside(data, at + 4 + points * bytes_a_point)


def _inside(data: bytes, at: int) -> int:
    if at > len(data):
        raise WkbError("WKB that is cut off")
    return at
