"""What makes a training row of the fields that were read."""

from __future__ import annotations

import numpy as np

from ugembed.records.checking.facts import ANSWER_IN_QUERY
from ugembed.records.uge.compiled.machine import compiled
from ugembed.records.uge.compiled.memory import NEGATIVE, POSITIVE, QUERY, Work
from ugembed.records.uge.compiled.queries import is_copied, is_query
from ugembed.records.uge.compiled.siphash import absorbed, begun, finished


@compiled
def is_pair(work: Work) -> bool:
    """Whether the fields that were read make a training row; its facts."""
    if work.sizes[POSITIVE] == 0 or not is_query(work):
        return False
    row = work.row[work.rows]
    if (work.stage == 1 and row.graphs) or (work.stage == 2 and not row.graphs):
        return False
    for number in range(work.sizes[POSITIVE]):
        answer = work.texts[POSITIVE, number]
        copied = is_copied(work, answer.start, answer.stop, answer.characters)
        if copied < 0:
            return False
        row.flags |= ANSWER_IN_QUERY * copied
    row.content = _content(work)
    row.answer_characters = work.texts[POSITIVE, 0].characters
    return True


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
