"""Texts: white space at their ends, tags, and the table of names."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from ugembed.records.uge.compiled.literals import GRAPH_TAG, IMAGE_TAG, is_literal
from ugembed.records.uge.compiled.machine import compiled
from ugembed.records.uge.compiled.memory import DOUBT, HAS_LESS, MOST_NAMES, POOL, POOL_BYTES, Work
from ugembed.records.uge.compiled.strings import has_room
from ugembed.records.uge.compiled.words import LESS, byte, copy, find, same, signed

_SLOTS = 2 * MOST_NAMES


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
        work.free = to + 16
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
