"""Rows of a block, one after the other."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from ugembed.records.checking.columns import NOWHERE_E6
from ugembed.records.uge.compiled import files
from ugembed.records.uge.compiled.cases import beside, candidates, index, is_case, truth
from ugembed.records.uge.compiled.files import GRAPH, IMAGE, is_resolved, other_field, query_files
from ugembed.records.uge.compiled.literals import FIELDS, IS_USED, KNOWN, LENGTHS, is_literal
from ugembed.records.uge.compiled.machine import compiled, memory_at
from ugembed.records.uge.compiled.memory import DOUBT, GAP, KINDS, MOST_ROWS, NEGATIVE, POSITIVE, Work
from ugembed.records.uge.compiled.pairs import is_pair
from ugembed.records.uge.compiled.queries import is_item, simple_text
from ugembed.records.uge.compiled.siphash import hashed
from ugembed.records.uge.compiled.turns import groups, query
from ugembed.records.uge.compiled.values import (
    blanks,
    follows,
    identifier,
    kind_of_row,
    label,
    pair,
    pair_type,
    place,
    scalar,
)
from ugembed.records.uge.compiled.words import NEWLINES, byte, find

_MESSAGES, _IMAGES, _GRAPHS, _ID, _PLACE = range(5)
_POSITIVES, _NEGATIVES, _PAIR_TYPE, _LABEL, _GROUP = (
    FIELDS.index(name) for name in ("positive_messages", "negative_messages", "pair_type", "label", "group")
)
_CANDIDATES, _PICTURES, _DRAWINGS, _TRUTH, _INDEX, _QUERY_TYPE, _QUESTION_TYPE, _TEXT = range(
    FIELDS.index("candidates"), len(FIELDS)
)
_READ = len(FIELDS)
_TRAINING, _BENCHMARK, _EMBED = range(len(KINDS))
_NO_RANK = 99


@compiled
def _value(work: Work, at: int, field: int) -> int:
    if field == _MESSAGES:
        return query(work, at)
    if field <= _GRAPHS:
        return query_files(work, at, IMAGE + field - _IMAGES)
    if field == _ID:
        at, work.row[work.rows].id = identifier(work, at)
        return at
    if field == _PLACE:
        return place(work, at)
    if field < _POSITIVES:
        return pair(work, at, field - _PLACE)
    if field < _CANDIDATES:
        return _value_of_pair(work, at, field)
    return simple_text(work, at) if field == _TEXT else _value_of_case(work, at, field)


@compiled
def _value_of_pair(work: Work, at: int, field: int) -> int:
    if field <= _NEGATIVES:
        return groups(work, at, POSITIVE if field == _POSITIVES else NEGATIVE)
    if field == _PAIR_TYPE:
        return pair_type(work, at)
    if field == _LABEL:
        return label(work, at)
    if field == _GROUP:
        at, work.row[work.rows].group = identifier(work, at)
        return at
    return scalar(work, at)


@compiled
def _value_of_case(work: Work, at: int, field: int) -> int:
    if field == _CANDIDATES:
        return candidates(work, at)
    if field <= _DRAWINGS:
        return beside(work, at, IMAGE if field == _PICTURES else GRAPH)
    if field == _TRUTH:
        return truth(work, at)
    if field == _INDEX:
        return index(work, at)
    if field == _QUERY_TYPE:
        at, work.row[work.rows].label = kind_of_row(work, at)
    else:
        at, work.question = kind_of_row(work, at)
    return at


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
        if field < 0 or not IS_USED[work.kind, field]:
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
def _is_sound(work: Work) -> bool:
    """Whether the fields that were read make a row; its facts."""
    if work.kind == _TRAINING:
        return is_pair(work)
    return is_case(work) if work.kind == _BENCHMARK else is_item(work)


@compiled
def _begin(work: Work, size: int) -> None:
    """Forget what was read of the row before."""
    row = work.row[work.rows]
    row.id = row.group = row.images = row.graphs = row.flags = row.candidates = row.gold = 0
    row.image = row.graph = row.label = -1
    row.lon = row.lat = NOWHERE_E6
    work.sizes[:] = 0
    work.pictures, work.drawings, work.stated, work.question = -1, 0, -1, -1
    work.rank, work.stage, work.linked, work.free = _NO_RANK, 0, work.links, size + GAP


@compiled
def _row(work: Work, start: int, size: int, line: int) -> int:
    """The line whose bracket is here; the position behind its end."""
    _begin(work, size)
    at = _fields(work, blanks(work, start + 1))
    if at < 0:
        return DOUBT
    at = blanks(work, at)
    if byte(work, at) != 10 or not _is_sound(work):
        return DOUBT
    row = work.row[work.rows]
    row.line, row.start, row.stop = line, start, at + 1
    if not is_resolved(work, row):
        work.pending += 1
    work.rows += 1
    work.links = work.linked
    return at + 1


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
def add_files(address: int) -> int:
    """Files of rows that were ``pending``; see `ugembed.records.uge.compiled.files.add_files`."""
    return files.add_files(memory_at(address))


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
        files.add_files(work)
    return at


@compiled
def hash_data(address: int, start: int, stop: int) -> int:
    """The hash of a part of ``data``."""
    return hashed(memory_at(address), start, stop)


ENTRIES = {"scan_rows": (scan_rows, 4), "add_files": (add_files, 1), "hash_data": (hash_data, 3)}
"""What Python calls, with the number of arguments; all are 64-bit integers, and so is what is returned."""
