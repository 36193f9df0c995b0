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
    """Make a synthetic city, train both stages on it, and measure what the graph adds: about five minutes on a laptop.

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
    stderr.print(f"[bold cyan]{number + 1}/{len(steps)}[/] [bold]{step.title}[/]  {following}")
    if step.command:
        stderr.print(f"[dim]$ ugembed {escape(shlex.join(step.command))}[/]", soft_wrap=True)


def tables(result: DemoResult) -> list[Table]:
    """For every split the figures of each run and query mode beside chance, in per cent."""
    from rich.table import Table

    from ugembed.demo.run import SPLITS

    made = []
    for split, words in SPLITS.items():
        of_split = {(run, mode): one for (run, mode, where), one in result.evaluations.items() if where == split}
        first = next(iter(of_split.values()))
        families = [family.name for family in first.families]
        table = Table(title=f"{words} ({first.overall.cases} questions)", title_justify="left", header_style="bold")
        table.add_column("model, query mode", no_wrap=True)
        for name in (*METRICS.values(), *(f"Hit@5 {family.replace('_', ' ')}" for family in families)):
            table.add_column(name, justify="right")
        for (run, mode), one in of_split.items():
            cells = _cells(one.overall.metrics, [family.metrics for family in one.families])
            style = "bold green" if (run, mode) == ("stage2", "fusion") else ""
            table.add_row(f"{run.replace('stage', 'stage ')} · {mode}", *cells, style=style)
        chance = _cells(first.overall.chance, [family.chance for family in first.families])
        table.add_row("chance", *chance, style="dim")
        made.append(table)
    return made


METRICS = {"hit@1": "Hit@1", "hit@3": "Hit@3", "hit@5": "Hit@5", "hit@10": "Hit@10", "mrr": "MRR", "ndcg@5": "NDCG@5"}


def _cells(overall: dict[str, float], families: Sequence[dict[str, float]]) -> list[str]:
    values = [*(overall[name] for name in METRICS), *(family["hit@5"] for family in families)]
    return [f"{100 * value:.1f}" for value in values]
