"""The facts of many rows in columns of fixed width: 57 bytes a row, whatever the row says, and 16 a further file."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ugembed.records.checking.facts import Facts

Column: TypeAlias = NDArray[Any]

NOWHERE_E6 = np.iinfo(np.int32).min
"""``lon`` and ``lat`` of a row without a place."""
KEPT = ("line", "content", "id", "group", "image", "graph", "lon", "lat", "flags")
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


class Table:
    """The columns of one file, gathered range by range; of the same attributes as `Columns`."""

    def __init__(self) -> None:
        nothing = Gathered().columns()
        more = {"more_images": nothing.more_images, "more_graphs": nothing.more_graphs}
        self._parts = {name: [values] for name, values in {**nothing.kept, **more}.items()}
        self.counts = {name: Counter[int]() for name in COUNTED}
        self.labels = Counter[str]()
        self.rows = 0

    def add(self, columns: Columns, lines_before: int) -> None:
        """Take the columns of the next range, before which the file has ``lines_before`` lines."""
        shifts = {"line": lines_before, "more_images": [lines_before, 0], "more_graphs": [lines_before, 0]}
        more = {"more_images": columns.more_images, "more_graphs": columns.more_graphs}
        for name, values in {**columns.kept, **more}.items():
            self._parts[name].append(values + np.array(shifts[name]) if name in shifts else values)
        for name, counter in self.counts.items():
            counter.update(columns.counts[name])
        self.labels.update(columns.labels)
        self.rows += len(columns.kept["line"])

    def __getitem__(self, name: str) -> Column:
        """A column as one array; its parts are let go, so that memory grows by one column at most."""
        parts = self._parts[name]
        if len(parts) != 1:
            parts[:] = [np.concatenate(parts)]
        return parts[0]

    def drop(self, name: str) -> None:
        """Let a column go that nobody will ask for again."""
        del self._parts[name]

    def files(self, kind: str) -> tuple[Column, Column]:
        """Lines and identities of all pictures (``image``) or graphs of all rows; a row may have several or none."""
        first, more = self[kind], self[f"more_{kind}s"]
        named = first != 0
        return (
            np.concatenate([self["line"][named], more[:, 0]]),
            np.concatenate([first[named], more[:, 1]]),
        )


def distinct(column: Column) -> Column:
    """The values of a column once each, in order; a quarter of the time of ``np.unique``."""
    ordered = np.sort(column)
    is_first = np.ones(len(ordered), bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return np.asarray(ordered[is_first])


def _millionths(degrees: Column) -> Column:
    return np.where(np.isnan(degrees), NOWHERE_E6, np.round(degrees * 1e6)).astype(np.int32)
