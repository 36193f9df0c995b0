"""The values of a row's fields."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import numpy as np

from ugembed.records.uge.compiled import memory
from ugembed.records.uge.compiled.literals import (
    FALSE,
    HEADING,
    LAT,
    LENGTHS,
    LON,
    NULL,
    STAGE1,
    STAGE2,
    TRUE,
    is_literal,
)
from ugembed.records.uge.compiled.machine import compiled
from ugembed.records.uge.compiled.memory import DOUBT, Work
from ugembed.records.uge.compiled.siphash import hashed
from ugembed.records.uge.compiled.strings import string
from ugembed.records.uge.compiled.texts import named
from ugembed.records.uge.compiled.words import POINTS, byte, find, signed

_TENS = 10.0 ** np.arange(23)
_MOST_DIGITS = 18
_SURE = 1e-3
"""A number that may be off by its last bits is rounded only if it is so far from the middle between two."""
LABEL_NAME = memory.LABEL


@compiled
def blanks(work: Work, at: int) -> int:
    """The position behind white space, other than line ends."""
    code = byte(work, at)
    while code == 32 or code == 9 or code == 13:
        at += 1
        code = byte(work, at)
    return at


@compiled
def follows(work: Work, at: int, close: int) -> int:
    """Behind a value: the position of the next one, or, negative, that behind the bracket ``close``; 0 for neither."""
    at = blanks(work, at)
    if byte(work, at) == close:
        return -(at + 1)
    return blanks(work, at + 1) if byte(work, at) == 44 else 0


@compiled
def number(work: Work, at: int) -> int:
    """A JSON number of up to 18 digits, without an exponent, into ``number``."""
    is_negative = byte(work, at) == 45
    at += is_negative
    start, value = at, 0
    while 48 <= byte(work, at) <= 57 and at - start < _MOST_DIGITS:
        value = 10 * value + byte(work, at) - 48
        at += 1
    if at == start or (byte(work, start) == 48 and at - start > 1):
        return DOUBT
    point = at
    if byte(work, at) == 46:
        at += 1
        while 48 <= byte(work, at) <= 57 and at - start <= _MOST_DIGITS:
            value = 10 * value + byte(work, at) - 48
            at += 1
        if at == point + 1:
            return DOUBT
    if 48 <= byte(work, at) <= 57:
        return DOUBT
    size = np.float64(value) / _TENS[max(at - point - 1, 0)]
    work.number = -size if is_negative else size
    work.is_exact = value < 1 << 53  # then both numbers are, and their quotient is rounded once
    return at


@compiled
def _millionths(work: Work, limit: float) -> int:
    """``number`` in millionths, as Python rounds it; 10⁹ if it is beyond the limit or that is not sure."""
    scaled = work.number * 1e6
    if abs(work.number) > limit:
        return 10**9
    if not work.is_exact and (abs(work.number) > limit - 1 or abs(scaled - np.floor(scaled) - 0.5) < _SURE):
        return 10**9
    return signed(np.rint(scaled))


@compiled
def _settle(work: Work, lon: int, lat: int, rank: int) -> bool:
    """Take a place, unless a field that counts more told one."""
    if lon == 10**9 or lat == 10**9:
        return False
    if rank < work.rank:
        row = work.row[work.rows]
        row.lon, row.lat = lon, lat
        work.rank = rank
    return True


@compiled
def place(work: Work, at: int) -> int:
    """``{"lon": …, "lat": …, "heading_deg": …}`` or null."""
    if is_literal(work, at, NULL):
        return at + 4
    if byte(work, at) != 123:
        return DOUBT
    at = blanks(work, at + 1)
    lon = lat = 0
    seen = 0
    while at > 0:
        key = LON if is_literal(work, at, LON) else LAT if is_literal(work, at, LAT) else HEADING
        bit = 1 << (key - LON)
        if seen & bit or not is_literal(work, at, key):
            return DOUBT
        seen |= bit
        at = _degrees(work, blanks(work, at + LENGTHS[key]), key)
        if at < 0:
            return DOUBT
        if key == LON:
            lon = _millionths(work, 180.0)
        elif key == LAT:
            lat = _millionths(work, 90.0)
        at = follows(work, at, 125)
    return -at if seen & 3 == 3 and at < 0 and _settle(work, lon, lat, 0) else DOUBT


@compiled
def _degrees(work: Work, at: int, key: int) -> int:
    """The number of a place; a heading may be null."""
    if key == HEADING and is_literal(work, at, NULL):
        return at + 4
    at = number(work, at)
    is_range = key != HEADING or (work.number >= 0 and (work.number < 359 or (work.is_exact and work.number <= 360)))
    return at if is_range else DOUBT


@compiled
def pair(work: Work, at: int, rank: int) -> int:
    """``[lon, lat]``, ``"(lon, lat)"`` or null."""
    if is_literal(work, at, NULL):
        return at + 4
    is_text = byte(work, at) == 34
    if not is_text and byte(work, at) != 91:
        return DOUBT
    at += 1
    if is_text and byte(work, at) == 40:
        at += 1
    at = number(work, _spaces(work, at))
    if at < 0 or byte(work, at) != 44:
        return DOUBT
    lon = _millionths(work, 180.0)
    at = number(work, _spaces(work, at + 1))
    if at < 0:
        return DOUBT
    if is_text and byte(work, at) == 41:
        at += 1
    is_end = byte(work, at) == (34 if is_text else 93)
    return at + 1 if is_end and _settle(work, lon, _millionths(work, 90.0), rank) else DOUBT


@compiled
def _spaces(work: Work, at: int) -> int:
    while byte(work, at) == 32:
        at += 1
    return at


@compiled
def identifier(work: Work, at: int) -> tuple[int, int]:
    """A text, a whole number or null: the position behind it, and its hash."""
    if is_literal(work, at, NULL):
        return at + 4, 0
    if byte(work, at) == 34:
        return string(work, at), work.text.hash
    end = number(work, at)
    if end < 0 or byte(work, at) == 45 or find(work, at, end, POINTS) < end:
        return DOUBT, 0
    return end, hashed(work, at, end)


@compiled
def kind_of_row(work: Work, at: int) -> tuple[int, int]:
    """A label (a text, a whole number or null): the position behind it, and its number among names, -1 for none."""
    text = work.text
    if is_literal(work, at, NULL):
        return at + 4, -1
    if byte(work, at) == 34:
        at = string(work, at)
    else:
        text.start = at
        at, text.hash = identifier(work, at)
        text.stop = at
    if at < 0 or text.start == text.stop:
        return at, -1
    name = named(work, LABEL_NAME)
    return at if name >= 0 else DOUBT, name


@compiled
def pair_type(work: Work, at: int) -> int:
    """A label, and the stage it tells; or null."""
    at, work.row[work.rows].label = kind_of_row(work, at)
    text = work.text
    if work.row[work.rows].label >= 0 and text.stop - text.start >= 6:
        work.stage = 1 if is_literal(work, text.start, STAGE1) else 2 if is_literal(work, text.start, STAGE2) else 0
    return at


@compiled
def label(work: Work, at: int) -> int:
    """A number other than 0, or null."""
    if is_literal(work, at, NULL):
        return at + 4
    at = number(work, at)
    return at if work.number != 0.0 else DOUBT


@compiled
def scalar(work: Work, at: int) -> int:
    """A string, number, truth value or null that is not used."""
    if byte(work, at) == 34:
        return string(work, at)
    if is_literal(work, at, NULL) or is_literal(work, at, TRUE):
        return at + 4
    return at + 5 if is_literal(work, at, FALSE) else number(work, at)
