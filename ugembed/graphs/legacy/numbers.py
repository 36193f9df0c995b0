"""numpy's numbers and texts out of their bytes, without numpy."""

from __future__ import annotations

import re
import struct
from typing import Any

_FORMATS = {
    "b1": "?", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I", "u8": "Q",
    "f2": "e", "f4": "f", "f8": "d",
}  # fmt: skip
"""Kind and bytes of a numpy dtype to the letter that `struct` has for it."""
_ORDERS = {"<": "<", ">": ">", "|": "="}
_TEXT = re.compile(r"U([0-9]{1,6})")


def unpack(code: str, order: str, data: bytes | bytearray, count: int) -> list[Any] | None:
    """``count`` values of the dtype ``code`` (such as ``f8``, ``U12``) in byte ``order``; None for what is not read."""
    if order not in _ORDERS or count < 0:
        return None
    if code in _FORMATS:
        letter = _FORMATS[code]
        fits = len(data) == count * struct.calcsize(f"={letter}")
        return list(struct.unpack(f"{_ORDERS[order]}{count}{letter}", data)) if fits else None
    match = _TEXT.fullmatch(code)
    return _texts(4 * int(match[1]), order, data, count) if match else None


def _texts(width: int, order: str, data: bytes | bytearray, count: int) -> list[Any] | None:
    """Texts of ``width`` bytes each in UTF-32, filled up with NUL; without any width there can be only one."""
    if len(data) != count * width or (width == 0 and count != 1):
        return None
    name = "utf-32-be" if order == ">" else "utf-32-le"
    try:
        return [data[i * width : (i + 1) * width].decode(name).rstrip("\0") for i in range(count)]
    except UnicodeDecodeError:
        return None
