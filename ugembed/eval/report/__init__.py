"""One self-contained HTML page about evaluations: numbers, curves, and what was asked and answered.

The page loads nothing: styles, drawings and pictures are inside, and its content security policy forbids the rest. All
text is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ugembed.errors import DataError
from ugembed.eval.report.cards import example_card
from ugembed.eval.report.curves import curve_charts
from ugembed.eval.report.entries import Entry, split_panels
from ugembed.eval.report.examples import choose_examples
from ugembed.pages import write_html

__all__ = ["Entry", "write_report"]


def write_report(
    out: Path,
    *,
    title: str,
    entries: Sequence[Entry],
    curves: Mapping[str, Path] | None = None,
    facts: Mapping[str, str] | None = None,
    queries: int = 6,
) -> Path:
    """Write the page as the file ``out``.

    Args:
        out: The HTML file.
        title: Its heading.
        entries: Evaluations in the order of the tables; within a split, the first image-mode one is the baseline and
            the last fusion-mode one is what is shown off.
        curves: Label to ``metrics.jsonl`` of a training.
        facts: Lines of small print: name to value.
        queries: How many cases to show with picture, graph and answers.

    Raises:
        DataError: ``report-empty`` without any evaluation; a curve file that is missing or broken.
    """
    if not entries:
        raise DataError("a report without evaluations", code="report-empty", hint="run `ugembed eval` first")
    write_html(
        out,
        __name__,
        title=title,
        panels=split_panels(entries),
        charts=curve_charts(curves or {}),
        cards=[example_card(example) for example in choose_examples(entries, queries)],
        warnings=list(dict.fromkeys(warning for entry in entries for warning in entry.evaluation.warnings)),
        facts=dict(facts or {}),
    )
    return out
