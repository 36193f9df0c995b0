"""The compiled pass over one range of a file: rows that are clean beyond doubt at once, all others as they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from io import BytesIO, RawIOBase
from typing import NamedTuple

import numpy as np

from ugembed.records.checking.columns import COUNTED, KEPT, Column, Columns
from ugembed.records.checking.named_files import Named, NamedFiles
from ugembed.records.uge.compiled.load import Kernel
from ugembed.records.uge.compiled.memory import (
    AS_CANDIDATE,
    BLOCK_BYTES,
    COLUMNS,
    FIELD,
    GAP,
    GRAPH,
    IMAGE,
    OF_CANDIDATE,
    OF_QUERY,
    forget_names,
    is_half_full,
)

_KINDS = {IMAGE: "image", GRAPH: "graph"}
_FIELDS = {
    **{(OF_QUERY, kind): f"{name}s" for kind, name in _KINDS.items()},
    **{(OF_CANDIDATE, kind): f"candidate_{name}s" for kind, name in _KINDS.items()},
    (AS_CANDIDATE, IMAGE): "candidates",
}
_LINE_END = 10
_NONE = np.zeros((5, 0), np.int64)

LeftOut = Callable[[bytes, int], None]
"""Takes lines that are read otherwise: their bytes, and the number of the first."""


class Swept(NamedTuple):
    """What was read of a range: up to which byte, how many lines, the facts of rows, and rows by unknown field."""

    stop: int
    lines: int
    columns: list[Columns]
    fields: Counter[str]


class SwiftRows:
    """The compiled pass, with the names that it remembers between ranges of one file.

    Args:
        kernel: The compiled functions.
        kind: ``training``, ``benchmark`` or ``embed``.
        files: Where named files are found, and noted.
    """

    def __init__(self, kernel: Kernel, kind: str, files: NamedFiles) -> None:
        self._kernel = kernel
        self._files = files
        self._memory = kernel.new_memory(kind)
        self._address = self._memory.ctypes.data
        self._data = memoryview(self._memory["data"][0])
        self._names = self._memory["name"][0]
        self._labels: dict[int, str] = {}

    def sweep(self, file: RawIOBase | BytesIO, start: int, stop: int, left_out: LeftOut) -> Swept:
        """Read lines of a file from ``start`` on, up to ``stop`` or to a line that is longer than a block."""
        if is_half_full(self._memory):
            forget_names(self._memory)
            self._labels.clear()
        self._begin()
        line, held, columns, fields = 1, 0, list[Columns](), Counter[str]()
        file.seek(start)
        while start < stop:
            count = file.readinto(self._data[held : min(BLOCK_BYTES, held + stop - start)]) or 0
            start += count
            size, is_last = held + count, start >= stop or not count
            used = self._block(size, line, is_last, left_out)
            line += int(self._memory["lines"][0])
            held = size - min(used, size)
            if is_last or held == BLOCK_BYTES:
                break
            self._memory["data"][0, :held] = self._memory["data"][0, used:size]
            self._take(columns, fields)
        self._take(columns, fields)
        return Swept(start - held, line - 1, columns, fields)

    def _begin(self) -> None:
        for name in ("rows", "links", "first_row", "first_link"):
            self._memory[name] = 0
        self._has_unsure = False

    def _block(self, size: int, line: int, is_last: bool, left_out: LeftOut) -> int:
        """Read the block of ``size`` bytes in memory; where the line begins that is not whole."""
        memory, data = self._memory, self._data
        if is_last and size and data[size - 1] != _LINE_END:
            data[size] = _LINE_END
            size += 1
        data[size : size + GAP] = bytes(GAP)
        used = self._kernel.scan_rows(self._address, size, line, is_last)
        left, met = memory["run"][0][: memory["runs"][0]].tolist(), _NONE
        if memory["pending"][0]:
            unsure, met = self._find_files()
            left = sorted([*left, *unsure])
        for start, stop, number in left:
            left_out(bytes(data[start:stop]), number)
        self._note(met)  # last, since some may be named by earlier lines that were left out
        return used

    def _find_files(self) -> tuple[list[tuple[int, int, int]], Column]:
        """Look up the files of rows of the block that were not met before.

        Returns:
            Start, stop and line of rows that are not sure: they name files which do not lie plainly under a root, or
            one picture twice among their candidates. And where the files of the other rows are named first, in the
            order in which `explain` finds them: as `_unmet` has it.
        """
        first = int(self._memory["first_row"][0])
        rows = self._memory["row"][0][first : self._memory["rows"][0]]
        links = self._memory["link"][0][self._memory["first_link"][0] : self._memory["links"][0]]
        named = [(rows["line"], kind, OF_QUERY, 0, rows[column]) for kind, column in _KINDS.items()]
        lines = rows["line"][links["row"] - first]
        linked = (lines, *(links[name] for name in ("kind", "list", "at", "name")))
        columns = [self._unmet(*part) for part in [*named, linked]]
        unmet = np.concatenate(columns, axis=1)
        lines, kinds, lists, positions, _ = unmet
        unmet = unmet[:, np.lexsort((positions, lists == OF_QUERY, kinds, lines))]
        self._identify(_firsts(unmet))
        self._kernel.add_files(self._address)
        unsure = rows[rows["stop"] < 0]
        self._has_unsure = self._has_unsure or len(unsure) > 0
        if len(unsure):  # their files are identified anew, and noted, when they are explained
            is_sure = ~np.isin(unmet[0], unsure["line"])
            self._names["identity"][np.setdiff1d(unmet[-1], unmet[-1, is_sure])] = 0
            unmet = unmet[:, is_sure]
        left = zip(unsure["start"].tolist(), (-unsure["stop"]).tolist(), unsure["line"].tolist(), strict=True)
        return list(left), _firsts(unmet)

    def _identify(self, firsts: Column) -> None:
        """Put identities for the names of files, 0 for those that are not plain."""
        plain, texts = self._files.plain, self._texts(firsts[-1])
        kinds = [_KINDS[kind] for kind in firsts[1].tolist()]
        self._names["identity"][firsts[-1]] = [plain(text, kind) for text, kind in zip(texts, kinds, strict=True)]

    def _note(self, met: Column) -> None:
        """Note files that are named first by sure rows."""
        if not met.size:
            return
        note, texts = self._files.note, self._texts(met[-1])
        identities = self._names["identity"][met[-1]].tolist()
        for (line, kind, files, position, _), name, identity in zip(met.T.tolist(), texts, identities, strict=True):
            field = _FIELDS[files, kind]
            note(Named(_KINDS[kind], name, identity, line, f"{field}[{position}]"))

    def _texts(self, numbers: Column) -> list[str]:
        """Names of the table."""
        starts, stops = (self._names[end][numbers].tolist() for end in ("start", "stop"))
        return [str(self._data[start:stop], "utf-8") for start, stop in zip(starts, stops, strict=True)]

    def _unmet(self, *columns: Column | int) -> Column:
        """Line, kind, list, position, and number of the name, of those entries that are files without an identity."""
        lines, kinds, lists, positions, numbers = np.broadcast_arrays(*columns)
        wanted = (numbers >= 0) & (kinds != FIELD) & (self._names["identity"][numbers] == 0)
        return np.stack([lines[wanted], kinds[wanted], lists[wanted], positions[wanted], numbers[wanted]])

    def _take(self, columns: list[Columns], fields: Counter[str]) -> None:
        """The facts of all rows in memory, which are forgotten there."""
        count = int(self._memory["rows"][0])
        facts = {name: self._memory[place][0][:count] for name, place in COLUMNS.items()}
        links = self._memory["link"][0][: self._memory["links"][0]]
        if self._has_unsure:
            is_sure = self._memory["row"][0]["stop"][:count] > 0
            facts, links = {name: column[is_sure] for name, column in facts.items()}, links[is_sure[links["row"]]]
        kinds, identities = links["kind"], links["identity"]
        lines = self._memory[COLUMNS["line"]][0][links["row"]]
        for number, times in _counted(links["name"][kinds == FIELD]).items():
            fields[self._label(number)] += times
        more_images, more_graphs = (
            np.stack([lines[kinds == kind], identities[kinds == kind]], axis=1) for kind in _KINDS
        )
        columns.append(_columns(facts, more_images, more_graphs, self._label))
        self._begin()

    def _label(self, number: int) -> str:
        if number < 0:
            return ""
        if number not in self._labels:
            (self._labels[number],) = self._texts(np.array([number]))
        return self._labels[number]


def _firsts(unmet: Column) -> Column:
    """The first entry of every name; the last row of ``unmet`` holds their numbers."""
    return unmet[:, np.sort(np.unique(unmet[-1], return_index=True)[1])]


def _columns(
    facts: Mapping[str, Column], more_images: Column, more_graphs: Column, label: Callable[[int], str]
) -> Columns:
    """The columns of rows in memory."""
    kept = {name: facts[name].copy() for name in KEPT}
    counts = {name: _counted(facts[name]) for name in COUNTED}
    labels = Counter[str]()
    for number, count in _counted(facts["label"]).items():
        labels[label(number)] += count
    return Columns(kept, more_images, more_graphs, counts, labels)


def _counted(column: Column) -> Counter[int]:
    """Number of times by value."""
    if not len(column):
        return Counter()
    least = int(column.min())
    counts = np.bincount(column - least)
    values = np.flatnonzero(counts)
    return Counter(dict(zip((values + least).tolist(), counts[values].tolist(), strict=True)))
