"""The memory that the compiled functions share: its parts, and the numbers by which things are called."""

from __future__ import annotations

from mmap import mmap
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ugembed.records.checking.columns import NOWHERE_E6
from ugembed.records.checking.facts import ANSWER_IN_QUERY, GOLD_LEAK, MIN_COPIED, TEXT_EMPTY
from ugembed.records.images import SUFFIXES
from ugembed.records.item import GRAPH_TAG, IMAGE_TAG

CONSTANTS = (NOWHERE_E6, GOLD_LEAK, ANSWER_IN_QUERY, TEXT_EMPTY, MIN_COPIED, *sorted(SUFFIXES))
"""What is compiled in and said elsewhere."""

Memory: TypeAlias = NDArray[Any]
"""An array of one record, `MEMORY`."""
Work: TypeAlias = Any
"""That record, as compiled functions see it."""

DOUBT = -1

BLOCK_BYTES = 5 << 20
"""The longest block: a range of a file with its last line, so that Python is asked for its lock seldom."""
GAP = 64
"""Zeros behind the block and between the parts of `data`: so far may be read in vain."""
POOL = 2 * BLOCK_BYTES + 2 * GAP
POOL_BYTES = 8 << 20
MOST_ROWS = 1 << 16
"""More than a block has room for."""
MOST_NAMES = 1 << 17
MOST_LINKS = 1 << 19
MOST_TEXTS = 256
"""Positives, negatives or candidates of a row."""
MOST_TURNS = 16

KINDS = ("training", "benchmark", "embed")
"""Kinds of rows, by their numbers."""
IMAGE, GRAPH, LABEL, FIELD = range(4)
"""Kinds of names."""
QUERY, POSITIVE, NEGATIVE, TRUTH = range(4)
"""Kinds of texts."""
CANDIDATE, PICTURE, SIMPLE = POSITIVE, NEGATIVE, POSITIVE
"""What these are in benchmark rows, ``candidates`` and names of ``candidate_images``; and ``text`` of rows to embed."""
OF_QUERY, OF_CANDIDATE, AS_CANDIDATE = range(3)
"""Lists that files stand in: ``images`` or ``graphs``; ``candidate_images`` or ``candidate_graphs``; ``candidates``."""
HAS_LESS = 1
"""What is odd about a text: it has a ``<``."""

TEXT = np.dtype(
    [("start", "i8"), ("stop", "i8"), ("hash", "i8"), ("characters", "i8"), ("odd", "i8")],
    align=True,
)
"""Where a text stands in ``data``, the hash and number of characters of it as it is written, and `HAS_LESS` or 0. Of
what is kept of positives, start, stop and characters are without outer white space."""

_FACTS = (
    *((name, "i8") for name in ("line", "content", "id", "group", "image", "graph")),
    *((name, "i4") for name in ("lon", "lat", "query_characters", "answer_characters", "images", "graphs")),
    *(("candidates", "i4"), ("label", "i4"), ("flags", "u1")),
)
COLUMNS = {name: f"all_{name}" for name, _ in _FACTS}
"""Where the facts of all rows stand by columns, when `ugembed.records.uge.compiled.files.add_files` is done."""
FACTS = np.dtype(
    [
        *_FACTS,
        *(("gold", "i4"), ("start", "i4"), ("stop", "i4")),
    ],
    align=True,
)
"""As `ugembed.records.checking.facts.Facts`; places in millionths of a degree. ``image`` and ``graph`` are numbers of
names until `ugembed.records.uge.compiled.files.add_files`, ``label`` is one, -1 for none. ``gold`` is the position of
the right candidate. The row is ``start`` to ``stop`` of the block."""

NAME = np.dtype([("hash", "i8"), ("identity", "i8"), ("start", "i4"), ("stop", "i4"), ("kind", "i4")], align=True)
"""A name in the pool; ``identity`` is that of the file, 0 while it is not known."""

LINK = np.dtype(
    [("identity", "i8"), ("row", "i4"), ("name", "i4"), ("kind", "i4"), ("list", "i4"), ("at", "i4")], align=True
)
"""A further file of a row: its name, the list it stands in and where in it; or a field that is not used. Files of the
query come first."""

RUN = np.dtype([("start", "i8"), ("stop", "i8"), ("line", "i8")], align=True)
"""Lines that are left out: a part of the block, and the number of its first line."""

MEMORY = np.dtype(
    [
        ("key", "u8", 2),  # of the hash
        ("kind", "i8"),  # of rows, see `KINDS`
        ("shown", "i8", 2),  # hashes of how a candidate picture is shown: without and with a graph
        ("rows", "i8"),  # numbers of what is in the arrays below
        ("lines", "i8"),
        ("links", "i8"),
        ("runs", "i8"),
        ("pending", "i8"),  # rows of the block with files whose identities are not known
        ("first_row", "i8"),  # from which on files are not added yet
        ("first_link", "i8"),
        ("names", "i8"),
        ("pool", "i8"),  # where the pool goes on
        ("free", "i8"),  # where texts may be written
        ("linked", "i8"),  # as links, with those of the row that is read
        ("rank", "i8"),  # of the field that told the place of the row
        ("stage", "i8"),  # that the pair_type of the row tells, 0 for none
        ("number", "f8"),  # the number read last, and whether it is exactly what Python reads
        ("is_exact", "i8"),
        ("text", TEXT),  # the text read last
        ("said", TEXT),  # the query without tags and outer white space
        ("sizes", "i8", 4),
        ("texts", TEXT, (4, MOST_TEXTS)),
        ("pictures", "i8"),  # entries of candidate_images, -1 if there is no list, and of candidate_graphs
        ("drawings", "i8"),
        ("is_drawn", "u1", MOST_TEXTS),  # which candidates have a graph
        ("numbers", "i8", MOST_TEXTS),  # what must differ between candidates
        ("stated", "i8"),  # ground_truth_idx, -1 for none
        ("question", "i8"),  # number of the name that question_type is, -1 for none
        ("order", "i8", 40),  # the field that came last time behind a field
        ("row", FACTS, (MOST_ROWS,)),
        *((COLUMNS[name], form, MOST_ROWS) for name, form in _FACTS),
        ("link", LINK, (MOST_LINKS,)),
        ("run", RUN, (MOST_ROWS + 1,)),
        ("name", NAME, (MOST_NAMES,)),
        ("slot", "i4", (2 * MOST_NAMES,)),  # 1 + number of a name, by its hash
        ("data", "u1", (POOL + POOL_BYTES + GAP,)),  # block, texts written anew, pool of names
    ],
    align=True,
)


def new_memory(key: tuple[int, int], kind: str) -> Memory:
    """Memory without names, for rows of one of `KINDS`; the system gives most of it only when it is used."""
    memory = np.frombuffer(mmap(-1, MEMORY.itemsize), MEMORY)
    memory["key"] = key
    memory["kind"] = KINDS.index(kind)
    memory["shown"] = hash(IMAGE_TAG), hash(GRAPH_TAG + IMAGE_TAG)
    memory["pool"] = POOL
    return memory


def forget_names(memory: Memory) -> None:
    """Make room for new names."""
    memory["names"] = 0
    memory["pool"] = POOL
    memory["slot"] = 0


def is_half_full(memory: Memory) -> bool:
    """Whether names should be forgotten."""
    return bool(memory["names"][0] > MOST_NAMES // 2 or memory["pool"][0] > POOL + POOL_BYTES // 2)
