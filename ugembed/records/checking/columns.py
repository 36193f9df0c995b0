"""The facts of many rows in columns of fixed width: at most 53 bytes a row, and 16 a further file."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ugembed.records.checking.facts import Facts

Column: TypeAlias = NDArray[Any]

NOWHERE_E6 = np.iinfo(np.int32).min
"""``lon`` and ``lat`` of a row without a place."""
PIECE_ROWS = 1 << 18
"""So many rows are compared at once, or a few times more."""
KEPT = ("line", "content", "id", "group", "image", "graph", "lon", "lat", "flags")
_TYPES = {"line": "i", "lon": "i", "lat": "i", "flags": "B"}
LENGTHS = ("query_characters", "answer_characters")
NUMBERS = ("images", "graphs", "candidates")
COUNTED = (*LENGTHS, *NUMBERS)


@dataclass(frozen=True, slots=True)
class Columns:
    """The facts of the rows of one range.

    Attributes:
        kept: A column for each of `KEPT`; ``lon`` and ``lat`` in whole millionths of a degree.
        more_images, more_graphs: (n, 2) line and identity of every file beside a query's first.
        counts: For each of `COUNTED`, number of rows by value.
        labels: Number of rows by label.
    """

    kept: Mapping[str, Column]
    more_images: Column
    more_graphs: Column
    counts: Mapping[str, Counter[int]]
    labels: Counter[str]


class Gathered:
    """Facts on the way to becoming `Columns`.

    Attributes:
        values: Numbers for each of `KEPT` and of `LENGTHS`, all equally many. Arrays, not lists: what stays behind of a
            block should leave the processor's cache to the next one.
        counts, labels: As in `Columns`; of `LENGTHS` nothing is counted yet.
        more: (line, identity) of every file beside a query's first, by ``more_images`` and ``more_graphs``.
    """

    def __init__(self) -> None:
        self.values = {name: array("d" if name in ("lon", "lat") else "q") for name in (*KEPT, *LENGTHS)}
        self.counts = {name: Counter[int]() for name in COUNTED}
        self.labels = Counter[str]()
        self.more: dict[str, list[tuple[int, int]]] = {"more_images": [], "more_graphs": []}

    def add(self, facts: Facts) -> None:
        """Take the facts of one row."""
        for name, values in self.values.items():
            values.append(getattr(facts, name))
        for name in NUMBERS:
            self.counts[name][getattr(facts, name)] += 1
        for name, pairs in self.more.items():
            pairs += [(facts.line, identity) for identity in getattr(facts, name)]
        self.labels[facts.label] += 1

    def merge(self, other: Gathered) -> None:
        """Take what another has gathered."""
        for name, values in self.values.items():
            values.extend(other.values[name])
        for name in NUMBERS:
            self.counts[name].update(other.counts[name])
        for name, pairs in self.more.items():
            pairs += other.more[name]
        self.labels.update(other.labels)

    def columns(self) -> Columns:
        kept = {name: np.array(self.values[name]) for name in KEPT}
        kept |= {name: _millionths(kept[name]) for name in ("lon", "lat")}
        kept["flags"] = kept["flags"].astype(np.uint8)
        more = {name: np.array(pairs, np.int64).reshape(-1, 2) for name, pairs in self.more.items()}
        counts = self.counts | {name: Counter(self.values[name]) for name in LENGTHS}
        return Columns(kept, more["more_images"], more["more_graphs"], counts, self.labels)


def merged(parts: Sequence[Columns]) -> Columns:
    """The columns of several parts of one range as one, by line."""
    parts = [part for part in parts if len(part.kept["line"])] or parts[:1]
    if len(parts) == 1:
        return parts[0]
    order = np.argsort(np.concatenate([part.kept["line"] for part in parts]), kind="stable")
    more_images, more_graphs = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("more_images", "more_graphs")
    )
    counts = {name: sum((part.counts[name] for part in parts), Counter[int]()) for name in COUNTED}
    return Columns(
        {name: np.concatenate([part.kept[name] for part in parts])[order] for name in KEPT},
        more_images[np.argsort(more_images[:, 0], kind="stable")],
        more_graphs[np.argsort(more_graphs[:, 0], kind="stable")],
        counts,
        sum((part.labels for part in parts), Counter[str]()),
    )


class Table:
    """The columns of one file, gathered range by range; of the same attributes as `Columns`.

    A row takes 53 bytes, or 45 when no row has a group, and the arrays grow in place: memory for the checks is asked
    for in small pieces (`pieces`, `shares`), so that it is the table which a large file is measured by.
    """

    def __init__(self) -> None:
        kept = {name: _Growing(_TYPES.get(name, "q")) for name in KEPT}
        self._columns = kept | {"more_images": _Growing("q"), "more_graphs": _Growing("q")}
        self.counts = {name: Counter[int]() for name in COUNTED}
        self.labels = Counter[str]()
        self.rows = 0

    def add(self, columns: Columns, lines_before: int) -> None:
        """Take the columns of the next range, before which the file has ``lines_before`` lines."""
        more = {"more_images": columns.more_images, "more_graphs": columns.more_graphs}
        for name, values in more.items():
            self._columns[name].add((values + np.array([lines_before, 0])).reshape(-1))
        for name, values in columns.kept.items():
            self._columns[name].add(values + lines_before if name == "line" else values)
        for name, counter in self.counts.items():
            counter.update(columns.counts[name])
        self.labels.update(columns.labels)
        self.rows += len(columns.kept["line"])

    def __getitem__(self, name: str) -> Column:
        """A column as one array, which nobody may change; the table takes no more rows while it is in use."""
        column = self._columns[name].column()
        return column.reshape(-1, 2) if name.startswith("more_") else column

    def drop(self, name: str) -> None:
        """Let a column go that nobody will ask for again."""
        del self._columns[name]

    def files(self, kind: str) -> tuple[Column, Column]:
        """Lines and identities of all pictures (``image``) or graphs of all rows; a row may have several or none."""
        first, more = self[kind], self[f"more_{kind}s"]
        named = first != 0
        return (
            np.concatenate([self["line"][named], more[:, 0]]),
            np.concatenate([first[named], more[:, 1]]),
        )


class _Growing:
    """Numbers that become more; of nothing but zeros only the number is kept."""

    def __init__(self, code: str) -> None:
        self._values = array(code)
        self._zeros = 0

    def add(self, values: Column) -> None:
        if not len(self._values):
            if not values.any():
                self._zeros += len(values)
                return
            self._values.frombytes(bytes(self._zeros * self._values.itemsize))
        self._values.frombytes(np.ascontiguousarray(values, self._values.typecode).view(np.uint8).data)

    def column(self) -> Column:
        if not len(self._values):
            return np.broadcast_to(np.zeros(1, self._values.typecode), self._zeros)
        return np.frombuffer(self._values, self._values.typecode)


def pieces(rows: int) -> Iterator[slice]:
    """So many rows, in pieces."""
    for start in range(0, rows, PIECE_ROWS):
        yield slice(start, start + PIECE_ROWS)


def shares(keys: Column) -> Iterator[Column]:
    """Positions of rows, in shares of some size: rows of equal keys are in one share, in order."""
    count = min(256, 1 + len(keys) // PIECE_ROWS)
    if count == 1:
        yield np.arange(len(keys))
        return
    share = np.ascontiguousarray(keys).view(np.uint8)[:: keys.itemsize] % count
    for number in range(count):
        yield np.flatnonzero(share == number)


def distinct(column: Column) -> Column:
    """The values of a column once each, in order; a quarter of the time of ``np.unique``."""
    found = np.zeros(0, column.dtype)
    for piece in pieces(len(column)):
        ordered = np.sort(np.concatenate([found, column[piece]]))
        is_first = np.ones(len(ordered), bool)
        is_first[1:] = ordered[1:] != ordered[:-1]
        found = np.asarray(ordered[is_first])
    return found


def _millionths(degrees: Column) -> Column:
    return np.where(np.isnan(degrees), NOWHERE_E6, np.round(degrees * 1e6)).astype(np.int32)
