"""`ugembed import-graphs`: networkx pickles of the reference into graph files, without running what is in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ugembed.cli import output
from ugembed.cli.options import AsJson, ConfigFile, NewFolder, Overrides

if TYPE_CHECKING:
    from ugembed.graphs.legacy.importing import ImportSummary

_SHOWN = 8


def import_graphs(
    pickles: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PICKLE", help="Pickled graphs, or folders with .pkl and .pickle files."),
    ] = None,
    out: NewFolder = None,
    drop_country: Annotated[
        bool | None,
        typer.Option("--drop-country", help="Take 'Country: …' out of the texts of nodes.", show_default=False),
    ] = None,
    skip_broken: Annotated[
        bool | None,
        typer.Option("--skip-broken", help="Leave unusable pickles out, listed in rejected.jsonl.", show_default=False),
    ] = None,
    config: ConfigFile = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Turn the reference's networkx pickles into graph files; nothing that stands in them is run.

    Example: ugembed import-graphs benchmark/benchmark_graphs --out benchmark/graphs
    """
    from ugembed.config import load_config
    from ugembed.graphs.legacy.importing import ImportGraphsConfig
    from ugembed.graphs.legacy.importing import import_graphs as run

    flags = {"pickles": pickles or None, "out": out, "drop_country": drop_country, "skip_broken": skip_broken}
    settings = load_config(ImportGraphsConfig, config, overrides=overrides or (), flags=flags).value
    with output.progress("import-graphs") as on_progress:
        summary = run(settings, on_progress)
    if as_json:
        output.print_json(summary.to_json())
    else:
        _print(summary)


def _print(summary: ImportSummary) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table("imported", "", show_edge=False)
    table.add_row("pickles", f"{summary.pickles:,}")
    table.add_row("graphs", f"{summary.graphs:,}")
    table.add_row(
        "nodes", f"{summary.nodes:,} (a graph: median {summary.nodes_median:g}, at most {summary.nodes_max:,})"
    )
    table.add_row("edges", f"{summary.edges:,}")
    parts = {
        "centre named by {}": summary.centers,
        "texts with Country: {}": summary.countries,
        "graphs with a warning: {}": summary.warnings,
        "rejected: {}": summary.rejected,
    }
    for title, counts in parts.items():
        for word, count in list(counts.items())[:_SHOWN]:
            table.add_row(escape(title.format(word[:60])), f"{count:,}")
        if len(counts) > _SHOWN:
            table.add_row(title.format("others"), f"{sum(list(counts.values())[_SHOWN:]):,}")
    output.stdout.print(table)
    output.stdout.print(f"graphs: {summary.out}", markup=False, soft_wrap=True)
    if summary.warnings or summary.rejected:
        names = ["index.jsonl"] * bool(summary.warnings) + ["rejected.jsonl"] * bool(summary.rejected)
        output.stdout.print(f"what was said of each: {', '.join(names)}", markup=False)
