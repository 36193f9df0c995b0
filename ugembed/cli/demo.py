"""``ugembed demo``: the whole road on a synthetic city."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from ugembed.cli.options import ConfigFile, Overrides
from ugembed.cli.output import print_json, progress, stderr, stdout

if TYPE_CHECKING:
    from rich.table import Table

    from ugembed.demo.run import DemoResult, Step


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for everything the demo makes.")] = Path("runs/demo"),
    config: ConfigFile = None,
    overrides: Overrides = None,
    yes: Annotated[bool, typer.Option("--yes", help="Replace an earlier demo in --out.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON on stdout.")] = False,
) -> None:
    """Make a synthetic city, train both stages on it, and measure what the graph adds: about six minutes on two cores.

    Example: ugembed demo --out runs/demo --set city.seed=11
    """
    from ugembed.config import load_config
    from ugembed.demo.run import DemoConfig, run_demo

    settings = load_config(DemoConfig, config, overrides=overrides or ()).value
    result = run_demo(out, settings, invoke=_invoke, announce=_announce, listening=progress, replace=yes)
    if as_json:
        print_json({" ".join(key): one.overall.model_dump() for key, one in result.evaluations.items()})
    else:
        for table in tables(result):
            stdout.print(table)
    stderr.print(f"done in {result.seconds / 60:.1f} minutes; the report: [bold]{escape(str(result.report))}[/]")


def _invoke(command: Sequence[str]) -> None:
    from ugembed.cli.app import app

    app(list(command), standalone_mode=False)


def _announce(number: int, steps: Sequence[Step]) -> None:
    step = steps[number]
    following = f"[dim]next: {steps[number + 1].title}[/]" if number + 1 < len(steps) else "[dim]next: the report[/]"
    stderr.print()
    stderr.print(f"[bold cyan]{number + 1}/{len(steps)}[/] [bold]{step.title}[/]  {following}", soft_wrap=True)
    if step.command:
        stderr.print(f"[dim]$ ugembed {escape(shlex.join(step.command))}[/]", soft_wrap=True)


def tables(result: DemoResult) -> list[Table]:
    """For every split: each run and query mode beside chance, over all questions, and Hit@5 by family; in per cent."""
    from ugembed.demo.run import SPLITS

    made = []
    for split, words in SPLITS.items():
        of_split = {(run, mode): one for (run, mode, where), one in result.evaluations.items() if where == split}
        first = next(iter(of_split.values()))
        overall = _table(f"{words}: {first.overall.cases} questions, 20 candidates each", list(METRICS.values()))
        families = _table(f"{words}: Hit@5 by kind of question", [family.name for family in first.families])
        for (run, mode), one in of_split.items():
            label = f"{run.replace('stage', 'stage ')} · {mode}"
            style = "bold green" if (run, mode) == ("stage2", "fusion") else ""
            overall.add_row(label, *(_percent(one.overall.metrics[name]) for name in METRICS), style=style)
            families.add_row(label, *(_percent(family.metrics["hit@5"]) for family in one.families), style=style)
        overall.add_row("chance", *(_percent(first.overall.chance[name]) for name in METRICS), style="dim")
        families.add_row("chance", *(_percent(family.chance["hit@5"]) for family in first.families), style="dim")
        made += [overall, families]
    return made


METRICS = {"hit@1": "Hit@1", "hit@3": "Hit@3", "hit@5": "Hit@5", "hit@10": "Hit@10", "mrr": "MRR", "ndcg@5": "NDCG@5"}


def _table(title: str, columns: Sequence[str]) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left", header_style="bold")
    table.add_column("model · mode", no_wrap=True)
    for name in columns:
        table.add_column(name.replace("_", " "), justify="right")
    return table


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
