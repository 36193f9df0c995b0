"""The query of a row, whatever its kind; and rows that are nothing but a query."""

from __future__ import annotations

import numpy as np

from ugembed.records.checking.facts import MIN_COPIED, TEXT_EMPTY
from ugembed.records.uge.compiled.files import order_files
from ugembed.records.uge.compiled.literals import NULL, is_literal
from ugembed.records.uge.compiled.machine import compiled
from ugembed.records.uge.compiled.memory import DOUBT, HAS_LESS, MOST_TEXTS, QUERY, SIMPLE, Work
from ugembed.records.uge.compiled.siphash import absorbed, begun, finished
from ugembed.records.uge.compiled.strings import has_room, measure, string
from ugembed.records.uge.compiled.texts import bare, has_tag
from ugembed.records.uge.compiled.words import copy, same, store

_GRAPH_WORD, _IMAGE_WORD = np.frombuffer(b"<graph>\0<image>\0", np.uint64)
_TAG = 7
_LONG_SEARCH = 1 << 22


@compiled
def keep(work: Work, side: int) -> bool:
    """Keep ``text`` as it is."""
    count = work.sizes[side]
    if count == MOST_TEXTS:
        return False
    work.texts[side, count] = work.text
    work.sizes[side] = count + 1
    return True


@compiled
def is_query(work: Work) -> bool:
    """Whether what was read makes a query; its facts, and what it says without tags into ``said``."""
    if work.sizes[QUERY] == 0:
        return False
    row, text = work.row[work.rows], work.text
    work.text = work.texts[QUERY, 0]
    images, graphs = bare(work)
    if images != row.images or graphs != row.graphs:
        return False
    if text.characters == 0 and not images:
        if not graphs:
            return False
        row.flags |= TEXT_EMPTY
    row.query_characters = text.characters
    work.said = text
    if images > 1 or graphs > 1:
        order_files(work)
    return True


@compiled
def is_copied(work: Work, start: int, stop: int, characters: int) -> int:
    """1 if an answer stands in ``said``, else 0; `DOUBT` when that takes long to find out."""
    length, part = work.said.stop - work.said.start, stop - start
    if characters < MIN_COPIED or part > length:
        return 0
    if part * length > _LONG_SEARCH:
        return DOUBT
    for at in range(work.said.start, work.said.stop - part + 1):
        if same(work, at, start, part):
            return 1
    return 0


@compiled
def simple_text(work: Work, at: int) -> int:
    """The text of a row without turns, or null."""
    if is_literal(work, at, NULL):
        return at + 4
    at = string(work, at)
    return at if at > 0 and keep(work, SIMPLE) else DOUBT


@compiled
def is_item(work: Work) -> bool:
    """Whether the fields that were read make a row to embed; its facts."""
    if work.sizes[QUERY] == 0:
        if not _make_query(work):
            return False
    elif work.sizes[SIMPLE]:
        return False
    if not is_query(work):
        return False
    row = work.row[work.rows]
    row.answer_characters = -1
    state = absorbed(absorbed(begun(work), np.uint64(work.texts[QUERY, 0].hash)), np.uint64(0))
    row.content = finished(state, np.uint64(0), 16)
    return True


@compiled
def _make_query(work: Work) -> bool:
    """The query of a row without turns: its text, behind the tags that are lacking if it has none."""
    row, text = work.row[work.rows], work.text
    if work.sizes[SIMPLE]:
        work.text = work.texts[SIMPLE, 0]
        if text.odd & HAS_LESS and has_tag(work, text.start, text.stop):
            return keep(work, QUERY)
    else:
        text.start = text.stop = work.free
    begin = to = work.free
    if not has_room(work, _TAG * (row.images + row.graphs) + text.stop - text.start):
        return False
    for _ in range(row.graphs):
        store(work, to, _GRAPH_WORD)
        to += _TAG
    for _ in range(row.images):
        store(work, to, _IMAGE_WORD)
        to += _TAG
    return measure(work, begin, copy(work, text.start, text.stop, to)) and keep(work, QUERY)
