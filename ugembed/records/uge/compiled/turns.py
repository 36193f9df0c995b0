"""What a row says: lists of turns, as the query, positives and negatives."""

from __future__ import annotations

import numpy as np

from ugembed.records.uge.compiled.literals import CONTENT, LENGTHS, NULL, ROLE, USER, is_literal
from ugembed.records.uge.compiled.machine import compiled
from ugembed.records.uge.compiled.memory import DOUBT, HAS_LESS, MOST_TEXTS, MOST_TURNS, NEGATIVE, QUERY, Work
from ugembed.records.uge.compiled.strings import has_room, measure, string
from ugembed.records.uge.compiled.texts import has_tag, strip
from ugembed.records.uge.compiled.values import blanks, follows
from ugembed.records.uge.compiled.words import byte, copy, store


@compiled
def _turn(work: Work, at: int) -> int:
    """``{"role": "user", "content": "…"}``, its content into ``text``."""
    if byte(work, at) != 123:
        return DOUBT
    at = blanks(work, at + 1)
    if is_literal(work, at, ROLE):
        at = follows(work, _user(work, at), 125)
        return -follows(work, _content(work, at), 125) if at > 0 else DOUBT
    at = follows(work, _content(work, at), 125)
    return -follows(work, _user(work, at), 125) if at > 0 else DOUBT


@compiled
def _user(work: Work, at: int) -> int:
    value = blanks(work, at + LENGTHS[ROLE])
    return value + LENGTHS[USER] if is_literal(work, at, ROLE) and is_literal(work, value, USER) else 0


@compiled
def _content(work: Work, at: int) -> int:
    end = string(work, blanks(work, at + LENGTHS[CONTENT])) if is_literal(work, at, CONTENT) else DOUBT
    return max(end, 0)


@compiled
def turns(work: Work, at: int) -> int:
    """A list of turns, joined by line ends, into ``text``."""
    text = work.text
    if byte(work, at) != 91:
        return DOUBT
    at = blanks(work, at + 1)
    start = stop = 0
    for count in range(MOST_TURNS):
        at = _turn(work, at)
        if at <= 0 or (count and not _join(work, start, stop)):
            return DOUBT
        start, stop = text.start, text.stop
        at = follows(work, at, 93)
        if at <= 0:
            return -at if at < 0 else DOUBT
    return DOUBT


@compiled
def _join(work: Work, start: int, stop: int) -> bool:
    """Put another part of ``data`` and a line end in front of ``text``."""
    text = work.text
    if not has_room(work, stop - start + text.stop - text.start):
        return False
    begin = work.free
    to = copy(work, start, stop, begin)
    store(work, to, np.uint64(10))
    return measure(work, begin, copy(work, text.start, text.stop, to + 1))


@compiled
def keep(work: Work, side: int) -> bool:
    """Keep ``text``; what is no query must be plainly a text."""
    text, count = work.text, work.sizes[side]
    if count == MOST_TEXTS:
        return False
    if side != QUERY:
        strip(work)
        if text.start == text.stop or (text.odd & HAS_LESS and has_tag(work, text.start, text.stop)):
            return False
    work.texts[side, count] = text
    work.sizes[side] = count + 1
    return True


@compiled
def groups(work: Work, at: int, side: int) -> int:
    """A list of lists of turns; negatives may be null."""
    if side == NEGATIVE and is_literal(work, at, NULL):
        return at + 4
    if byte(work, at) != 91:
        return DOUBT
    at = blanks(work, at + 1)
    if byte(work, at) == 93:
        return at + 1
    while at > 0:
        at = turns(work, at)
        if at < 0 or not keep(work, side):
            return DOUBT
        at = follows(work, at, 93)
    return -at if at < 0 else DOUBT


@compiled
def query(work: Work, at: int) -> int:
    """The turns of the query."""
    at = turns(work, at)
    return at if at > 0 and keep(work, QUERY) else DOUBT
