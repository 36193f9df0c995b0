"""``ugembed ablate``: variants of a model over seeds, in one table with intervals and paired tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from ugembed.cli.options import AsJson, Overrides
from ugembed.cli.output import print_json, progress, stderr, stdout
from ugembed.errors import ConfigError

if TYPE_CHECKING:
    from rich.table import Table

    from ugembed.ablate.schedule import Outcome
    from ugembed.ablate.tables import Report, TextTable


def ablate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Run files of ablations.", show_default=False)],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for cities, trained runs, answers and tables.")
    ] = Path("runs/ablations"),
    seeds: Annotated[
        str | None, typer.Option(help="Only these, e.g. 1,2. Default: the file's.", show_default=False)
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only this variant; may be repeated.", show_default=False)
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes, each with one training or evaluation.")] = 1,
    table_only: Annotated[
        bool, typer.Option("--table-only", help="Train nothing; make the tables of what is there.")
    ] = False,
    into: Annotated[
        Path | None,
        typer.Option(help="Page in which the part between the ablation's marks is replaced.", show_default=False),
    ] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Train variants of a model on the synthetic city over several seeds, and compare them in one table.

    What is finished is not done again; a command that was stopped goes on where it was. The tables are written anew
    after every model that was asked.

    Example: ugembed ablate configs/ablations/paper.yaml --out runs/ablations --workers 2
    """
    from ugembed.ablate.output import write_into
    from ugembed.ablate.run import make_tables, open_ablation, run_ablation

    shown = {}
    ablations = [
        open_ablation(file, out, seeds=_seeds(seeds), only=only or (), overrides=overrides or ()) for file in files
    ]
    for ablation in ablations:
        if table_only:
            report = make_tables(ablation)
        else:
            with progress(ablation.name) as on_progress:
                report = run_ablation(ablation, workers=workers, on_progress=on_progress, on_outcome=_tell)
        if into is not None:
            write_into(into, ablation.name, report)
        shown[ablation.name] = report
        if not as_json:
            for table in report.tables:
                if table.main:
                    stdout.print(screen_table(table))
            stderr.print(f"{ablation.folder}: table.md, table.html, results.jsonl", markup=False, soft_wrap=True)
    if as_json:
        print_json({name: _facts(report) for name, report in shown.items()})


def _seeds(text: str | None) -> list[int] | None:
    if text is None:
        return None
    if not all(word.strip().isdecimal() for word in text.split(",")):
        raise ConfigError(f"--seeds {text!r}: not numbers", code="ablation-seeds", hint="--seeds 1,2,3")
    return [int(word) for word in text.split(",")]


def _tell(outcome: Outcome, over: int, total: int) -> None:
    style = {"done": "green", "found": "dim", "failed": "red", "left out": "red"}[outcome.state]
    told = f"{outcome.state} {outcome.error}".strip() + (f", {outcome.seconds:.0f} s" if outcome.seconds else "")
    stderr.print(f"{over}/{total} {escape(outcome.title)}: [{style}]{escape(told)}[/]", soft_wrap=True)


def screen_table(table: TextTable) -> Table:
    """A table for the terminal."""
    from rich.table import Table

    made = Table(title=escape(table.title), title_justify="left", header_style="bold")
    for number, name in enumerate(table.header):
        made.add_column(escape(name), justify="right" if number else "left")
    for number, row in enumerate(table.rows):
        made.add_row(*map(escape, row), style="bold" if number in table.headings else None)
    return made


def _facts(report: Report) -> dict[str, object]:
    return {
        "goals": [
            {"goal": one.goal.text, "state": one.state, "worst": one.worst.mean if one.worst else None, "p": one.p}
            for one in report.verdicts
        ],
        "tables": [{"title": table.title, "header": table.header, "rows": table.rows} for table in report.tables],
        "missing": report.missing,
    }
