"""`ugembed validate-data`: every problem of training, benchmark, embed and graph files, before any model is built."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape

from ugembed.cli.options import AsJson, ConfigFile, Overrides, Roots
from ugembed.cli.output import print_json, progress, stdout

if TYPE_CHECKING:
    from ugembed.records.validate import Problem, Report


def validate_data(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Row files (.jsonl), graph files (.json), or folders of both."),
    ] = None,
    root: Roots = None,
    images: Annotated[
        Literal["none", "header", "decode"] | None,
        typer.Option(help="How far pictures are read; header if not given.", show_default=False),
    ] = None,
    graphs: Annotated[
        Literal["none", "header", "full"] | None,
        typer.Option(help="How far graphs are read; full if not given.", show_default=False),
    ] = None,
    max_problems: Annotated[
        int | None, typer.Option(help="List at most this many problems; 200 if not given.", show_default=False)
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Print every problem of data files, with file, line, field, code and what to do; exit 1 if there is an error.

    Example: ugembed validate-data data/train.jsonl benchmark/ --root data/images
    """
    from ugembed.config import load_config
    from ugembed.graphs.validate import ValidateConfig, validate_files

    flags = {"paths": paths or None, "roots": root or None, "images": images, "graphs": graphs}
    resolved = load_config(
        ValidateConfig, config, overrides=overrides or (), flags={**flags, "max_problems": max_problems}
    )
    with progress("checking") as on_progress:
        report = validate_files(resolved.value, on_progress)
    if as_json:
        print_json(report.to_json())
    else:
        _print(report)
    if report.errors:
        raise typer.Exit(1)


def _print(report: Report) -> None:
    for problem in report.problems:
        _print_problem(problem)
    if report.left_out:
        stdout.print(f"… and {report.left_out} more errors; --max-problems lists more", soft_wrap=True)
    _print_summary(report)
    warnings = sum(problem.severity == "warning" for problem in report.problems)
    verdict = f"[bold red]{report.errors} error(s)[/]" if report.errors else "[bold green]no errors[/]"
    stdout.print(f"{verdict}, {warnings} warning(s)")


def _print_problem(problem: Problem) -> None:
    place = problem.file if problem.line is None else f"{problem.file}:{problem.line}"
    where = f"{place}: {problem.field}" if problem.field else place
    colour = "red" if problem.severity == "error" else "yellow"
    head = f"[bold]{escape(where)}[/]: [{colour}]{problem.severity}\\[{problem.code}][/]"
    stdout.print(f"{head}: {escape(problem.message)}", soft_wrap=True)
    if problem.hint:
        stdout.print(f"  [cyan]hint[/]: {escape(problem.hint)}", soft_wrap=True)


def _print_summary(report: Report) -> None:
    from rich.table import Table

    table = Table("what was read", "number", show_edge=False)
    for kind, count in sorted(report.rows.items()):
        table.add_row(f"{kind} rows", f"{count:,}")
    table.add_row("distinct images", f"{report.images:,}")
    table.add_row("distinct graphs", f"{report.graphs:,}")
    if report.graph_nodes:
        nodes = sorted(report.graph_nodes)
        table.add_row("nodes a graph (least, median, most)", f"{nodes[0]:,}, {nodes[len(nodes) // 2]:,}, {nodes[-1]:,}")
    stdout.print(table)
