"""Every problem of a data file at once, without building a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ugembed.errors import DataError, did_you_mean
from ugembed.files import iter_lines
from ugembed.records.case import RankingCase
from ugembed.records.report import FileCheck, Findings, Problem, Report
from ugembed.records.roots import Roots
from ugembed.records.uge.cases import CASE_FIELDS, parse_case
from ugembed.records.uge.items import ITEM_FIELDS, parse_item
from ugembed.records.uge.pairs import PAIR_FIELDS, parse_pair
from ugembed.records.uge.row import Row, RowError, decode_row

__all__ = ["FileCheck", "Findings", "Problem", "Report", "RowKind", "row_kind", "validate_rows"]

RowKind: TypeAlias = Literal["training", "benchmark", "embed"]

_PARSERS: Mapping[RowKind, tuple[Callable[[Row], Any], frozenset[str]]] = {
    "training": (parse_pair, PAIR_FIELDS),
    "benchmark": (parse_case, CASE_FIELDS),
    "embed": (parse_item, ITEM_FIELDS),
}


def row_kind(path: Path) -> RowKind:
    """What the rows of a file are, told by the first row with a field that only one kind has; else ``embed``."""
    for line, data in iter_lines(path):
        try:
            fields = decode_row(path, line, data, _nothing_found).values.keys()
        except RowError:
            continue
        if fields & {"candidates", "candidate_images", "ground_truth"}:
            return "benchmark"
        if fields & {"positive_messages", "negative_messages", "pair_type"}:
            return "training"
    return "embed"


def validate_rows(
    path: Path,
    *,
    findings: Findings,
    roots: Roots | None = None,
    checks: Mapping[str, FileCheck] | None = None,
    on_row: Callable[[], None] = lambda: None,
) -> tuple[RowKind, int]:
    """Read every row of a training, benchmark or embed file and gather all problems.

    Args:
        path: The JSON lines file.
        findings: Where problems go. A row may have several; a broken one does not stop the rest.
        roots: Where files are looked for (default: `Roots.for_file`).
        checks: For ``"image"`` and ``"graph"``, what to do with files that exist.
        on_row: Called after each row.

    Returns:
        The kind of the rows and their number.
    """
    kind = row_kind(path)
    scan = _Scan(path, kind, roots or Roots.for_file(path), checks or {}, findings)
    for line, data in iter_lines(path):
        scan.row(line, data)
        on_row()
    scan.finish()
    return kind, scan.count


class _Scan:
    """The pass over one file, and what has to be remembered between its rows."""

    def __init__(
        self, path: Path, kind: RowKind, roots: Roots, checks: Mapping[str, FileCheck], findings: Findings
    ) -> None:
        self.path = path
        self.roots = roots
        self.checks = checks
        self.findings = findings
        self.parse, self.fields = _PARSERS[kind]
        self.count = 0
        self.ids: dict[str, int] = {}
        self.unknown: Counter[str] = Counter()
        self.leaks: list[int] = []

    def row(self, line: int, data: bytes) -> None:
        self.count += 1
        try:
            row = decode_row(self.path, line, data, self._finder(line))
            self.unknown.update(row.values.keys() - self.fields)
            self._remember_id(row)
            parsed = self.parse(row)
        except DataError as error:
            self.findings.add_error(error, file=self.path, line=line)
            return
        if isinstance(parsed, RankingCase) and _gives_itself_away(parsed):
            self.leaks.append(line)

    def _finder(self, line: int) -> Callable[[str, str, str], Path]:
        """A search that notes a missing or broken file and goes on, so that the rest of the row is seen too."""

        def find(name: str, kind: str, field: str) -> Path:
            path = Path(name.replace("\0", ""))
            try:
                path = self.roots.resolve(name, kind)
                if kind in self.checks:
                    self.checks[kind](path)
            except (DataError, OSError) as error:
                self.findings.add_error(error, file=self.path, line=line, field=field)
            return path

        return find

    def _remember_id(self, row: Row) -> None:
        id = row.text("id")
        if id and id in self.ids:
            self.findings.add_error(
                row.error("id", f"{id!r} is also on line {self.ids[id]}", code="id-duplicate", hint="make ids unique"),
                file=self.path,
            )
        self.ids.setdefault(id, row.line)

    def finish(self) -> None:
        """What can only be said at the end, and warnings that are worth one line a file."""
        if not self.count:
            problem = Problem("no-rows", str(self.path), None, "", "holds no rows", "write one JSON object a line")
            self.findings.add(problem)
        for name, count in sorted(self.unknown.items()):
            self._warn("unknown-field", name, f"in {count} row(s), is not used", did_you_mean(name, self.fields))
        if self.leaks:
            self._warn(
                "gold-leak",
                "",
                f"in {len(self.leaks)} case(s), the first on line {self.leaks[0]}, the query shows a file of the right "
                "candidate",
                "a model can match the file instead of understanding it",
            )

    def _warn(self, code: str, field: str, message: str, hint: str) -> None:
        self.findings.add(Problem(code, str(self.path), None, field, message, hint, "warning"))


def _gives_itself_away(case: RankingCase) -> bool:
    gold = case.candidates[case.gold]
    return bool(_files(gold.images, gold.graphs) & _files(case.query.images, case.query.graphs))


def _files(*sources: Iterable[Path]) -> set[Path]:
    return {path for group in sources for path in group}


def _nothing_found(name: str, kind: str, field: str) -> Path:
    raise AssertionError("decoding a row looks for no files")
