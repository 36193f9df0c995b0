"""One range of a file of rows: clean blocks the fast way, the rest line by line, in order."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from ugembed.records.checking.blocks import Block, count_lines, read_blocks, split_block
from ugembed.records.checking.columns import Columns, Gathered
from ugembed.records.checking.explain import RowKind, explain
from ugembed.records.checking.named_files import Named, NamedFiles
from ugembed.records.report import Problem
from ugembed.records.roots import Roots
from ugembed.records.uge.clean import CleanRows

MOST_FIELDS = 1000
"""Different unknown field names that are told apart in one range."""


@dataclass(frozen=True, slots=True)
class RowFile:
    """A file of rows, what its rows are, and where their names start from; ``run`` tells calls apart."""

    path: Path
    kind: RowKind
    roots: Roots
    run: str


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes ``start`` to ``stop`` of a file, whole lines; at most ``limit`` of its errors are kept."""

    file: RowFile
    start: int
    stop: int
    limit: int

    @property
    def bytes(self) -> int:
        return self.stop - self.start

    @property
    def name(self) -> str:
        return self.file.path.name


@dataclass(slots=True)
class Scanned:
    """What one range holds; line numbers count from 1 at its start.

    Attributes:
        lines, rows: Number of lines, and of those that are not blank.
        errors: Number of errors, of which ``problems`` has the first.
        columns: The facts of its sound rows.
        named: Files met for the first time in this process, in order.
        fields: For every field that is not used: number of rows.
        other_ids: (line, hash of the id) of rows that have an error.
    """

    lines: int = 0
    rows: int = 0
    errors: int = 0
    problems: list[Problem] = field(default_factory=list)
    columns: Columns = field(default_factory=lambda: Gathered().columns())
    named: list[Named] = field(default_factory=list)
    fields: Counter[str] = field(default_factory=Counter)
    other_ids: list[tuple[int, int]] = field(default_factory=list)


def scan(task: Range) -> Scanned:
    """Read and check one range."""
    scanner = _Scanner(task)
    with _without_collector():
        for block in read_blocks(task.file.path, task.start, task.stop):
            scanner.add(block)
        return scanner.finish()


def roots_of(file: RowFile) -> Roots:
    """The roots of a file with what this process has listed of them."""
    return _shared(file.roots, file.run)


def forget() -> None:
    """Drop what this process remembers of folders and rows."""
    _passes.cache_clear()
    _shared.cache_clear()


@contextmanager
def _without_collector() -> Iterator[None]:
    """Rows are trees and go when they are dropped; looking for circles among them takes as long as reading them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@lru_cache(maxsize=2)
def _shared(roots: Roots, _run: str) -> Roots:
    """One object for equal roots, whichever task brings them."""
    return roots


@lru_cache(maxsize=2)
def _passes(file: RowFile) -> tuple[NamedFiles, CleanRows]:
    """What a process remembers between the ranges of one file."""
    files = NamedFiles(roots_of(file))
    return files, CleanRows(file.kind, files)


class _Scanner:
    def __init__(self, task: Range) -> None:
        self._file = task.file
        self._limit = task.limit
        self._files, self._clean = _passes(task.file)
        self._facts = Gathered()
        self._found = Scanned()

    def add(self, block: Block) -> None:
        self._found.lines += block.lines
        if block.data is None:
            self._add_problems([too_long(self._file.path, block.line)])
            self._found.rows += 1
        else:
            self._read(block.data, block.line)

    def _read(self, data: bytes, line: int) -> None:
        """A clean block at once; of any other the first half, then the second."""
        rows = self._clean.read(data, line, self._facts)
        if rows:
            self._found.rows += rows
            return
        halves = split_block(data)
        if halves is None:
            self._explain(data, line)
        else:
            self._read(halves[0], line)
            self._read(halves[1], line + count_lines(halves[0]))

    def _explain(self, data: bytes, line: int) -> None:
        if not data.strip():
            return
        self._found.rows += 1
        told = explain(self._file.kind, self._file.path, line, data, self._files)
        for named in told.named:
            self._files.note(named)
        self._clean.learn(told.fields)
        for name in told.unknown:
            if name in self._found.fields or len(self._found.fields) < MOST_FIELDS:
                self._found.fields[name] += 1
        self._add_problems(told.problems)
        if told.facts is not None:
            self._facts.add(told.facts)
        elif told.id:
            self._found.other_ids.append((line, told.id))

    def _add_problems(self, problems: list[Problem]) -> None:
        self._found.errors += len(problems)
        self._found.problems += problems[: max(0, self._limit - len(self._found.problems))]

    def finish(self) -> Scanned:
        self._found.columns = self._facts.columns()
        self._found.named = self._files.take_new()
        return self._found


def too_long(path: Path, line: int) -> Problem:
    return Problem(
        "line-too-long", str(path), line, "row", "longer than 64 MiB", "write one JSON object a line, and short ones"
    )
