"""What benchmark rows have beside a query: candidates, their pictures and graphs, and the right one."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from typing import Any

import numpy as np

from ugembed.records.checking.facts import ANSWER_IN_QUERY
from ugembed.records.images import SUFFIXES
from ugembed.records.uge.compiled import memory
from ugembed.records.uge.compiled.files import have_twins, link
from ugembed.records.uge.compiled.literals import NULL, is_literal
from ugembed.records.uge.compiled.machine import compiled
from ugembed.records.uge.compiled.memory import (
    AS_CANDIDATE,
    CANDIDATE,
    DOUBT,
    HAS_LESS,
    MOST_TEXTS,
    OF_CANDIDATE,
    PICTURE,
    QUERY,
    TRUTH,
    Work,
)
from ugembed.records.uge.compiled.queries import is_copied, is_query, keep
from ugembed.records.uge.compiled.siphash import State, absorbed, begun, finished
from ugembed.records.uge.compiled.strings import string
from ugembed.records.uge.compiled.texts import has_tag, named, strip
from ugembed.records.uge.compiled.values import blanks, follows, number
from ugembed.records.uge.compiled.words import byte, load, same

IMAGE, GRAPH = memory.IMAGE, memory.GRAPH


def _endings() -> tuple[Any, Any, Any, Any]:
    """Of every ending of pictures: the last eight bytes of a name, which of them count, which bits tell the case, and
    its length."""
    endings = [suffix.encode() for suffix in sorted(SUFFIXES)]
    words = [text.rjust(8, b"\0") for text in endings]
    masks = [(b"\xff" * len(text)).rjust(8, b"\0") for text in endings]
    cases = [bytes(0x20 * chr(code).isalpha() for code in word) for word in words]
    found = (np.frombuffer(b"".join(column), np.uint64) for column in (words, masks, cases))
    first, second, third = found
    return first, second, third, np.array([len(text) for text in endings])


_ENDS, _END_MASKS, _END_CASES, _END_SIZES = _endings()
_COUNT = len(_ENDS)


@compiled
def candidates(work: Work, at: int) -> int:
    """A list of texts or file names, or null."""
    if is_literal(work, at, NULL):
        return at + 4
    if byte(work, at) != 91:
        return DOUBT
    at = blanks(work, at + 1)
    if byte(work, at) == 93:
        return at + 1
    while at > 0:
        at = string(work, at)
        if at < 0 or not keep(work, CANDIDATE):
            return DOUBT
        at = follows(work, at, 93)
    return -at if at < 0 else DOUBT


@compiled
def beside(work: Work, at: int, kind: int) -> int:
    """The pictures or graphs of candidates: a list of names, lists of one name and, of graphs, nulls; or null."""
    if is_literal(work, at, NULL):
        return at + 4
    if byte(work, at) != 91:
        return DOUBT
    at = blanks(work, at + 1)
    if byte(work, at) == 93:
        return at + 1 if kind == GRAPH else DOUBT
    count = 0
    while at > 0 and count < MOST_TEXTS:
        at = _entry(work, at, kind, count)
        if at < 0:
            return DOUBT
        count += 1
        at = follows(work, at, 93)
    if kind == IMAGE:
        work.pictures = count
    else:
        work.drawings = count
    return -at if at < 0 else DOUBT


@compiled
def _entry(work: Work, at: int, kind: int, count: int) -> int:
    """The file of one candidate."""
    work.is_drawn[count] = 0 if kind == GRAPH else work.is_drawn[count]
    if byte(work, at) == 34:
        at = _again(work, at, count) if kind == IMAGE else string(work, at)
        if at < 0 or (kind == IMAGE and work.sizes[CANDIDATE] == 0 and not keep(work, PICTURE)):
            return DOUBT
        return at if _add(work, kind, count) else DOUBT
    is_null = is_literal(work, at, NULL)
    inner = at + 4 if is_null else blanks(work, at + 1)
    if is_null or (byte(work, at) == 91 and byte(work, inner) == 93):
        return DOUBT if kind == IMAGE else inner + 1 - is_null
    inner = string(work, inner) if byte(work, at) == 91 else DOUBT
    if inner < 0 or not _add(work, kind, count):
        return DOUBT
    inner = follows(work, inner, 93)
    return -inner if inner < 0 else DOUBT


@compiled
def _again(work: Work, at: int, count: int) -> int:
    """The string that begins here, which often is that of the candidate in this place."""
    if count < work.sizes[CANDIDATE]:
        name = work.texts[CANDIDATE, count]
        length = name.stop - name.start
        is_plain = name.start < at  # others are written anew, behind the block
        if is_plain and byte(work, at + 1 + length) == 34 and same(work, at + 1, name.start, length):
            work.text = name
            return at + 2 + length
    return string(work, at)


@compiled
def _add(work: Work, kind: int, count: int) -> bool:
    """Note ``text`` as the file of a candidate."""
    if kind == GRAPH:
        work.is_drawn[count] = 1
    return link(work, named(work, kind), OF_CANDIDATE, count)


@compiled
def truth(work: Work, at: int) -> int:
    """The right candidate."""
    at = string(work, at)
    return at if at > 0 and keep(work, TRUTH) else DOUBT


@compiled
def index(work: Work, at: int) -> int:
    """The position of the right candidate, or null."""
    if is_literal(work, at, NULL):
        return at + 4
    at = number(work, at)
    if at < 0 or not work.is_exact or not 0 <= work.number < MOST_TEXTS or work.number != np.floor(work.number):
        return DOUBT
    work.stated = int(work.number)
    return at


@compiled
def is_case(work: Work) -> bool:
    """Whether the fields that were read make a benchmark row; its facts."""
    sizes, row = work.sizes, work.row[work.rows]
    side = CANDIDATE if sizes[CANDIDATE] else PICTURE
    count = sizes[side]
    if count < 2 or (side == PICTURE and count != work.pictures) or not is_query(work):
        return False
    row.gold, row.candidates = _gold(work, side, count), count
    if row.gold < 0 or (work.stated >= 0 and work.stated != row.gold) or not _differ(work, side, count):
        return False
    if row.label < 0:
        row.label = work.question
    pictures = work.pictures
    if pictures < 0:
        pictures = _pictures(work, side, count)
    if pictures == 0:
        return work.drawings == 0 and _are_texts(work, side, count)
    return pictures == count and (work.drawings == 0 or work.drawings == count) and _are_shown(work, count)


@compiled
def _gold(work: Work, side: int, count: int) -> int:
    """The position of the right candidate; `DOUBT` for none."""
    if work.sizes[TRUTH] == 0:
        return DOUBT
    right = work.texts[TRUTH, 0]
    length = right.stop - right.start
    for at in range(count):
        name = work.texts[side, at]
        is_like = name.hash == right.hash and name.stop - name.start == length
        if is_like and same(work, name.start, right.start, length):
            return at
    return DOUBT


@compiled
def _differ(work: Work, side: int, count: int) -> bool:
    """Whether no two names are equal, and none is blank."""
    text = work.text
    for at in range(count):
        name = work.texts[side, at]
        work.numbers[at] = name.hash
        if name.start < name.stop and 32 < byte(work, name.start) < 127:
            continue
        work.text = name
        strip(work)
        if text.start == text.stop:
            return False
    return not have_twins(work, count)


@compiled
def _pictures(work: Work, side: int, count: int) -> int:
    """How many names are those of picture files, all or none, which are noted then; `DOUBT` for some."""
    found = 0
    for at in range(count):
        ending = _ending(work, work.texts[side, at].start, work.texts[side, at].stop)
        if ending < 0 or found != at * ending:
            return DOUBT
        found += ending
    for at in range(found):
        work.text = work.texts[side, at]
        if not link(work, named(work, IMAGE), AS_CANDIDATE, at):
            return DOUBT
    return found


@compiled
def _ending(work: Work, start: int, stop: int) -> int:
    """1 for the name of a picture file, 0 for no such name; `DOUBT` for what has only almost such an ending."""
    end = stop
    while end > start and (byte(work, end - 1) == 46 or byte(work, end - 1) == 47):
        end -= 1
    word = load(work, end - 8)
    for ending in range(_COUNT):
        if ((word | _END_CASES[ending]) ^ _ENDS[ending]) & _END_MASKS[ending] == np.uint64(0):
            before = stop - _END_SIZES[ending] - 1
            is_plain = end == stop and before >= start and byte(work, before) != 46 and byte(work, before) != 47
            return 1 if is_plain else DOUBT
    return 0


@compiled
def _are_texts(work: Work, side: int, count: int) -> bool:
    """Whether candidates are plainly texts; the facts of them."""
    row, text = work.row[work.rows], work.text
    for at in range(count):
        name = work.texts[side, at]
        if name.odd & HAS_LESS and has_tag(work, name.start, name.stop):
            return False
    state = _asked(work, work.texts[side, row.gold].hash)
    for at in range(count):
        state = absorbed(state, np.uint64(work.texts[side, at].hash))
    row.content = finished(state, np.uint64(0), 8 * (3 + count))
    work.text = work.texts[side, row.gold]
    strip(work)
    row.answer_characters = text.characters
    copied = is_copied(work, text.start, text.stop, text.characters)
    row.flags |= ANSWER_IN_QUERY * max(copied, 0)
    return copied >= 0


@compiled
def _are_shown(work: Work, count: int) -> bool:
    """The facts of candidates that are pictures, with or without graphs."""
    row, has_drawings = work.row[work.rows], work.drawings != 0
    state = _asked(work, work.shown[int(has_drawings and work.is_drawn[row.gold] != 0)])
    for at in range(count):
        state = absorbed(state, np.uint64(work.shown[int(has_drawings and work.is_drawn[at] != 0)]))
    row.content = finished(state, np.uint64(0), 8 * (3 + count))
    row.answer_characters = 0
    return True


@compiled
def _asked(work: Work, answer: int) -> State:
    """The state of the hash of all texts behind the query and its one answer."""
    state = absorbed(absorbed(begun(work), np.uint64(work.texts[QUERY, 0].hash)), np.uint64(1))
    return absorbed(state, np.uint64(answer))
