"""The verdicts of the fast ways and of the slow pass on one line; the fuzz run and the tests compare them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

from ugembed.records.checking.columns import Columns, Gathered, merged
from ugembed.records.checking.explain import RowKind, explain
from ugembed.records.checking.named_files import Named, NamedFiles
from ugembed.records.checking.swift import SwiftRows
from ugembed.records.roots import Roots
from ugembed.records.uge.clean import CleanRows
from ugembed.records.uge.compiled import load

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
_ROOTS = Roots((EXAMPLES,))

Verdict: TypeAlias = list[Any] | str
"""Facts, unknown fields and named files of a row that is taken; codes of the errors of one that is refused."""


@cache
def kernel() -> load.Kernel:
    """The compiled functions, which are made if they are not there."""
    load.build()
    found = load.load()
    assert found is not None
    return found


def verdicts(kind: RowKind, data: bytes, roots: Roots = _ROOTS) -> tuple[Verdict | None, Verdict]:
    """What the fast ways say of a line (None: none is sure), and what the slow pass says.

    If two fast ways are sure, the one that contradicts the slow pass is told.
    """
    told = explain(kind, Path("rows.jsonl"), 1, data, NamedFiles(roots))
    slow: Verdict = " ".join(problem.code for problem in told.problems)
    if told.facts is not None:
        gathered, files = Gathered(), NamedFiles(roots)
        gathered.add(told.facts)
        for named in told.named:
            files.note(named)
        slow = _verdict(gathered.columns(), told.unknown, files.take_new())
    sure = [verdict for verdict in (_clean(kind, data, told.fields, roots), compiled(kind, data, roots)) if verdict]
    return next((verdict for verdict in sure if verdict != slow), sure[0] if sure else None), slow


def _clean(kind: RowKind, data: bytes, fields: frozenset[str], roots: Roots) -> Verdict | None:
    files, gathered = NamedFiles(roots), Gathered()
    clean = CleanRows(kind, files)
    clean.learn(fields)
    rows = clean.read(data, 1, gathered)
    return _verdict(gathered.columns(), [], files.take_new()) if rows else None


def compiled(kind: RowKind, data: bytes, roots: Roots = _ROOTS) -> Verdict | None:
    """What the compiled pass says of lines; None if it leaves one out."""
    files, left = NamedFiles(roots), Counter[int]()
    swept = SwiftRows(kernel(), kind, files).sweep(BytesIO(data), 0, len(data), lambda _, line: left.update([line]))
    rows = sum(len(part.kept["line"]) for part in swept.columns)
    if left or not rows or swept.stop != len(data):
        return None
    return _verdict(merged(swept.columns), swept.fields, files.take_new())


def _verdict(columns: Columns, unknown: Iterable[str], named: list[Named]) -> Verdict:
    kept = {name: values.tolist() for name, values in columns.kept.items()}
    more = columns.more_images.tolist(), columns.more_graphs.tolist()
    return [kept, *more, columns.counts, columns.labels, sorted(unknown), named]
