"""JSON strings: where they stand, what they say without escapes, and what is odd about them."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import numpy as np

from ugembed.records.uge.compiled.machine import compiled
from ugembed.records.uge.compiled.memory import DOUBT, GAP, HAS_LESS, POOL, Work
from ugembed.records.uge.compiled.siphash import absorbed, begun, finished, hashed
from ugembed.records.uge.compiled.words import ALL_ENDS, byte, copy_32, first, load, lowest, marks_of, store, survey

_HEX = np.array([int(chr(code), 16) if chr(code) in "0123456789abcdefABCDEF" else DOUBT for code in range(256)])
_MEANT = dict(zip(b'"\\/bfnrt', b'"\\/\b\f\n\r\t', strict=True))
_PLAIN = np.array([_MEANT.get(code, DOUBT) for code in range(256)])


@compiled
def string(work: Work, at: int) -> int:
    """The string that begins with the quote here, into ``text``."""
    if byte(work, at) != 34:
        return DOUBT
    end = _plain(work, at + 1)
    return _escaped(work, at + 1) if end == 0 else end


@compiled
def _plain(work: Work, start: int) -> int:
    """A string without escapes, hashed while its end is looked for; 0 if it has some."""
    text = work.text
    state, at = begun(work), start
    odd = np.uint64(0)
    marks = marks_of(work, at)
    while marks & ALL_ENDS == np.uint64(0):
        odd |= marks
        for step in range(0, 32, 8):
            state = absorbed(state, load(work, at + step))
        at += 32
        marks = marks_of(work, at)
    stop = at + lowest(marks)
    if byte(work, stop) != 34:
        return 0 if byte(work, stop) == 92 else DOUBT
    while at + 8 <= stop:
        state = absorbed(state, load(work, at))
        at += 8
    text.start, text.stop = start, stop
    text.hash = finished(state, first(load(work, at), stop - at), stop - start)
    text.characters, text.odd = stop - start, 0
    is_sound = (odd | marks) >> np.uint64(32) == np.uint64(0) or _look_at(work)
    return stop + 1 if is_sound else DOUBT


@compiled
def _look_at(work: Work) -> bool:
    """Count the characters of ``text`` and note what is odd about it; whether it is UTF-8."""
    text = work.text
    characters, is_sound, has_less = survey(work, text.start, text.stop)
    text.characters = characters
    text.odd = HAS_LESS if has_less else 0
    return is_sound


@compiled
def _escaped(work: Work, at: int) -> int:
    """A string with escapes, which is written anew behind the block."""
    begin = to = work.free
    while to + 2 * GAP <= POOL:
        copy_32(work, at, to)
        marks = marks_of(work, at) & ALL_ENDS
        if marks == np.uint64(0):
            at, to = at + 32, to + 32
            continue
        count = lowest(marks)
        at, to = at + count, to + count
        if byte(work, at) == 34:
            return at + 1 if measure(work, begin, to) else DOUBT
        at, to = _escapes(work, at, to)
        if to < 0:
            return DOUBT
    return DOUBT


@compiled
def _escapes(work: Work, at: int, to: int) -> tuple[int, int]:
    """Write what escapes mean that stand one behind the other; the positions behind both, the second `DOUBT` if bad."""
    if byte(work, at) != 92:
        return at, DOUBT
    while byte(work, at) == 92 and to + 2 * GAP <= POOL:
        code, size = _PLAIN[byte(work, at + 1)], 2
        if byte(work, at + 1) == 117:
            code, size = _quad(work, at + 2), 6
            if code & ~0x7FF == 0xD800:
                code, size = _pair(work, at, code), 12
        if code < 0:
            return at, DOUBT
        at, to = at + size, _encode(work, to, code)
    return at, to


@compiled
def _pair(work: Work, at: int, high: int) -> int:
    """The character that two escapes mean together, of which the first is ``high``; `DOUBT` for none."""
    low = _quad(work, at + 8)
    is_escape = byte(work, at + 6) == 92 and byte(work, at + 7) == 117
    if high > 0xDBFF or not is_escape or not 0xDC00 <= low <= 0xDFFF:
        return DOUBT
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)


@compiled
def _quad(work: Work, at: int) -> int:
    """The number that four digits make; negative if they do not."""
    high = _HEX[byte(work, at)] << 12 | _HEX[byte(work, at + 1)] << 8
    return high | _HEX[byte(work, at + 2)] << 4 | _HEX[byte(work, at + 3)]


@compiled
def _encode(work: Work, to: int, code: int) -> int:
    """Write a character, and up to seven bytes behind it; the position behind it."""
    if code < 0x80:
        store(work, to, np.uint64(code))
        return to + 1
    last = 0x80 | code & 0x3F
    if code < 0x800:
        store(work, to, np.uint64(0xC0 | code >> 6 | last << 8))
        return to + 2
    third = 0x80 | code >> 6 & 0x3F
    if code < 0x10000:
        store(work, to, np.uint64(0xE0 | code >> 12 | third << 8 | last << 16))
        return to + 3
    second = 0x80 | code >> 12 & 0x3F
    store(work, to, np.uint64(0xF0 | code >> 18 | second << 8 | third << 16 | last << 24))
    return to + 4


@compiled
def measure(work: Work, start: int, stop: int) -> bool:
    """Make a part that was written behind the block, at least eight bytes behind the last, the ``text``; whether it is
    UTF-8."""
    text = work.text
    text.start, text.stop = start, stop
    text.hash = hashed(work, start, stop)
    store(work, start - 8, np.uint64(0))
    store(work, stop, np.uint64(0))
    work.free = stop + 16
    return _look_at(work)


@compiled
def has_room(work: Work, size: int) -> bool:
    """Whether so many bytes can be written behind the block."""
    return work.free + size + 2 * GAP <= POOL
