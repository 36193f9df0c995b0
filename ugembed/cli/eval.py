"""``ugembed eval``: rank the candidates of a benchmark and print how often the right one comes first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ugembed.cli import output
from ugembed.cli.options import AsJson, BatchSize, Cache, ConfigFile, Device, Model, Overrides, Roots

if TYPE_CHECKING:
    from rich.table import Table

    from ugembed.eval.results import Evaluation, Summary


def evaluate(
    model: Model = None,
    benchmark: Annotated[
        list[Path] | None, typer.Option(help="Folder or .jsonl file; may be repeated.", show_default=False)
    ] = None,
    query_mode: Annotated[
        str | None, typer.Option(help="image, text or fusion (all). Default: fusion.", show_default=False)
    ] = None,
    k: Annotated[str | None, typer.Option(help="K of Hit@K. Default: 1,3,5,10.", show_default=False)] = None,
    limit: Annotated[int | None, typer.Option(help="First N rows of every file.", show_default=False)] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for results.json, ranks.jsonl, report.html.", show_default=False)
    ] = None,
    filename_pattern: Annotated[
        str | None, typer.Option(help="Only files whose name contains this.", show_default=False)
    ] = None,
    batch_size: BatchSize = None,
    device: Device = None,
    cache: Cache = None,
    roots: Roots = None,
    config: ConfigFile = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Measure a model on benchmark files: Hit@K, MRR, NDCG and mean rank, beside what chance would give.

    Example: ugembed eval --model runs/stage2 --benchmark benchmark/geolocation --query-mode fusion --out results/geo
    """
    from ugembed.config import load_config
    from ugembed.eval.run import run_evaluation
    from ugembed.eval.runner import EvalConfig

    flags = {
        "model": model,
        "benchmark": benchmark or None,
        "query_mode": query_mode,
        "k_values": k.split(",") if k is not None else None,
        "limit": limit,
        "out": out,
        "filename_pattern": filename_pattern,
        "batch_size": batch_size,
        "device": device,
        "cache": cache,
        "roots": roots or None,
    }
    settings = load_config(EvalConfig, config, overrides=overrides or (), flags=flags).value
    with output.progress("eval") as on_progress:
        evaluation = run_evaluation(settings, on_progress=on_progress, on_warning=output.warn)
    for warning in evaluation.warnings:
        output.warn(warning)
    if as_json:
        output.print_json(evaluation.facts())
    else:
        output.stdout.print(results_table(evaluation))
    if settings.out is not None:
        output.stderr.print(f"report: {settings.out / 'report.html'}", markup=False, soft_wrap=True)


def results_table(evaluation: Evaluation) -> Table:
    """A row for every file, family and the whole, each family and the whole beside its chance; shares in per cent."""
    from rich.table import Table

    names = list(evaluation.overall.chance)
    table = Table(title=f"query mode {evaluation.query_mode}", title_justify="left", header_style="bold")
    table.add_column("benchmark", overflow="fold")
    for name in ("cases", *names):
        table.add_column(_heading(name), justify="right", no_wrap=True)
    for family in evaluation.families:
        members = [file for file in evaluation.files if file.family == family.name]
        if len(members) > 1:
            for file in members:
                _add(table, file, f"  {file.name}", file.metrics)
        _add(table, family, family.name, family.metrics, style="bold")
        _add(table, family, "  chance", family.chance, style="dim")
        table.add_section()
    if len(evaluation.families) > 1:
        _add(table, evaluation.overall, "overall", evaluation.overall.metrics, style="bold")
        _add(table, evaluation.overall, "  chance", evaluation.overall.chance, style="dim")
    return table


def _add(table: Table, summary: Summary, label: str, values: dict[str, float], *, style: str = "") -> None:
    from rich.text import Text

    cells = [_number(name, values[name]) for name in summary.chance]
    table.add_row(Text(label), str(summary.cases), *cells, style=style)


def _heading(name: str) -> str:
    return {"mrr": "MRR", "mean_rank": "rank"}.get(name, name.capitalize().replace("Ndcg", "NDCG"))


def _number(name: str, value: float) -> str:
    return f"{value:.2f}" if name.endswith("rank") else f"{100 * value:.1f}"
