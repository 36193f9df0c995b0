"""Evaluations arranged for the page: one panel for every split, with a headline, bars and a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ugembed.eval.results import Evaluation, Summary


@dataclass(frozen=True, slots=True)
class Entry:
    """An evaluation with its place in the report.

    Attributes:
        run: What was evaluated (``stage 2``).
        split: On what (``held-out images``).
        evaluation: The outcome; it knows its query mode.
    """

    run: str
    split: str
    evaluation: Evaluation

    @property
    def label(self) -> str:
        """``stage 2 · fusion``"""
        return f"{self.run} · {self.evaluation.query_mode}"


@dataclass(frozen=True, slots=True)
class Bar:
    """Hit@5 of one row with its 95 % interval, all in per cent."""

    label: str
    mode: str
    hit5: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Line:
    """A table row: texts that are ready to print."""

    label: str
    cases: int
    cells: tuple[str, ...]
    is_best: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """Everything about one split.

    Attributes:
        split: Its name.
        cases, candidates: Of the first evaluation on it.
        star: The entry shown off, as a bar.
        baseline: The image-mode entry it is compared with, if there is one.
        chance: Hit@5 of a random order, per cent.
        bars, lines: One for every entry.
        metrics: Column headings.
        chance_cells: The table's chance row.
        families: (family, lines, chance cells), when there are several families.
    """

    split: str
    cases: int
    candidates: float
    star: Bar
    baseline: Bar | None
    chance: float
    bars: tuple[Bar, ...]
    metrics: tuple[str, ...]
    lines: tuple[Line, ...]
    chance_cells: tuple[str, ...]
    families: tuple[tuple[str, tuple[Line, ...], tuple[str, ...]], ...]


def by_split(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """Entries of every split, in the order given."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.split, []).append(entry)
    return groups


def star_and_baseline(entries: Sequence[Entry]) -> tuple[Entry, Entry | None]:
    """Of one split: the last fusion entry (else the last), and the first image entry if that is another one."""
    fusion = [entry for entry in entries if entry.evaluation.query_mode == "fusion"]
    image = [entry for entry in entries if entry.evaluation.query_mode == "image"]
    star = fusion[-1] if fusion else entries[-1]
    return star, image[0] if image and image[0] is not star else None


def split_panels(entries: Sequence[Entry]) -> list[Panel]:
    """One panel for every split; all have the columns that every evaluation has."""
    overall = [entry.evaluation.overall for entry in entries]
    metrics = tuple(name for name in overall[0].chance if all(name in summary.metrics for summary in overall))
    return [_panel(split, members, metrics) for split, members in by_split(entries).items()]


def _panel(split: str, entries: Sequence[Entry], metrics: tuple[str, ...]) -> Panel:
    star, baseline = star_and_baseline(entries)
    first = entries[0].evaluation.overall
    return Panel(
        split=split,
        cases=first.cases,
        candidates=first.candidates,
        star=_bar(star),
        baseline=_bar(baseline) if baseline else None,
        chance=100 * first.chance["hit@5"],
        bars=tuple(_bar(entry) for entry in entries),
        metrics=metrics,
        lines=_lines([(entry.label, entry.evaluation.overall) for entry in entries], metrics),
        chance_cells=tuple(number(name, first.chance[name]) for name in metrics),
        families=_families(entries, metrics),
    )


def _families(
    entries: Sequence[Entry], metrics: tuple[str, ...]
) -> tuple[tuple[str, tuple[Line, ...], tuple[str, ...]], ...]:
    names = list(dict.fromkeys(summary.name for entry in entries for summary in entry.evaluation.families))
    if len(names) < 2:
        return ()
    found = []
    for name in names:
        rows = [(e.label, s) for e in entries for s in e.evaluation.families if s.name == name]
        chance = rows[0][1].chance
        found.append((name, _lines(rows, metrics), tuple(number(metric, chance[metric]) for metric in metrics)))
    return tuple(found)


def _lines(rows: Sequence[tuple[str, Summary]], metrics: tuple[str, ...]) -> tuple[Line, ...]:
    best = {
        name: (min if name.endswith("rank") else max)(summary.metrics[name] for _, summary in rows) for name in metrics
    }
    return tuple(
        Line(
            label=label,
            cases=summary.cases,
            cells=tuple(number(name, summary.metrics[name]) for name in metrics),
            is_best=tuple(len(rows) > 1 and summary.metrics[name] == best[name] for name in metrics),
        )
        for label, summary in rows
    )


def _bar(entry: Entry) -> Bar:
    overall = entry.evaluation.overall
    low, high = overall.hit5_interval
    hit5 = overall.metrics["hit@5"]
    return Bar(entry.label, entry.evaluation.query_mode, 100 * hit5, 100 * low, 100 * high)


def number(name: str, value: float) -> str:
    """A metric as printed: ranks as they are, shares in per cent."""
    return f"{value:.2f}" if name.endswith("rank") else f"{100 * value:.1f}"
