"""A checked file once more, line by line, for whoever wants the rows themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np

from ugembed.errors import DataError
from ugembed.records.checking.blocks import read_blocks
from ugembed.records.checking.columns import Column
from ugembed.records.checking.explain import explain
from ugembed.records.checking.named_files import Named, NamedFiles
from ugembed.records.checking.scan import too_long
from ugembed.records.report import Problem
from ugembed.records.validate import CheckedRows, id_duplicate

OnRows: TypeAlias = Callable[[Path, bytes, bool, list[Problem]], None]
"""Hears of every line that is not blank, in order: file, bytes with the line end, whether the row was accepted, its
errors. Of a line that is too long there are no bytes."""


def retell(
    checked: CheckedRows, refused: Column, *, reasons: Callable[[Named], list[Problem]], on_rows: OnRows
) -> None:
    """Hand every line of a checked file to ``on_rows``; what was refused is explained anew, so nothing was kept of it.

    Args:
        refused: Lines of rows that look sound by themselves and are not accepted; from `CheckedRows.finish`.
        reasons: The errors of a file that a row names.

    Raises:
        DataError: ``file-changed`` when a line that was refused has nothing wrong any more.
    """
    path = checked.file.path
    files = NamedFiles(checked.file.roots)
    later, first = checked.twice
    sound = iter(np.setdiff1d(checked.table["line"], refused).tolist())
    next_sound = next(sound, 0)
    for line, data in _lines(path):
        if line == next_sound:
            on_rows(path, data, True, [])
            next_sound = next(sound, 0)
            continue
        at = int(np.searchsorted(later, line))
        problems = [id_duplicate(path, line, int(first[at]))] if line in later[at : at + 1] else []
        if data:
            told = explain(checked.file.kind, path, line, data, files)
            problems += [*told.problems, *(problem for named in told.named for problem in reasons(named))]
        else:
            problems.append(too_long(path, line))
        if not problems:
            raise DataError(f"{path}: changed while it was read", code="file-changed", hint="run it again")
        on_rows(path, data, False, problems)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank with their numbers; no bytes for one that is too long."""
    for block in read_blocks(path, 0, path.stat().st_size):
        if block.data is None:
            yield block.line, b""
            continue
        start, line = 0, block.line
        while start < len(block.data):
            stop = block.data.find(b"\n", start) + 1 or len(block.data)
            if block.data[start:stop].strip():
                yield line, block.data[start:stop]
            start, line = stop, line + 1
