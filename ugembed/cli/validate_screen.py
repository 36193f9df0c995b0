"""What `ugembed validate-data` shows in the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ugembed.cli.output import stdout

if TYPE_CHECKING:
    from ugembed.records.clean_copy import Copied
    from ugembed.records.overview import Share
    from ugembed.records.report import Problem, Report
    from ugembed.records.rewrite import Rewritten

_SHOWN_OF_A_KIND = 5
_LABELS_SHOWN = 12
_BAR_CELLS = 20


def print_report(report: Report) -> None:
    """Problems, what was read, how the numbers spread, class balance, a small map, and the verdict."""
    from ugembed.records.overview import balance, facts, verdict

    _print_problems(report)
    _print_table(["what was read", "number"], facts(report))
    _print_spreads(report)
    _print_balance("pair_type", balance(report.pair_types))
    _print_balance("query_type", balance(report.query_types))
    _print_places(report)
    colour = "red" if report.errors else "yellow" if report.warnings else "green"
    stdout.print(f"[bold {colour}]{verdict(report)}[/]")


def print_rewritten(rewritten: Rewritten) -> None:
    """What ``--fix-paths`` did, rule by rule."""
    lines = [("rows", f"{rewritten.rows:,}"), ("rows changed", f"{rewritten.rows_changed:,}")]
    if rewritten.not_rows:
        lines.append(("lines that are no rows, copied as they are", f"{rewritten.not_rows:,}"))
    lines += [("file names", f"{rewritten.names:,}")]
    lines += [(f"  rewritten by {rule}", f"{count:,}") for rule, count in rewritten.by_rule.items()]
    lines += [("  left, because no rule fits", f"{rewritten.unmatched:,}")]
    _print_table(["new paths", "number"], lines)
    for file in rewritten.files:
        stdout.print(f"written: {file}", markup=False, soft_wrap=True)
    stdout.print()


def print_copied(copied: Copied) -> None:
    """Where the rows went."""
    stdout.print(
        f"{copied.rows:,} rows = {copied.clean:,} clean + {copied.rejected:,} rejected, in {copied.out}",
        markup=False,
        soft_wrap=True,
    )


def _print_problems(report: Report) -> None:
    """In reading order; of one code in one file only the first few."""
    totals = Counter((problem.file, problem.code) for problem in report.problems)
    shown: Counter[tuple[str, str]] = Counter()
    for problem in report.problems:
        kind = (problem.file, problem.code)
        shown[kind] += 1
        if shown[kind] <= _SHOWN_OF_A_KIND:
            _print_problem(problem)
        if shown[kind] == _SHOWN_OF_A_KIND and totals[kind] > _SHOWN_OF_A_KIND:
            more = totals[kind] - _SHOWN_OF_A_KIND
            stdout.print(f"  … and {more:,} more like this ({problem.code}) in this file", markup=False, soft_wrap=True)
    if report.left_out:
        stdout.print(f"… and {report.left_out:,} more errors; --max-problems lists more", soft_wrap=True)
    if report.problems:
        stdout.print()


def _print_problem(problem: Problem) -> None:
    place = problem.file if problem.line is None else f"{problem.file}:{problem.line}"
    where = f"{place}: {problem.field}" if problem.field else place
    colour = "red" if problem.severity == "error" else "yellow"
    head = f"[bold]{escape(where)}[/]: [{colour}]{problem.severity}\\[{problem.code}][/]"
    stdout.print(f"{head}: {escape(problem.message)}", soft_wrap=True)
    if problem.hint:
        stdout.print(f"  [cyan]hint[/]: {escape(problem.hint)}", soft_wrap=True)


def _print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table whose first column is text and whose others are numbers."""
    table = Table(headings[0], show_edge=False)
    for heading in headings[1:]:
        table.add_column(heading, justify="right", no_wrap=True)
    for first, *others in rows:
        table.add_row(Text(first), *others)
    stdout.print(table)
    stdout.print()


def _print_spreads(report: Report) -> None:
    from ugembed.records.overview import number

    rows = [
        (label, *map(number, (spread.least, spread.median, spread.p95, spread.most)))
        for label, spread in report.spreads.items()
    ]
    if rows:
        _print_table(["how numbers spread", "least", "median", "95 %", "most"], rows)


def _print_balance(name: str, shares: Sequence[Share]) -> None:
    if not shares:
        return
    rows = [
        (share.label, f"{share.rows:,}", f"{100 * share.part:.1f} %", "█" * round(_BAR_CELLS * share.part))
        for share in shares[:_LABELS_SHOWN]
    ]
    table = Table(f"rows by {name}", show_edge=False)
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True, width=_BAR_CELLS)
    for label, *cells in rows:
        table.add_row(Text(label), *cells)
    if len(shares) > _LABELS_SHOWN:
        rest = shares[_LABELS_SHOWN:]
        table.add_row(f"{len(rest)} more", f"{sum(share.rows for share in rest):,}", "", "")
    stdout.print(table)
    stdout.print()


def _print_places(report: Report) -> None:
    from ugembed.records.overview import box
    from ugembed.records.text_map import extent_m, text_map

    if not report.places:
        return
    across, along = (_length(metres) for metres in extent_m(report.places))
    title = f"places of {report.place_count:,} row(s)"
    stdout.print(title)
    stdout.print(Panel("\n".join(text_map(report.places)), expand=False))
    stdout.print(f"{across} from west to east, {along} from south to north: {box(report)}", soft_wrap=True)
    stdout.print()


def _length(metres: float) -> str:
    return f"{metres:.0f} m" if metres < 1000 else f"{metres / 1000:,.1f} km"
