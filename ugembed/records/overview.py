"""What a report says, in words and numbers that the terminal and the page share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ugembed.records.report import Problem, Report

_BYTES = ("B", "kB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class Share:
    """One label of a class balance: how many rows carry it, and which part (0 to 1) of all."""

    label: str
    rows: int
    part: float


@dataclass(frozen=True, slots=True)
class CodeGroup:
    """The listed problems of one code: how many, in how many files, and the first of them."""

    code: str
    severity: str
    count: int
    files: int
    examples: tuple[Problem, ...]

    @property
    def hint(self) -> str:
        """What to do, if it is the same for all examples; else empty."""
        hints = {problem.hint for problem in self.examples}
        return hints.pop() if len(hints) == 1 else ""


def number(value: float) -> str:
    """``12,345`` or ``12.5``: thousands apart, at most one decimal."""
    return f"{value:,.1f}".removesuffix(".0")


def size(count: int) -> str:
    """``512 B``, ``1.2 MB``: bytes in steps of 1000."""
    value, unit = float(count), 0
    while value >= 999.95 and unit < len(_BYTES) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.1f} {_BYTES[unit]}" if unit else f"{count} B"


def facts(report: Report) -> list[tuple[str, str]]:
    """What was read: name and number."""
    rows = sum(report.rows.values())
    found = [(f"{kind} rows", f"{count:,}") for kind, count in sorted(report.rows.items())]
    if rows:
        found += [
            ("accepted", f"{report.accepted:,}"),
            ("refused", f"{rows - report.accepted:,}"),
            ("equal to an earlier row", f"{report.duplicates:,}"),
            ("with a place", f"{report.place_count:,}"),
            ("size of the row files", size(report.bytes)),
        ]
    return [*found, ("distinct images", f"{report.images:,}"), ("distinct graphs", f"{report.graphs:,}")]


def balance(counts: Mapping[str, int]) -> list[Share]:
    """The labels, the most frequent first; rows without a label are ``none``. Nothing if no row has a label."""
    total = sum(counts.values())
    if not any(counts.keys()):
        return []
    order = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return [Share(label or "none", rows, rows / total) for label, rows in order]


def box(report: Report) -> str:
    """Where the places lie: ``103.6021 to 104.0312 °E, …`` in signed degrees; empty without places."""
    if report.box is None:
        return ""
    west, south, east, north = report.box
    return f"longitude {west:.4f} to {east:.4f}, latitude {south:.4f} to {north:.4f}"


def by_code(problems: Sequence[Problem], *, examples: int) -> list[CodeGroup]:
    """Problems grouped by code, errors before warnings, each in reading order."""
    groups: dict[tuple[str, str], list[Problem]] = {}
    for problem in sorted(problems, key=lambda problem: problem.severity != "error"):
        groups.setdefault((problem.severity, problem.code), []).append(problem)
    return [
        CodeGroup(code, severity, len(found), len({problem.file for problem in found}), tuple(found[:examples]))
        for (severity, code), found in groups.items()
    ]


def verdict(report: Report) -> str:
    """``3 error(s), 1 warning(s)``, or ``no errors, …``."""
    errors = f"{report.errors:,} error(s)" if report.errors else "no errors"
    return f"{errors}, {report.warnings:,} warning(s)"
