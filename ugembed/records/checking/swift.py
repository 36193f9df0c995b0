"""The compiled pass over one range of a file: rows that are clean beyond doubt at once, all others as they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from io import BytesIO, RawIOBase
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np

from ugembed.records.checking.columns import Column, Columns
from ugembed.records.checking.named_files import Named, NamedFiles
from ugembed.records.uge.compiled.load import Kernel
from ugembed.records.uge.compiled.memory import (
    BLOCK_BYTES,
    FIELD,
    GAP,
    GRAPH,
    IMAGE,
    forget_names,
    is_half_full,
)

_KINDS = {IMAGE: "image", GRAPH: "graph"}
_LINE_END = 10

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
        files: Where named files are found, and noted.
    """

    def __init__(self, kernel: Kernel, files: NamedFiles) -> None:
        self._kernel = kernel
        self._files = files
        self._memory = kernel.new_memory()
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

    def _block(self, size: int, line: int, is_last: bool, left_out: LeftOut) -> int:
        """Read the block of ``size`` bytes in memory; where the line begins that is not whole."""
        memory, data = self._memory, self._data
        if is_last and size and data[size - 1] != _LINE_END:
            data[size] = _LINE_END
            size += 1
        data[size : size + GAP] = bytes(GAP)
        used = self._kernel.scan_rows(self._address, size, line, is_last)
        left = memory["run"][0][: memory["runs"][0]].tolist()
        if memory["pending"][0]:
            left = sorted([*left, *self._find_files()])
        for start, stop, number in left:
            left_out(bytes(data[start:stop]), number)
        return used

    def _find_files(self) -> list[tuple[int, int, int]]:
        """Look up the files of rows of the block that were not met before, in their order.

        Returns:
            Start, stop and line of rows that name files which do not lie plainly under a root.
        """
        first = int(self._memory["first_row"][0])
        wanted = list[tuple[int, int, int, int]]()
        rows = self._memory["row"][0][first : self._memory["rows"][0]]
        for kind, column in _KINDS.items():
            numbers = rows[column]
            new = np.flatnonzero((numbers >= 0) & (self._names["identity"][numbers] == 0))
            numbers, at = np.unique(numbers[new], return_index=True)
            lines = rows["line"][new[at]]
            wanted += zip(lines.tolist(), repeat(kind), repeat(0), numbers.tolist(), strict=False)
        positions = Counter[tuple[int, int]]()
        for row, number in self._memory["link"][0][self._memory["first_link"][0] : self._memory["links"][0]].tolist():
            kind = int(self._names["kind"][number])
            positions[row, kind] += 1
            if kind != FIELD:
                wanted.append((int(rows["line"][row - first]), kind, positions[row, kind], number))
        firsts = dict[int, tuple[int, int, int, int]]()
        for entry in sorted(wanted):
            firsts.setdefault(entry[-1], entry)
        numbers = list(firsts)
        texts = zip(self._names["start"][numbers].tolist(), self._names["stop"][numbers].tolist(), strict=True)
        self._names["identity"][numbers] = [
            self._find(bytes(self._data[start:stop]).decode(), _KINDS[kind], line, position)
            for (line, kind, position, _), (start, stop) in zip(firsts.values(), texts, strict=True)
        ]
        self._kernel.add_files(self._address)
        unsure = rows[rows["stop"] < 0]
        return list(zip(unsure["start"].tolist(), (-unsure["stop"]).tolist(), unsure["line"].tolist(), strict=True))

    def _find(self, name: str, kind: str, line: int, position: int) -> int:
        """The identity of a file that stands at ``position`` in the list of a row; 0 if that is not plain."""
        identity = self._files.plain(name, kind)
        if identity:
            self._files.note(Named(kind, name, identity, line, f"{kind}s[{position}]"))
        return identity

    def _take(self, columns: list[Columns], fields: Counter[str]) -> None:
        """The facts of all rows in memory, which are forgotten there."""
        rows = self._memory["row"][0][: self._memory["rows"][0]]
        is_sure = rows["stop"] > 0
        links = self._memory["link"][0][: self._memory["links"][0]]
        links = links[is_sure[links["row"]]]
        kinds, identities = self._names["kind"][links["name"]], self._names["identity"][links["name"]]
        lines = rows["line"][links["row"]]
        for number, count in _counted(links["name"][kinds == FIELD]).items():
            fields[self._label(number)] += count
        more_images, more_graphs = (
            np.stack([lines[kinds == kind], identities[kinds == kind]], axis=1) for kind in _KINDS
        )
        columns.append(_columns(rows if is_sure.all() else rows[is_sure], more_images, more_graphs, self._label))
        self._begin()

    def _label(self, number: int) -> str:
        if number < 0:
            return ""
        if number not in self._labels:
            _, _, start, stop, _ = self._names[number].tolist()
            self._labels[number] = bytes(self._data[start:stop]).decode()
        return self._labels[number]


def _columns(rows: Any, more_images: Column, more_graphs: Column, label: Callable[[int], str]) -> Columns:
    """The columns of rows in memory."""
    kept = {
        name: rows[name].copy() for name in ("line", "content", "id", "group", "image", "graph", "lon", "lat", "flags")
    }
    names = ("query_characters", "answer_characters", "images", "graphs")
    counts = {name: _counted(rows[name]) for name in names}
    counts["candidates"] = Counter({0: len(rows)} if len(rows) else {})
    labels = Counter[str]()
    for number, count in _counted(rows["label"]).items():
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
