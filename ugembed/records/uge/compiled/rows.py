"""Rows of a block, one after the other."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import numpy as np

from ugembed.records.checking.columns import NOWHERE_E6
from ugembed.records.checking.facts import ANSWER_IN_QUERY, MIN_COPIED, TEXT_EMPTY
from ugembed.records.uge.compiled.memory import (
    DOUBT,
    GAP,
    GRAPH,
    IMAGE,
    MOST_ROWS,
    NEGATIVE,
    POSITIVE,
    QUERY,
    Work,
)
from ugembed.records.uge.compiled.turns import groups, query, said
from ugembed.records.uge.compiled.values import (
    blanks,
    files,
    follows,
    identifier,
    label,
    other_field,
    pair,
    pair_type,
    place,
    scalar,
)
from ugembed.records.uge.compiled.words import (
    FIELDS,
    KNOWN,
    LENGTHS,
    NEWLINES,
    absorbed,
    begun,
    byte,
    compiled,
    find,
    finished,
    hashed,
    is_literal,
    memory_at,
    same,
)

_MESSAGES, _POSITIVES, _NEGATIVES, _IMAGES, _GRAPHS, _PAIR_TYPE, _LABEL, _ID, _GROUP, _PLACE = range(10)
_READ = len(FIELDS)
_UNUSED = _READ - 2
_LONG_SEARCH = 1 << 22
_NO_RANK = 99


@compiled
def _value(work: Work, at: int, field: int) -> int:
    if field == _MESSAGES:
        return query(work, at)
    if field <= _NEGATIVES:
        return groups(work, at, POSITIVE + field - _POSITIVES)
    if field <= _GRAPHS:
        return files(work, at, IMAGE + field - _IMAGES)
    if field <= _LABEL:
        return pair_type(work, at) if field == _PAIR_TYPE else label(work, at)
    if field == _ID:
        at, work.row[work.rows].id = identifier(work, at)
        return at
    if field == _GROUP:
        at, work.row[work.rows].group = identifier(work, at)
        return at
    if field == _PLACE:
        return place(work, at)
    return pair(work, at, field - _PLACE) if field < _UNUSED else scalar(work, at)


@compiled
def _field(work: Work, at: int, before: int) -> int:
    """The field whose key is here: the one that came last time behind ``before``, or any; `DOUBT` for none of them."""
    guess = work.order[before]
    if is_literal(work, at, guess):
        return guess
    for field in range(KNOWN):
        if is_literal(work, at, field):
            work.order[before] = field
            return field
    return DOUBT


@compiled
def _fields(work: Work, at: int) -> int:
    """All fields of a row, from the first key on."""
    seen, before = 0, KNOWN
    while at > 0:
        field = _field(work, at, before)
        if field < 0:
            at = other_field(work, at)
        elif field >= _READ or seen >> field & 1:
            return DOUBT
        else:
            seen, before = seen | 1 << field, field
            at = _value(work, blanks(work, at + LENGTHS[field]), field)
        if at < 0:
            return DOUBT
        at = follows(work, at, 125)
    return -at if at < 0 else DOUBT


@compiled
def _is_copied(work: Work) -> int:
    """Whether a positive stands in the query, which is ``text``; `DOUBT` when that takes long to find out."""
    text = work.text
    length = text.stop - text.start
    for number in range(work.sizes[POSITIVE]):
        answer = work.texts[POSITIVE, number]
        part = answer.stop - answer.start
        if answer.characters < MIN_COPIED or part > length:
            continue
        if part * length > _LONG_SEARCH:
            return DOUBT
        for at in range(text.start, text.stop - part + 1):
            if same(work, at, answer.start, part):
                return 1
    return 0


@compiled
def _content(work: Work) -> int:
    """The hash of all texts of the row, as `ugembed.records.checking.facts.content_hash` has it."""
    sizes = work.sizes
    state = absorbed(begun(work), np.uint64(work.texts[QUERY, 0].hash))
    state = absorbed(state, np.uint64(sizes[POSITIVE]))
    for side in (POSITIVE, NEGATIVE):
        for number in range(sizes[side]):
            state = absorbed(state, np.uint64(work.texts[side, number].hash))
    return finished(state, np.uint64(0), 8 * (2 + sizes[POSITIVE] + sizes[NEGATIVE]))


@compiled
def _is_sound(work: Work) -> bool:
    """Whether the fields that were read make a row; its facts."""
    if work.sizes[QUERY] == 0 or work.sizes[POSITIVE] == 0:
        return False
    row, text = work.row[work.rows], work.text
    images, graphs = said(work)
    copied = _is_copied(work)
    if images != row.images or graphs != row.graphs or copied < 0:
        return False
    if (work.stage == 1 and graphs) or (work.stage == 2 and not graphs):
        return False
    row.flags = ANSWER_IN_QUERY * copied
    if text.characters == 0 and not images:
        if not graphs:
            return False
        row.flags |= TEXT_EMPTY
    row.content = _content(work)
    row.query_characters = text.characters
    row.answer_characters = work.texts[POSITIVE, 0].characters
    return True


@compiled
def _row(work: Work, start: int, size: int, line: int) -> int:
    """The line whose bracket is here; the position behind its end."""
    row = work.row[work.rows]
    row.id = row.group = row.images = row.graphs = 0
    row.image = row.graph = row.label = -1
    row.lon = row.lat = NOWHERE_E6
    work.sizes[:] = 0
    work.rank, work.stage, work.linked, work.free = _NO_RANK, 0, work.links, size + GAP
    at = _fields(work, blanks(work, start + 1))
    if at < 0:
        return DOUBT
    at = blanks(work, at)
    if byte(work, at) != 10 or not _is_sound(work):
        return DOUBT
    row.line, row.start, row.stop = line, start, at + 1
    if not _is_resolved(work, row):
        work.pending += 1
    work.rows += 1
    work.links = work.linked
    return at + 1


@compiled
def _is_resolved(work: Work, row: Work) -> bool:
    """Whether the identities of all files of a row are known."""
    for at in range(work.links, work.linked):
        name = work.name[work.link[at].name]
        if name.kind <= GRAPH and name.identity == 0:
            return False
    is_resolved = row.image < 0 or work.name[row.image].identity != 0
    return is_resolved and (row.graph < 0 or work.name[row.graph].identity != 0)


@compiled
def _leave_out(work: Work, start: int, stop: int, line: int) -> None:
    """Note a line that is left to the slower ways, together with those right before it."""
    last = work.runs - 1
    if last >= 0 and work.run[last].stop == start:
        work.run[last].stop = stop
    else:
        run = work.run[work.runs]
        run.start, run.stop, run.line = start, stop, line
        work.runs += 1


@compiled
def _has_files(work: Work, row: Work, at: int, end: int) -> bool:
    """Take the files of a row into its hash; whether all of them are known."""
    is_known = True
    if row.image >= 0:
        row.image = work.name[row.image].identity
        is_known = row.image != 0
    else:
        row.image = 0
    if row.graph >= 0:
        row.graph = work.name[row.graph].identity
        is_known = is_known and row.graph != 0
    else:
        row.graph = 0
    state = absorbed(absorbed(begun(work), np.uint64(row.content)), np.uint64(row.image))
    state = absorbed(absorbed(state, np.uint64(row.graph)), np.uint64(max(row.images - 1, 0)))
    count = 4
    for kind in (IMAGE, GRAPH):
        for link in range(at, end):
            name = work.name[work.link[link].name]
            if name.kind == kind:
                is_known = is_known and name.identity != 0
                state = absorbed(state, np.uint64(name.identity))
                count += 1
    row.content = finished(state, np.uint64(0), 8 * count)
    return is_known


@compiled
def add_files(address: int) -> int:
    """Put identities for the names of files, and take them into the hashes of rows; see `content_hash`.

    `scan_rows` does it by itself unless files are ``pending``.

    Returns:
        Number of rows that name a file whose identity is not known; their ``stop`` is made negative.
    """
    work = memory_at(address)
    unsure = 0
    at = work.first_link
    for number in range(work.first_row, work.rows):
        row = work.row[number]
        end = at
        while end < work.links and work.link[end].row == number:
            end += 1
        if not (_has_files(work, row, at, end)):
            row.stop = -row.stop
            unsure += 1
        at = end
    work.first_row, work.first_link = work.rows, at
    return unsure


@compiled
def scan_rows(address: int, size: int, line: int, is_last: int) -> int:
    """Read the rows of a block behind those that were read before.

    Args:
        address: Of the memory, with ``size`` bytes at the beginning of ``data``, and zeros behind them.
        line: Number of the first line.
        is_last: Whether the last line is whole.

    Returns:
        Where the last line begins, if it is not whole; else ``size``.
    """
    work = memory_at(address)
    work.runs = work.pending = 0
    at, number = 0, line
    while at < size:
        start = blanks(work, at)
        end = DOUBT
        if byte(work, start) == 10:
            end = start + 1
        elif byte(work, start) == 123 and work.rows < MOST_ROWS:
            end = _row(work, start, size, number)
        if end < 0:
            end = find(work, start, size, NEWLINES) + 1
            if end > size and not is_last:
                break
            _leave_out(work, at, min(end, size), number)
        at, number = min(end, size), number + 1
    work.lines = number - line
    if work.pending == 0:
        add_files(address)
    return at


@compiled
def hash_data(address: int, start: int, stop: int) -> int:
    """The hash of a part of ``data``."""
    return hashed(memory_at(address), start, stop)


ENTRIES = {"scan_rows": (scan_rows, 4), "add_files": (add_files, 1), "hash_data": (hash_data, 3)}
"""What Python calls, with the number of arguments; all are 64-bit integers, and so is what is returned."""
