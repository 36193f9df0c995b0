"""``ugembed build-graphs``: a map and image points into one local graph an image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ugembed.cli import output
from ugembed.cli.options import AsJson, ConfigFile, NewFolder, Overrides

if TYPE_CHECKING:
    from ugembed.graphs.build import BuildSummary

_CATEGORIES_SHOWN = 8


Osm = Annotated[Path | None, typer.Option(help="Map: .osm.pbf, .osm, .osm.gz or .osm.bz2.", show_default=False)]
Points = Annotated[
    Path | None,
    typer.Option(help="Image points: CSV, Parquet, GeoJSON, or a folder of photographs.", show_default=False),
]
Columns = Annotated[
    str | None,
    typer.Option(help="Columns of the table: id=…,lon=…,lat=…,geometry=…,heading=…,image=….", show_default=False),
]
Streets = Annotated[
    Path | None,
    typer.Option(help="Streets instead of the map's: GeoJSON, GeoParquet, GraphML, GeoPackage.", show_default=False),
]
Places = Annotated[
    Path | None, typer.Option(help="Places instead of the map's: GeoJSON, GeoParquet, GeoPackage.", show_default=False)
]
Recipe = Annotated[
    Path | None, typer.Option(help="What a graph holds: a file as in configs/graphs.", show_default=False)
]
Radius = Annotated[
    float | None, typer.Option(help="Metres around an image, in a straight line. Default: 700.", show_default=False)
]
Walk = Annotated[
    float | None, typer.Option(help="Metres along streets at most. Default: no limit.", show_default=False)
]
MaxNodes = Annotated[
    int | None, typer.Option(help="Nodes of a graph at most, the nearest. Default: 1000.", show_default=False)
]
LeakMask = Annotated[
    str | None, typer.Option(help="Words that no text may say: district,street.name,…", show_default=False)
]
MaxSnap = Annotated[
    float | None,
    typer.Option(help="Metres to a street beyond which a point is off the map. Default: 100.", show_default=False),
]
Shard = Annotated[
    int | None, typer.Option(help="Graphs to a zip file, e.g. 1000. Default: a file each.", show_default=False)
]
Workers = Annotated[
    int | None, typer.Option(help="Processes. Default: one for 2000 images, at most one a core.", show_default=False)
]
SkipBad = Annotated[
    bool | None,
    typer.Option(
        "--skip-bad",
        help="Leave points off the map and photographs without a position out, listed in rejected.jsonl.",
        show_default=False,
    ),
]


def build_graphs(
    osm: Osm = None,
    points: Points = None,
    columns: Columns = None,
    out: NewFolder = None,
    streets: Streets = None,
    places: Places = None,
    recipe: Recipe = None,
    radius: Radius = None,
    walk: Walk = None,
    max_nodes: MaxNodes = None,
    leak_mask: LeakMask = None,
    max_snap: MaxSnap = None,
    shard: Shard = None,
    workers: Workers = None,
    skip_bad: SkipBad = None,
    config: ConfigFile = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Build the local graph of every image from an OpenStreetMap file; a stopped run is taken up by the next.

    Example: ugembed build-graphs --osm city.osm.pbf --points points.csv --out graphs
    """
    from ugembed.config import load_config
    from ugembed.graphs.build import BuildGraphsConfig
    from ugembed.graphs.build import build_graphs as build
    from ugembed.records.tables.columns import parse_columns

    flags = {
        "osm": osm,
        "points": points,
        "columns": None if columns is None else parse_columns(columns),
        "out": out,
        "streets": streets,
        "places": places,
        "recipe.radius_m": radius,
        "recipe.walk_m": walk,
        "recipe.max_nodes": max_nodes,
        "recipe.text.leak_mask": None if leak_mask is None else leak_mask.split(","),
        "max_snap_m": max_snap,
        "shard": shard,
        "workers": workers,
        "skip_bad": skip_bad,
    }
    given = [*_recipe(recipe), *(overrides or ())]
    settings = load_config(BuildGraphsConfig, config, overrides=given, flags=flags).value
    with output.progress("build-graphs") as on_progress:
        summary = build(settings, on_progress)
    if as_json:
        output.print_json(summary.to_json())
    else:
        _print(summary)


def _recipe(path: Path | None) -> list[str]:
    """A recipe file as a setting that --set and flags still win over."""
    import orjson

    from ugembed.config import load_config
    from ugembed.graphs.recipe import GraphRecipe

    if path is None:
        return []
    recipe = load_config(GraphRecipe, path).value.model_dump(mode="json", exclude_unset=True)
    return [f"recipe={orjson.dumps(recipe).decode()}"]


def _print(summary: BuildSummary) -> None:
    from rich.table import Table

    table = Table("built", "", show_edge=False)
    table.add_row(
        "points", f"{summary.points} ({summary.rejected} rejected)" if summary.rejected else f"{summary.points}"
    )
    if summary.headings_left_out:
        table.add_row("headings left out", f"{summary.headings_left_out} (not from true north)")
    if summary.found_finished:
        table.add_row("found finished", f"{summary.found_finished} graphs of a run that was stopped")
    table.add_row("graphs", f"{summary.graphs}")
    table.add_row("nodes a graph", f"median {summary.nodes_median:g}, at most {summary.nodes_max}")
    table.add_row("edges a graph", f"median {summary.edges_median:g}, at most {summary.edges_max}")
    table.add_row("streets of the map", f"{summary.streets}")
    table.add_row("crossings of the map", f"{summary.crossings}")
    table.add_row("places of the map", f"{sum(summary.places.values())}")
    shown = list(summary.places.items())[:_CATEGORIES_SHOWN]
    for category, count in shown:
        table.add_row(f"  {category}", f"{count}")
    if len(summary.places) > len(shown):
        table.add_row("  other categories", f"{sum(summary.places.values()) - sum(count for _, count in shown)}")
    output.stdout.print(table)
    output.stdout.print(f"graphs: {summary.out}", markup=False, soft_wrap=True)
