"""Every problem of a file of rows at once, without building a model."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ugembed.errors import did_you_mean
from ugembed.records.checking.across import double_rows, duplicate_ids, warnings_of
from ugembed.records.checking.blocks import read_blocks
from ugembed.records.checking.columns import Column, Table
from ugembed.records.checking.explain import FIELDS, RowKind
from ugembed.records.checking.named_files import Named
from ugembed.records.checking.scan import RowFile, Scanned
from ugembed.records.report import Problem
from ugembed.records.uge.row import RowError, decode_row

BOM = b"\xef\xbb\xbf"
_SHOWN_FIELDS = 20
_TELLING = (b"candidate", b"ground_truth", b"tive_messages", b"pair_type", b"\\u005", b"\\u006", b"\\u007")
"""One of these stands in every row that has a field of one kind only: its name, or a letter of it as an escape."""
_VALIDATION = re.compile(r"(?:^|[^a-z])(?:val|valid|validation|dev|test|held-?out)(?:[^a-z]|$)")


def row_kind(path: Path) -> RowKind:
    """What the rows of a file are, told by the first row with a field that only one kind has; else ``embed``.

    Raises:
        DataError: ``file-missing``.
    """
    for block in read_blocks(path, 0, path.stat().st_size):
        if block.data is None or not any(part in block.data for part in _TELLING):
            continue
        for data in block.data.split(b"\n"):
            try:
                fields = decode_row(path, 0, data.removeprefix(BOM), _nothing_found).values.keys()
            except RowError:
                continue
            if fields & {"candidates", "candidate_images", "ground_truth"}:
                return "benchmark"
            if fields & {"positive_messages", "negative_messages", "pair_type"}:
                return "training"
    return "embed"


def is_validation(path: Path) -> bool:
    """Whether the name of a file says that it is for validation or tests: ``val.jsonl``, ``paris_test.jsonl``."""
    return _VALIDATION.search(path.stem.lower()) is not None


class CheckedRows:
    """What is known of one file of rows while its ranges come in, in order; `finish` tells the rest.

    Attributes:
        rows: Number of rows so far, broken ones included.
        table: The facts of its sound rows.
        accepted: Number of rows without an error, after `finish`.
        doubles: Number of rows equal to an earlier one, after `finish`.
        twice: Lines of rows whose id is on an earlier line, and that line, after `finish`.
    """

    def __init__(self, file: RowFile, limit: int) -> None:
        self.file = file
        self.table = Table()
        self.rows = self.accepted = self.doubles = 0
        self._limit = limit
        self._lines = self._errors = 0
        self._problems: list[Problem] = []
        self._fields: Counter[str] = Counter()
        self._other_ids = array("q")  # line, hash, line, hash, …
        self.twice: tuple[Column, Column] = (np.zeros(0, np.int64),) * 2

    def add(self, scanned: Scanned) -> list[Named]:
        """Take the next range; returns the files that were new in it, with the line in the file."""
        before = self._lines
        self._lines += scanned.lines
        self.rows += scanned.rows
        self.table.add(scanned.columns, before)
        self._fields.update(scanned.fields)
        for line, id in scanned.other_ids:
            self._other_ids.extend((line + before, id))
        self.add_errors([replace(problem, line=(problem.line or 0) + before) for problem in scanned.problems])
        self._errors += scanned.errors - len(scanned.problems)
        return [Named(kind, name, id, line + before, field) for kind, name, id, line, field in scanned.named]

    def add_errors(self, problems: Sequence[Problem]) -> None:
        """Errors of lines that were added."""
        self._errors += len(problems)
        self._problems += problems[: max(0, self._limit - len(self._problems))]

    def finish(self, broken: Column) -> tuple[list[Problem], int, Column]:
        """Check across rows.

        Args:
            broken: Identities of the files that cannot be used.

        Returns:
            Errors by line and then warnings; the number of further errors; the lines of rows that look sound by
            themselves and are not accepted.
        """
        others = np.array(self._other_ids).reshape(-1, 2)
        self.twice = later, first = duplicate_ids(self.table, others)
        self.table.drop("id")
        doubles = double_rows(self.table)
        self.table.drop("content")
        refused = np.union1d(self._naming(broken), np.intersect1d(self.table["line"], later, assume_unique=True))
        self.accepted, self.doubles = self.table.rows - len(refused), len(doubles)
        shown = zip(later[: self._limit].tolist(), first[: self._limit].tolist(), strict=True)
        errors = [id_duplicate(self.file.path, *lines) for lines in shown] + self._problems
        errors = sorted(errors, key=lambda problem: problem.line or 0)[: self._limit]
        warnings = [*self._unknown_fields(), *warnings_of(self.file.path, self.file.kind, self.table, doubles=doubles)]
        if not self.rows:
            errors.append(no_rows(self.file.path))
        return [*errors, *warnings], self._errors + len(later) + (not self.rows) - len(errors), refused

    def _naming(self, broken: Column) -> Column:
        """Lines of the rows that name one of these files."""
        if not len(broken):
            return broken
        found = [lines[np.isin(files, broken)] for lines, files in map(self.table.files, ("image", "graph"))]
        return np.unique(np.concatenate(found))

    def _unknown_fields(self) -> list[Problem]:
        known = FIELDS[self.file.kind]
        names = sorted(self._fields)
        found = [_unknown_field(self.file.path, name, self._fields[name], known) for name in names[:_SHOWN_FIELDS]]
        if len(names) > _SHOWN_FIELDS:
            more = f"and {len(names) - _SHOWN_FIELDS} or more fields with other names are not used"
            found.append(
                Problem("unknown-field", str(self.file.path), None, "", more, did_you_mean("", known), "warning")
            )
        return found


def _unknown_field(path: Path, name: str, count: int, known: frozenset[str]) -> Problem:
    what = f"in {count} row(s), is not used"
    return Problem("unknown-field", str(path), None, name, what, did_you_mean(name, known), "warning")


def id_duplicate(path: Path, line: int, first: int) -> Problem:
    return Problem("id-duplicate", str(path), line, "id", f"the same id is on line {first}", "make ids unique")


def no_rows(path: Path) -> Problem:
    return Problem("no-rows", str(path), None, "", "holds no rows", "write one JSON object a line")


def _nothing_found(name: str, kind: str, field: str) -> Path:
    raise AssertionError("decoding a row looks for no files")
