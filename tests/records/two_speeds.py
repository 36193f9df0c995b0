"""The verdicts of the fast and the slow pass on one line; the fuzz run and the tests compare them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

from ugembed.records.checking.columns import Gathered
from ugembed.records.checking.explain import RowKind, explain
from ugembed.records.checking.named_files import Named, NamedFiles
from ugembed.records.roots import Roots
from ugembed.records.uge.clean import CleanRows

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
_ROOTS = Roots((EXAMPLES,))

Verdict: TypeAlias = list[Any] | str
"""Facts and named files of a row that is taken; codes of the errors of one that is refused."""


def verdicts(kind: RowKind, data: bytes, roots: Roots = _ROOTS) -> tuple[Verdict | None, Verdict]:
    """What the fast pass says of a line (None: it is not sure), and what the slow pass says."""
    told = explain(kind, Path("rows.jsonl"), 1, data, NamedFiles(roots))
    slow: Verdict = " ".join(problem.code for problem in told.problems)
    if told.facts is not None:
        gathered, files = Gathered(), NamedFiles(roots)
        gathered.add(told.facts)
        for named in told.named:
            files.note(named)
        slow = _verdict(gathered, files.take_new())
    files = NamedFiles(roots)
    clean = CleanRows(kind, files)
    clean.learn(told.fields)
    gathered = Gathered()
    rows = clean.read(data, 1, gathered)
    return (_verdict(gathered, files.take_new()) if rows else None), slow


def _verdict(gathered: Gathered, named: list[Named]) -> Verdict:
    columns = gathered.columns()
    kept = {name: values.tolist() for name, values in columns.kept.items()}
    return [kept, columns.more_images.tolist(), columns.more_graphs.tolist(), columns.counts, columns.labels, named]
