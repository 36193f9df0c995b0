"""Which files a benchmark consists of, and their cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from ugembed.errors import DataError
from ugembed.records.case import RankingCase
from ugembed.records.roots import Roots
from ugembed.records.uge_jsonl import read_cases

FAMILIES = ("geolocation", "perception", "retrieval", "spatial_reasoning")
"""Folder names of the reference's benchmark."""


@dataclass(frozen=True, slots=True)
class BenchmarkFile:
    """One JSONL file of cases.

    Attributes:
        path: Where it is.
        name: What tables call it: its path below the folder that was asked for, without ``.jsonl`` (its whole path when
            another file would have the same name).
        family: The nearest folder above it that is one of `FAMILIES`, else the folder it lies in.
    """

    path: Path
    name: str
    family: str


def find_benchmark(paths: Sequence[Path], *, pattern: str = "") -> list[BenchmarkFile]:
    """All ``*.jsonl`` files at or below ``paths`` whose file name contains ``pattern``, sorted within each path.

    Raises:
        DataError: ``benchmark-missing`` for a path that does not exist, ``benchmark-empty`` when no file is left.
    """
    for path in paths:
        if not path.exists():
            raise DataError(f"{path}: no such benchmark", code="benchmark-missing", hint="check --benchmark")
    found: dict[Path, BenchmarkFile] = {}
    for path in paths:
        for file in _below(path):
            if pattern in file.path.name:
                found.setdefault(file.path.resolve(), file)
    if not found:
        wanted = f"*{pattern}*.jsonl" if pattern else "*.jsonl"
        raise DataError(
            f"no {wanted} in {', '.join(map(str, paths))}",
            code="benchmark-empty",
            hint="a benchmark is a folder of .jsonl files; check --benchmark and --filename-pattern",
        )
    return _named_apart(list(found.values()))


def _named_apart(files: list[BenchmarkFile]) -> list[BenchmarkFile]:
    times = Counter(file.name for file in files)
    return [
        file if times[file.name] == 1 else replace(file, name=file.path.with_suffix("").as_posix()) for file in files
    ]


def _below(path: Path) -> Iterator[BenchmarkFile]:
    if path.is_file():
        yield BenchmarkFile(path, path.stem, _family(path))
        return
    for file in sorted(path.rglob("*.jsonl")):
        yield BenchmarkFile(file, file.relative_to(path).with_suffix("").as_posix(), _family(file))


def _family(path: Path) -> str:
    folders = path.resolve().parent.parts
    return next((name for name in reversed(folders) if name in FAMILIES), folders[-1])


def read_benchmark_file(
    file: BenchmarkFile, *, roots: Sequence[Path] = (), limit: int | None = None
) -> list[RankingCase]:
    """The first ``limit`` cases of a file (None: all), pictures and graphs looked for in ``roots``.

    Raises:
        DataError: ``benchmark-empty`` when it has none; whatever the reader refuses, first of all ``gold-missing``.
    """
    cases = list(islice(read_cases(file.path, Roots.for_file(file.path, roots)), limit))
    if not cases:
        raise DataError(f"{file.path}: no cases in it", code="benchmark-empty", hint="fill or remove the file")
    return cases
