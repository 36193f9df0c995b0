"""What checking data files tells: problems with their places, and what was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from ugembed.errors import DataError
from ugembed.records.uge.row import RowError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, and where. ``line`` and ``field`` are None and empty where there is none."""

    code: str
    file: str
    line: int | None
    field: str
    message: str
    hint: str
    severity: Literal["error", "warning"] = "error"


@dataclass(frozen=True, slots=True)
class Spread:
    """How numbers are spread."""

    count: int
    least: float
    median: float
    p95: float
    most: float


@dataclass(frozen=True, slots=True)
class Report:
    """What was read, and what is wrong with it.

    Attributes:
        problems: In reading order: at most as many errors as were asked for, and every warning (one a file and code).
        left_out: Number of further errors that were counted but not kept.
        rows: Number of rows by kind (``training``, ``benchmark``, ``embed``), broken ones included.
        accepted: Number of rows without an error.
        bytes: Size of all row files together.
        pair_types, query_types: Number of sound training and benchmark rows by label, ``""`` for none.
        images, graphs: Number of distinct files named by sound rows, or given.
        duplicates: Number of rows that say and show the same as an earlier one of their file.
        spreads: How characters, pictures, graphs, candidates, visual tokens, nodes and edges are spread; what nothing
            is known about is left out.
        places: (lon, lat) in degrees of at most 2000 rows, evenly taken in reading order.
        place_count: Number of rows that tell a place.
        box: West, south, east, north in degrees of all places.
    """

    problems: tuple[Problem, ...] = ()
    left_out: int = 0
    rows: Mapping[str, int] = field(default_factory=dict)
    accepted: int = 0
    bytes: int = 0
    pair_types: Mapping[str, int] = field(default_factory=dict)
    query_types: Mapping[str, int] = field(default_factory=dict)
    images: int = 0
    graphs: int = 0
    duplicates: int = 0
    spreads: Mapping[str, Spread] = field(default_factory=dict)
    places: tuple[tuple[float, float], ...] = ()
    place_count: int = 0
    box: tuple[float, float, float, float] | None = None

    @property
    def errors(self) -> int:
        """Number of errors, kept or not; warnings do not count."""
        return sum(problem.severity == "error" for problem in self.problems) + self.left_out

    @property
    def warnings(self) -> int:
        """Number of warnings."""
        return sum(problem.severity == "warning" for problem in self.problems)

    def to_json(self) -> dict[str, Any]:
        return {"errors": self.errors, "warnings": self.warnings, **asdict(self)}


class Findings:
    """Problems as they are found; beyond ``limit`` errors are only counted, warnings always kept."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.problems: list[Problem] = []
        self.errors = 0
        self._kept = 0

    @property
    def left_out(self) -> int:
        """Number of errors that were not kept."""
        return self.errors - self._kept

    def add(self, problem: Problem) -> None:
        if problem.severity == "error":
            self.errors += 1
            if self._kept == self.limit:
                return
            self._kept += 1
        self.problems.append(problem)

    def extend(self, problems: Sequence[Problem], *, more: int = 0) -> None:
        """Add problems, and count ``more`` errors that nobody kept."""
        for problem in problems:
            self.add(problem)
        self.errors += more


def problem_of(error: DataError | OSError, *, file: Path, line: int | None = None, field: str = "") -> Problem:
    """An error as a problem of ``file``; one of a row brings its own place."""
    if isinstance(error, RowError):
        return Problem(error.code, str(error.file), error.line, error.field, error.what, error.hint)
    if isinstance(error, DataError):
        return Problem(error.code, str(file), line, field, error.message, error.hint)
    return Problem("unreadable", str(file), line, field, str(error), "check its permissions")
