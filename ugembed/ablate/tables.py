"""The table of an ablation, as text in cells: for the screen, for Markdown and for a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ugembed.ablate.answers import ALL, METRICS, Group, Table
from ugembed.ablate.config import AblationConfig, RowRef
from ugembed.ablate.goals import Verdict, judge
from ugembed.ablate.statistics import Bootstrap, Estimate
from ugembed.compose.candidates import CANDIDATES
from ugembed.demo.run import SPLITS
from ugembed.eval.benchmark import FAMILIES

HEADINGS = {"hit@1": "Hit@1", "hit@5": "Hit@5", "ndcg@5": "NDCG@5", "mrr": "MRR"}
MISSING = "–"


@dataclass(frozen=True, slots=True)
class TextTable:
    """Rows of cells; ``headings`` are the numbers of rows that only name what follows, ``main`` tables are shown on the
    screen."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    headings: frozenset[int] = frozenset()
    main: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is shown of an ablation."""

    note: str
    """How it was counted."""
    verdicts: tuple[Verdict, ...]
    tables: tuple[TextTable, ...]
    missing: tuple[str, ...]
    """Rows that lack seeds, in words."""


def make_report(config: AblationConfig, table: Table, seeds: Sequence[int]) -> Report:
    """Tables, goals, and what has not been run; shares are shown in per cent."""
    bootstraps = {group: Bootstrap(rows, samples=config.samples) for group, rows in table.items()}
    verdicts = judge(config.goals, bootstraps)
    tables = [goal_table(verdicts)] if verdicts else []
    for metric, names in (("hit@5", (*_asked(table), ALL)), ("hit@1", (*_asked(table), ALL)), ("ndcg@5", (ALL,))):
        tables += [
            metric_table(config, bootstraps, metric, [Group(split, CANDIDATES, name) for name in names])
            for split in SPLITS
            if Group(split, CANDIDATES, ALL) in bootstraps
        ]
    for split in SPLITS:
        kinds = sorted(group for group in bootstraps if group.split == split and "/" in group.name)
        more = sorted(group for group in bootstraps if group.split == split and group.candidates > CANDIDATES)
        tables += [metric_table(config, bootstraps, "hit@5", groups) for groups in (kinds, more) if groups]
    done = sorted({seed for rows in table.values() for by_seed in rows.values() for seed in by_seed})
    note = "Nothing has been asked yet."
    if done:
        note = (
            f"Means over seeds {', '.join(map(str, done))} with 95 % intervals; bootstrap over seeds and cases, "
            f"{config.samples:,} resamples, paired."
        )
    return Report(note, tuple(verdicts), tuple(tables), tuple(_missing(config, table, seeds)))


def _asked(table: Table) -> list[str]:
    return [name for name in FAMILIES if any(group.name == name for group in table)]


def _missing(config: AblationConfig, table: Table, seeds: Sequence[int]) -> Iterator[str]:
    for row in config.rows():
        done = {seed for rows in table.values() for seed in rows.get(row, {})}
        lacking = [str(seed) for seed in seeds if seed not in done]
        if lacking:
            yield f"{row}: seeds {', '.join(lacking)}"


def goal_table(verdicts: Sequence[Verdict]) -> TextTable:
    """A row for every goal: what must hold, the figure furthest from it, and the verdict."""
    rows = []
    for verdict in verdicts:
        goal, one = verdict.goal, verdict.worst
        wanted = f"{'≥' if goal.at_least or goal.minus is None else '>'} {goal.at_least:g}"
        wanted += f", p < {goal.p_below:g}" if goal.p_below is not None else ""
        where = MISSING if verdict.where is None else f"{verdict.where.name.replace('_', ' ')}, {verdict.where.split}"
        seeds = MISSING if one is None else str(one.seeds)
        rows.append((goal.text, wanted, _shown(one), where, _p(verdict.p), seeds, verdict.state))
    return TextTable("Goals", ("goal", "wanted", "worst", "where", "p", "seeds", "state"), tuple(rows), main=True)


def metric_table(
    config: AblationConfig, bootstraps: Mapping[Group, Bootstrap], metric: str, groups: Sequence[Group]
) -> TextTable:
    """A row for every row of the ablation that has answers; where all questions are averaged, that is compared with
    the baseline."""
    last = groups[-1]
    compared = bootstraps[last]
    paired = last.name == ALL
    rows: list[tuple[str, ...]] = []
    headings = set[int]()
    heading = ""
    for row in config.rows():
        if not any(group in bootstraps and row in bootstraps[group].rows for group in groups):
            continue
        if config.variants[row.variant].group != heading:
            heading = config.variants[row.variant].group
            headings.add(len(rows))
            rows.append((heading, *("" for _ in range(len(groups) + 1 + 2 * paired))))
        figures = [_figure(bootstraps.get(group), row, metric) for group in groups]
        gap = compared.difference(row, config.baseline, metric) if paired and row != config.baseline else None
        seeds = str(len(compared.rows.get(row, {})))
        compare = (_shown(gap) if gap else "", _p(gap.p if gap else None)) if paired else ()
        rows.append((str(row), seeds, *figures, *compare))
    chance = [_chance(bootstraps.get(group), metric) for group in groups]
    rows.append(("chance", "", *chance, *(("", "") if paired else ())))
    kinds = " in spatial reasoning" if "/" in last.name else ""
    title = f"{HEADINGS[metric]}{kinds} on {SPLITS[last.split]}, {_candidates(groups)} candidates, %"
    compare = (f"{ALL} minus {config.baseline}", "p") if paired else ()
    header = ("variant · mode", "seeds", *map(_name, groups), *compare)
    return TextTable(title, header, tuple(rows), frozenset(headings), main=paired and metric == "hit@5")


def _candidates(groups: Sequence[Group]) -> str:
    return " or ".join(str(count) for count in sorted({group.candidates for group in groups}))


def _name(group: Group) -> str:
    return group.name.rpartition("/")[2].replace("_", " ") + (
        f" ({group.candidates})" if group.candidates != CANDIDATES else ""
    )


def _figure(bootstrap: Bootstrap | None, row: RowRef, metric: str) -> str:
    known = bootstrap is not None and row in bootstrap.rows
    return _shown(bootstrap.estimate(row, metric)) if known and bootstrap is not None else MISSING


def _chance(bootstrap: Bootstrap | None, metric: str) -> str:
    if bootstrap is None:
        return MISSING
    k = list(METRICS).index(metric)
    first = next(iter(bootstrap.rows.values()))
    return f"{100 * float(np.mean([answers.chance[k] for answers in first.values()])):.1f}"


def _shown(one: Estimate | None) -> str:
    if one is None:
        return MISSING
    sign = "+" if one.p is not None else ""
    return f"{100 * one.mean:{sign}.1f} [{100 * one.low:{sign}.1f}, {100 * one.high:{sign}.1f}]"


def _p(p: float | None) -> str:
    if p is None:
        return ""
    return f"{p:.4f}" if p < 0.01 else f"{p:.2f}"
