"""What checking data files tells: problems with their places, and what was read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
class Report:
    """What was read, and what is wrong with it.

    Attributes:
        problems: In reading order, at most as many as were asked for.
        left_out: Number of further errors that were counted but not kept.
        rows: Number of rows by kind (``training``, ``benchmark``, ``embed``), broken ones included.
        images, graphs: Number of distinct files checked.
        graph_nodes: Number of nodes of every graph that could be read.
    """

    problems: tuple[Problem, ...] = ()
    left_out: int = 0
    rows: Mapping[str, int] = field(default_factory=dict)
    images: int = 0
    graphs: int = 0
    graph_nodes: tuple[int, ...] = ()

    @property
    def errors(self) -> int:
        """Number of errors, kept or not; warnings do not count."""
        return sum(problem.severity == "error" for problem in self.problems) + self.left_out

    def to_json(self) -> dict[str, Any]:
        return {"errors": self.errors, **asdict(self), "rows": dict(self.rows)}


class FileCheck:
    """A check of picture or graph files that looks at every distinct file once, whoever names it."""

    def __init__(self, check: Callable[[Path], object]) -> None:
        self._check = check
        self._seen: set[Path] = set()

    def __call__(self, path: Path) -> None:
        """Check ``path`` unless it was seen before; raises what the check raises."""
        real = path.resolve()
        if real not in self._seen:
            self._seen.add(real)
            self._check(path)

    def discard(self, path: Path) -> None:
        """Do not count a file that turned out to be something else."""
        self._seen.discard(path.resolve())

    def __len__(self) -> int:
        return len(self._seen)


class Findings:
    """Problems as they are found; beyond ``limit`` errors are only counted."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.problems: list[Problem] = []
        self.left_out = 0

    def add(self, problem: Problem) -> None:
        if len(self.problems) < self.limit:
            self.problems.append(problem)
        elif problem.severity == "error":
            self.left_out += 1

    def add_error(self, error: DataError | OSError, *, file: Path, line: int | None = None, field: str = "") -> None:
        """Keep an error; one of a row brings its own place."""
        if isinstance(error, RowError):
            self.add(Problem(error.code, str(error.file), error.line, error.field, error.what, error.hint))
        elif isinstance(error, DataError):
            self.add(Problem(error.code, str(file), line, field, error.message, error.hint))
        else:
            self.add(Problem("unreadable", str(file), line, field, str(error), "check its permissions"))
