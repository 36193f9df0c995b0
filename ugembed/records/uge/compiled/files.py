"""Files that a row names: in lists, for its query or for candidates; and fields that are not used."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import numpy as np

from ugembed.records.checking.facts import GOLD_LEAK
from ugembed.records.uge.compiled import memory
from ugembed.records.uge.compiled.literals import NULL, is_literal
from ugembed.records.uge.compiled.machine import compiled
from ugembed.records.uge.compiled.memory import DOUBT, MOST_LINKS, OF_QUERY, Work
from ugembed.records.uge.compiled.siphash import absorbed, begun, finished
from ugembed.records.uge.compiled.strings import string
from ugembed.records.uge.compiled.texts import named
from ugembed.records.uge.compiled.values import blanks, follows, scalar
from ugembed.records.uge.compiled.words import byte

IMAGE, GRAPH, FIELD = memory.IMAGE, memory.GRAPH, memory.FIELD


@compiled
def link(work: Work, name: int, files: int, at: int) -> bool:
    """Note that the row has one more file, at a position of one of its lists, or a field that is not used."""
    if name < 0 or work.linked == MOST_LINKS:
        return False
    found = work.link[work.linked]
    found.row, found.name, found.list, found.at = work.rows, name, files, at
    found.identity, found.kind = work.name[name].identity, work.name[name].kind
    work.linked += 1
    return True


@compiled
def query_files(work: Work, at: int, kind: int) -> int:
    """A name, a list of names, or null."""
    if is_literal(work, at, NULL):
        return at + 4
    if byte(work, at) == 34:
        at = string(work, at)
        return at if at > 0 and _query_file(work, kind, 0) else DOUBT
    if byte(work, at) != 91:
        return DOUBT
    at = blanks(work, at + 1)
    if byte(work, at) == 93:
        return at + 1
    count = 0
    while at > 0:
        at = string(work, at)
        if at < 0 or not _query_file(work, kind, count):
            return DOUBT
        count += 1
        at = follows(work, at, 93)
    return -at if at < 0 else DOUBT


@compiled
def _query_file(work: Work, kind: int, count: int) -> bool:
    """Note ``text`` as the next file of the query; False if it cannot be."""
    name = named(work, kind)
    row = work.row[work.rows]
    if kind == IMAGE:
        row.images = count + 1
    else:
        row.graphs = count + 1
    if count:
        return link(work, name, OF_QUERY, count)
    if kind == IMAGE:
        row.image = name
    else:
        row.graph = name
    return name >= 0


@compiled
def other_field(work: Work, at: int) -> int:
    """A field that is not used, with its value."""
    start = at + 1
    at = string(work, at)
    if at < 0 or work.text.start != start or byte(work, at) != 58:
        return DOUBT
    name = named(work, FIELD)
    before = work.linked - 1
    while before >= 0 and work.link[before].row == work.rows:
        if work.link[before].name == name:
            return DOUBT
        before -= 1
    return scalar(work, blanks(work, at + 1)) if link(work, name, OF_QUERY, 0) else DOUBT


@compiled
def order_files(work: Work) -> None:
    """Put the links of the query before those of candidates; few rows have them otherwise."""
    for number in range(work.links + 1, work.linked):
        at = number
        while at > work.links and work.link[at].list == OF_QUERY and work.link[at - 1].list != OF_QUERY:
            one, other = work.link[at - 1], work.link[at]
            one.identity, other.identity = other.identity, one.identity
            one.name, other.name = other.name, one.name
            one.kind, other.kind = other.kind, one.kind
            one.list, other.list = other.list, one.list
            one.at, other.at = other.at, one.at
            at -= 1


@compiled
def is_resolved(work: Work, row: Work) -> bool:
    """Whether the identities of all files of the row that is read are known."""
    for at in range(work.links, work.linked):
        if work.link[at].kind <= GRAPH and work.link[at].identity == 0:
            return False
    is_known = row.image < 0 or work.name[row.image].identity != 0
    return is_known and (row.graph < 0 or work.name[row.graph].identity != 0)


@compiled
def have_twins(work: Work, count: int) -> bool:
    """Whether two of the first ``numbers`` are equal."""
    numbers = work.numbers
    for last in range(1, count):
        twins = 0
        for at in range(last):
            twins += numbers[at] == numbers[last]
        if twins:
            return True
    return False


@compiled
def _is_known(work: Work, row: Work, at: int, end: int) -> bool:
    """Put identities for the names of a row; whether all are known, and no two candidates are one picture."""
    row.image = work.name[row.image].identity if row.image >= 0 else 0
    row.graph = work.name[row.graph].identity if row.graph >= 0 else 0
    is_known = (row.image != 0 or row.images == 0) and (row.graph != 0 or row.graphs == 0)
    pictures = 0
    for number in range(at, end):
        file = work.link[number]
        if file.kind > GRAPH:
            continue
        if file.identity == 0:
            file.identity = work.name[file.name].identity
            is_known = is_known and file.identity != 0
        if file.kind == IMAGE and file.list != OF_QUERY:
            work.numbers[pictures] = file.identity
            pictures += 1
    return is_known and not have_twins(work, pictures)


@compiled
def _shows_gold(work: Work, row: Work, at: int, end: int) -> bool:
    """Whether the query shows a file of the right candidate."""
    for number in range(at, end):
        file = work.link[number]
        if file.list == OF_QUERY or file.at != row.gold:
            continue
        if file.identity == row.image or file.identity == row.graph:
            return True
        for before in range(at, number):
            other = work.link[before]
            if other.list == OF_QUERY and other.kind <= GRAPH and other.identity == file.identity:
                return True
    return False


@compiled
def _add_files(work: Work, row: Work, at: int, end: int) -> None:
    """Take the files of a row into its hash."""
    images = files = 0
    for number in range(at, end):
        kind = work.link[number].kind
        images += kind == IMAGE
        files += kind <= GRAPH
    state = absorbed(absorbed(begun(work), np.uint64(row.content)), np.uint64(row.image))
    state = absorbed(absorbed(state, np.uint64(row.graph)), np.uint64(images))
    for kind in (IMAGE, GRAPH):
        for number in range(at, end):
            if work.link[number].kind == kind:
                state = absorbed(state, np.uint64(work.link[number].identity))
    row.content = finished(state, np.uint64(0), 8 * (4 + files))


@compiled
def _add_to_columns(work: Work, row: Work, number: int) -> None:
    """Write what is known of a row where Python copies it from, column by column."""
    work.all_line[number], work.all_content[number] = row.line, row.content
    work.all_id[number], work.all_group[number] = row.id, row.group
    work.all_image[number], work.all_graph[number] = row.image, row.graph
    work.all_lon[number], work.all_lat[number], work.all_flags[number] = row.lon, row.lat, row.flags
    work.all_query_characters[number] = row.query_characters
    work.all_answer_characters[number] = row.answer_characters
    work.all_images[number], work.all_graphs[number] = row.images, row.graphs
    work.all_candidates[number], work.all_label[number] = row.candidates, row.label


@compiled
def add_files(work: Work) -> int:
    """Put identities for the names of files, and take them into the hashes of rows (see `content_hash`).

    Returns:
        Number of rows that are not sure, since they name a file whose identity is not known or one picture twice among
        the candidates; their ``stop`` is made negative.
    """
    unsure = 0
    at = work.first_link
    for number in range(work.first_row, work.rows):
        row = work.row[number]
        end = at
        while end < work.links and work.link[end].row == number:
            end += 1
        if not _is_known(work, row, at, end):
            row.stop = -row.stop
            unsure += 1
        elif row.candidates and _shows_gold(work, row, at, end):
            row.flags |= GOLD_LEAK
        _add_files(work, row, at, end)
        _add_to_columns(work, row, number)
        at = end
    work.first_row, work.first_link = work.rows, at
    return unsure
