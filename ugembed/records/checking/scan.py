"""One range of a file of rows: clean blocks the fast way, the rest line by line, in order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import get_ident
from typing import NamedTuple

from ugembed.collector import without_collector
from ugembed.records.checking.blocks import BLOCK_BYTES, Block, count_lines, read_blocks, split_block
from ugembed.records.checking.columns import Columns, Gathered, merged
from ugembed.records.checking.explain import RowKind, explain
from ugembed.records.checking.named_files import Named, NamedFiles
from ugembed.records.checking.swift import SwiftRows
from ugembed.records.report import Problem
from ugembed.records.roots import Roots
from ugembed.records.uge.clean import CleanRows
from ugembed.records.uge.compiled import load

COMPILED_BYTES = 16 << 20
"""Below this size of a file, loading the compiled functions takes longer than the work."""
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

    @property
    def needs_process(self) -> bool:
        """Whether most of the work is in Python, so that threads would only wait for each other."""
        return not _is_swift(self.file)


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
    with without_collector():
        for block in read_blocks(task.file.path, scanner.sweep(), task.stop):
            scanner.add(block)
        return scanner.finish()


def roots_of(file: RowFile) -> Roots:
    """The roots of a file with what this process has listed of them."""
    return _shared(file.roots, file.run)


def forget() -> None:
    """Drop what this process remembers of folders and rows."""
    _kept.clear()
    _is_swift.cache_clear()
    _found.cache_clear()
    _shared.cache_clear()


@lru_cache(maxsize=2)
def _shared(roots: Roots, _run: str) -> Roots:
    """One object for equal roots, whichever task brings them."""
    return roots


class _Passes(NamedTuple):
    """The ways in which the rows of one file are read, beside `explain`."""

    files: NamedFiles
    clean: CleanRows
    swift: SwiftRows | None


_kept: dict[int, tuple[RowFile, _Passes]] = {}
"""What each thread remembers between the ranges of one file."""


def _passes(file: RowFile) -> _Passes:
    kept, passes = _kept.get(get_ident(), (None, None))
    if kept != file or passes is None:
        files = NamedFiles(roots_of(file), _found(file.roots, file.run))
        kernel = _kernel(file)
        passes = _Passes(files, CleanRows(file.kind, files), SwiftRows(kernel, file.kind, files) if kernel else None)
        _kept[get_ident()] = file, passes
    return passes


def _kernel(file: RowFile) -> load.Kernel | None:
    """The compiled functions, if a file is large enough for them; while they are not there, they are being made."""
    if file.path.stat().st_size < COMPILED_BYTES:
        return None
    kernel = load.load()
    if kernel is None:
        load.build(wait=False)
    return kernel


@lru_cache(maxsize=2)
def _found(_roots: Roots, _run: str) -> dict[str, int]:
    """What all threads have found."""
    return {}


@lru_cache(maxsize=2)
def _is_swift(file: RowFile) -> bool:
    """Whether the compiled pass takes most rows of the beginning of a file."""
    kernel = _kernel(file)
    if kernel is None:
        return False
    left = Counter[str]()
    swift = SwiftRows(kernel, file.kind, NamedFiles(roots_of(file), _found(file.roots, file.run)))
    with file.path.open("rb", buffering=0) as beginning:
        swept = swift.sweep(beginning, 0, BLOCK_BYTES, lambda data, _line: left.update(lines=count_lines(data)))
    return left["lines"] < swept.lines / 2


class _Scanner:
    def __init__(self, task: Range) -> None:
        self._task = task
        self._file = task.file
        self._limit = task.limit
        self._files, self._clean, self._swift = _passes(task.file)
        self._facts = Gathered()
        self._found = Scanned()
        self._columns = list[Columns]()
        self._before = 0

    def sweep(self) -> int:
        """Read lines the compiled way, as far as that goes; the position of the next line."""
        if self._swift is None:
            return self._task.start
        with self._file.path.open("rb", buffering=0) as file:
            swept = self._swift.sweep(file, self._task.start, self._task.stop, self._read)
        self._found.lines = self._before = swept.lines
        self._found.rows += sum(len(columns.kept["line"]) for columns in swept.columns)
        self._add_fields(swept.fields)
        self._columns = swept.columns
        return swept.stop

    def add(self, block: Block) -> None:
        """Read a block whose first line has the number ``block.line`` behind all lines so far."""
        line = self._before + block.line
        self._found.lines += block.lines
        if block.data is None:
            self._add_problems([too_long(self._file.path, line)])
            self._found.rows += 1
        else:
            self._read(block.data, line)

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
        self._add_fields(Counter(told.unknown))
        self._add_problems(told.problems)
        if told.facts is not None:
            self._facts.add(told.facts)
        elif told.id:
            self._found.other_ids.append((line, told.id))

    def _add_fields(self, unknown: Counter[str]) -> None:
        fields = self._found.fields
        for name, count in unknown.items():
            if name in fields or len(fields) < MOST_FIELDS:
                fields[name] += count

    def _add_problems(self, problems: list[Problem]) -> None:
        self._found.errors += len(problems)
        self._found.problems += problems[: max(0, self._limit - len(self._found.problems))]

    def finish(self) -> Scanned:
        facts = [self._facts.columns()] if self._facts.values["line"] or not self._columns else []
        self._found.columns = merged([*self._columns, *facts])
        self._found.named = self._files.take_new()
        return self._found


def too_long(path: Path, line: int) -> Problem:
    return Problem(
        "line-too-long", str(path), line, "row", "longer than 64 MiB", "write one JSON object a line, and short ones"
    )
