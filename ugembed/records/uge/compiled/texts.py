"""Texts: JSON strings, UTF-8, white space, tags, and the table of names."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import numpy as np

from ugembed.records.uge.compiled.memory import (
    DOUBT,
    GAP,
    HAS_LESS,
    MOST_NAMES,
    NOT_ASCII,
    POOL,
    POOL_BYTES,
    Work,
)
from ugembed.records.uge.compiled.words import (
    ALL_ENDS,
    GRAPH_TAG,
    HIGHS,
    IMAGE_TAG,
    LESS,
    absorbed,
    begun,
    byte,
    compiled,
    copy,
    ends,
    equal,
    find,
    finished,
    first,
    hashed,
    is_literal,
    load,
    lowest,
    marks_of,
    position,
    same,
    signed,
    store,
)

_HEX = np.array([int(chr(code), 16) if chr(code) in "0123456789abcdefABCDEF" else DOUBT for code in range(256)])
_MEANT = dict(zip(b'"\\/bfnrt', b'"\\/\b\f\n\r\t', strict=True))
_PLAIN = np.array([_MEANT.get(code, DOUBT) for code in range(256)])
_SLOTS = 2 * MOST_NAMES


@compiled
def string(work: Work, at: int) -> int:
    """The string that begins with the quote here, into ``text``."""
    if byte(work, at) != 34:
        return DOUBT
    end = _plain(work, at + 1)
    if end < 0:
        end = _escaped(work, at + 1)
    text = work.text
    text.characters = text.stop - text.start
    if end > 0 and text.odd & NOT_ASCII:
        text.characters = _characters(work, text.start, text.stop)
        if text.characters < 0:
            return DOUBT
    return end


@compiled
def _plain(work: Work, start: int) -> int:
    """A string without escapes; hashed while its end is looked for."""
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
        return DOUBT
    while at + 8 <= stop:
        state = absorbed(state, load(work, at))
        at += 8
    text.start, text.stop = start, stop
    text.hash = finished(state, first(load(work, at), stop - at), stop - start)
    text.odd = 0
    if (odd | marks) >> np.uint64(32) != np.uint64(0):
        _note_odd(work, start, stop)
    return stop + 1


@compiled
def _note_odd(work: Work, start: int, stop: int) -> None:
    """What is odd about a part of ``data``."""
    seen = less = np.uint64(0)
    for at in range(start, stop, 8):
        word = load(work, at) if at + 8 <= stop else first(load(work, at), stop - at)
        seen |= word
        less |= equal(word, LESS)
    odd = NOT_ASCII if seen & HIGHS != np.uint64(0) else 0
    work.text.odd = odd | HAS_LESS if less != np.uint64(0) else odd


@compiled
def _escaped(work: Work, at: int) -> int:
    """A string with escapes, which is written anew behind the block."""
    begin = to = work.free
    while to + GAP <= POOL:
        word = load(work, at)
        store(work, to, word)
        marks = ends(word)
        if marks == np.uint64(0):
            at, to = at + 8, to + 8
            continue
        count = position(marks)
        at, to = at + count, to + count
        if byte(work, at) == 34:
            measure(work, begin, to)
            return at + 1
        at, code = _escape(work, at)
        if code < 0:
            return DOUBT
        to = _encode(work, to, code)
    return DOUBT


@compiled
def _escape(work: Work, at: int) -> tuple[int, int]:
    """The position behind an escape and the character it means; `DOUBT` as the character if there is none."""
    if byte(work, at) != 92:
        return at, DOUBT
    if byte(work, at + 1) != 117:
        return at + 2, _PLAIN[byte(work, at + 1)]
    code = _quad(work, at + 2)
    if not 0xD800 <= code <= 0xDFFF:
        return at + 6, code
    low = _quad(work, at + 8)
    if code > 0xDBFF or byte(work, at + 6) != 92 or byte(work, at + 7) != 117 or not 0xDC00 <= low <= 0xDFFF:
        return at, DOUBT
    return at + 12, 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)


@compiled
def _quad(work: Work, at: int) -> int:
    """The number that four digits make; negative if they do not."""
    high = _HEX[byte(work, at)] << 12 | _HEX[byte(work, at + 1)] << 8
    return high | _HEX[byte(work, at + 2)] << 4 | _HEX[byte(work, at + 3)]


@compiled
def _encode(work: Work, to: int, code: int) -> int:
    """Write a character; the position behind it."""
    data = work.data
    if code < 0x80:
        data[to] = code
        return to + 1
    if code < 0x800:
        data[to] = 0xC0 | code >> 6
    elif code < 0x10000:
        data[to] = 0xE0 | code >> 12
        to += 1
        data[to] = 0x80 | code >> 6 & 0x3F
    else:
        data[to] = 0xF0 | code >> 18
        data[to + 1] = 0x80 | code >> 12 & 0x3F
        to += 2
        data[to] = 0x80 | code >> 6 & 0x3F
    data[to + 1] = 0x80 | code & 0x3F
    return to + 2


@compiled
def measure(work: Work, start: int, stop: int) -> None:
    """Make a part that was written behind the block the ``text``; nothing is said of its characters."""
    text = work.text
    text.start, text.stop = start, stop
    text.hash = hashed(work, start, stop)
    _note_odd(work, start, stop)
    work.free = stop + 8


@compiled
def has_room(work: Work, size: int) -> bool:
    """Whether so many bytes can be written behind the block."""
    return work.free + size + GAP <= POOL


@compiled
def _characters(work: Work, start: int, stop: int) -> int:
    """Number of characters of a text, `DOUBT` if it is not UTF-8."""
    at, count = start, 0
    while at < stop:
        if at + 8 <= stop and load(work, at) & HIGHS == np.uint64(0):
            at, count = at + 8, count + 8
            continue
        size = 1 if byte(work, at) < 0x80 else _size(work, at)
        if size == 0 or at + size > stop:
            return DOUBT
        at += size
        count += 1
    return count


@compiled
def _size(work: Work, at: int) -> int:
    """Bytes of the character beyond ASCII that begins here; 0 if it is not UTF-8 (RFC 3629, section 4)."""
    lead, second = byte(work, at), byte(work, at + 1)
    if second & 0xC0 != 0x80:
        return 0
    if 0xC2 <= lead <= 0xDF:
        return 2
    if byte(work, at + 2) & 0xC0 != 0x80:
        return 0
    if 0xE0 <= lead <= 0xEF:
        return 0 if (lead == 0xE0 and second < 0xA0) or (lead == 0xED and second > 0x9F) else 3
    if not 0xF0 <= lead <= 0xF4 or byte(work, at + 3) & 0xC0 != 0x80:
        return 0
    return 0 if (lead == 0xF0 and second < 0x90) or (lead == 0xF4 and second > 0x8F) else 4


@compiled
def _is_blank(code: int) -> bool:
    """Whether Python strips a character."""
    if 0x1680 <= code <= 0x3000:
        is_line_end = code == 0x2028 or code == 0x2029
        return 0x2000 <= code <= 0x200A or is_line_end or code in (0x1680, 0x202F, 0x205F, 0x3000)
    return code == 32 or 9 <= code <= 13 or 28 <= code <= 31 or code == 0x85 or code == 0xA0


@compiled
def _code(work: Work, at: int) -> int:
    """The character that begins here, up to U+FFFF; for others a number that is no white space."""
    lead = byte(work, at)
    if lead < 0x80:
        return lead
    second = byte(work, at + 1) & 0x3F
    if lead < 0xE0:
        return (lead & 0x1F) << 6 | second
    return (lead & 0x1F) << 12 | second << 6 | byte(work, at + 2) & 0x3F


@compiled
def strip(work: Work) -> None:
    """Take the white space from both ends of ``text``."""
    text = work.text
    start, stop = text.start, text.stop
    while start < stop and _is_blank(_code(work, start)):
        text.characters -= 1
        start += 1
        while start < stop and byte(work, start) & 0xC0 == 0x80:
            start += 1
    while start < stop:
        last = stop - 1
        while byte(work, last) & 0xC0 == 0x80:
            last -= 1
        if not _is_blank(_code(work, last)):
            break
        text.characters -= 1
        stop = last
    text.start, text.stop = start, stop


@compiled
def _is_tag(work: Work, at: int, stop: int, tag: int) -> bool:
    return at + 7 <= stop and is_literal(work, at, tag)


@compiled
def has_tag(work: Work, start: int, stop: int) -> bool:
    """Whether a part of ``data`` has a tag in it."""
    at = find(work, start, stop, LESS)
    while at < stop:
        if _is_tag(work, at, stop, IMAGE_TAG) or _is_tag(work, at, stop, GRAPH_TAG):
            return True
        at = find(work, at + 1, stop, LESS)
    return False


@compiled
def bare(work: Work) -> tuple[int, int]:
    """Take the tags out of ``text`` and the white space from its ends; the numbers of images and graphs, or `DOUBT`."""
    text = work.text
    images = graphs = 0
    if text.odd & HAS_LESS:
        if not has_room(work, text.stop - text.start):
            return DOUBT, DOUBT
        begin = to = work.free
        at, stop = text.start, text.stop
        while at < stop:
            mark = find(work, at, stop, LESS)
            to, at = copy(work, at, mark, to), mark
            if _is_tag(work, at, stop, IMAGE_TAG):
                images, at = images + 1, at + 7
            elif _is_tag(work, at, stop, GRAPH_TAG):
                graphs, at = graphs + 1, at + 7
            elif at < stop:
                to, at = copy(work, at, at + 1, to), at + 1
        work.free = to + 8
        if has_tag(work, begin, to):  # what stood around a tag makes another one
            return DOUBT, DOUBT
        text.start, text.stop = begin, to
        text.characters -= 7 * (images + graphs)
    strip(work)
    return images, graphs


@compiled
def named(work: Work, kind: int) -> int:
    """The number of ``text`` in the table of names; `DOUBT` when the table is full."""
    text = work.text
    length = text.stop - text.start
    at = (text.hash ^ (text.hash >> 32) ^ kind) & (_SLOTS - 1)
    while work.slot[at]:
        number = signed(work.slot[at]) - 1
        name = work.name[number]
        is_like = name.hash == text.hash and name.kind == kind and name.stop - name.start == length
        if is_like and same(work, text.start, signed(name.start), length):
            return number
        at = (at + 1) & (_SLOTS - 1)
    number, start = work.names, work.pool
    if number == MOST_NAMES or start + length + 8 > POOL + POOL_BYTES:
        return DOUBT
    name = work.name[number]
    name.hash, name.identity, name.kind = text.hash, 0, kind
    name.start, name.stop = start, copy(work, text.start, text.stop, start)
    work.slot[at] = number + 1
    work.names, work.pool = number + 1, name.stop
    return number
