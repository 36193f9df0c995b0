"""Flat arrays that processes share: texts as bytes in one array, rows grouped by a number, a folder for them all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import numpy as np
from numpy.typing import NDArray

from ugembed.graphs.city.lines import Ints

T = TypeVar("T")


@dataclass(frozen=True)
class Words:
    """Many byte strings as one array; string i is ``data[first[i]:first[i + 1]]``."""

    data: NDArray[np.uint8]
    first: Ints

    @classmethod
    def of(cls, words: Iterable[bytes]) -> Words:
        words = list(words)
        first = np.concatenate([[0], np.cumsum([len(word) for word in words], dtype=np.int64)])
        return cls(np.frombuffer(b"".join(words), np.uint8), first.astype(np.int64))

    @property
    def parts(self) -> tuple[NDArray[np.uint8], Ints]:
        return self.data, self.first

    def take(self, numbers: Ints) -> list[bytes]:
        """The strings with these numbers."""
        view = self.data.data
        starts, ends = self.first[numbers].tolist(), self.first[numbers + 1].tolist()
        return [bytes(view[start:end]) for start, end in zip(starts, ends, strict=True)]


@dataclass(frozen=True)
class Groups:
    """Rows by number: the rows of number n are ``rows[first[n]:first[n + 1]]``."""

    first: Ints
    rows: Ints

    @classmethod
    def of(cls, numbers: Ints, size: int) -> Groups:
        """Group the positions of ``numbers``, each from 0 to ``size``; negative ones belong to none."""
        order = np.argsort(numbers, kind="stable")
        return cls(np.searchsorted(numbers[order], np.arange(size + 1)).astype(np.int64), order.astype(np.int64))

    def of_numbers(self, numbers: Ints) -> Ints:
        """The rows of all these numbers; work grows with the rows, not with the city."""
        start, count = self.first[numbers], self.first[numbers + 1] - self.first[numbers]
        before = np.cumsum(count) - count
        return np.asarray(self.rows[np.repeat(start - before, count) + np.arange(int(count.sum()))])


def save_arrays(thing: Any, folder: Path, name: str = "") -> None:
    """Write a dataclass of arrays, and of such dataclasses, as ``.npy`` files into a folder."""
    for field in fields(thing):
        value, path = getattr(thing, field.name), f"{name}{field.name}"
        if is_dataclass(value):
            save_arrays(value, folder, f"{path}.")
        else:
            np.save(folder / f"{path}.npy", value, allow_pickle=False)


def load_arrays(kind: type[T], folder: Path, name: str = "") -> T:
    """Open what `save_arrays` wrote; the arrays stay on disk and are shared by all processes that open them."""
    hints = get_type_hints(kind)
    values = {}
    for field in fields(kind):  # type: ignore[arg-type]  # every kind is a dataclass
        path = f"{name}{field.name}"
        if is_dataclass(hints[field.name]):
            values[field.name] = load_arrays(hints[field.name], folder, f"{path}.")
        else:
            values[field.name] = np.load(folder / f"{path}.npy", mmap_mode="r", allow_pickle=False)
    return kind(**values)
