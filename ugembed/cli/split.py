"""``ugembed split``: rows or a table of images into training, validation and test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ugembed.cli import output
from ugembed.cli.options import AsJson, ConfigFile, NewFolder, Overrides

if TYPE_CHECKING:
    from ugembed.records.split import SplitSummary


def split(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="Row files (.jsonl), folders of them, or tables of images."),
    ] = None,
    by: Annotated[
        Literal["image", "cell", "city"] | None,
        typer.Option(
            help="What is never cut: the rows of one image, an S2 cell of the map, or a city.", show_default=False
        ),
    ] = None,
    out: NewFolder = None,
    fractions: Annotated[
        str | None,
        typer.Option(help="Parts and their shares. Default: train=0.8,validation=0.1,test=0.1.", show_default=False),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Another seed, another split. Default: 0.", show_default=False)
    ] = None,
    level: Annotated[
        int | None,
        typer.Option(help="S2 level of the cells, 0 to 30. Default: 14, edges of some 570 m.", show_default=False),
    ] = None,
    buffer: Annotated[
        float | None,
        typer.Option(
            help="Metres between places of different parts; training rows that are nearer are left out. Default: 0.",
            show_default=False,
        ),
    ] = None,
    config: ConfigFile = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Cut rows or a table of images into parts that share no image, and if wished no neighbourhood or city.

    Example: ugembed split data/rows.jsonl --by cell --level 12 --buffer 300 --out data/split
    """
    from ugembed.config import load_config
    from ugembed.records.split import SplitConfig, parse_fractions
    from ugembed.records.split import split as cut

    flags = {
        "files": files or None,
        "by": by,
        "out": out,
        "fractions": parse_fractions(fractions) if fractions is not None else None,
        "seed": seed,
        "level": level,
        "buffer_m": buffer,
    }
    settings = load_config(SplitConfig, config, overrides=overrides or (), flags=flags).value
    with output.progress("splitting (kB)") as on_progress:
        summary = cut(settings, on_progress)
    if as_json:
        output.print_json(summary.to_json())
    else:
        _print(summary)


def _print(summary: SplitSummary) -> None:
    from rich.table import Table

    from ugembed.records.split import MAP

    table = Table("part", "rows", "share", "wished", "left out", "images", "cells", "kept whole", show_edge=False)
    for part in summary.parts:
        counts = (f"{count:,}" for count in (part.left_out, part.images, part.cells, part.units))
        table.add_row(part.name, f"{part.rows:,}", f"{part.share:.1%}", f"{part.wished:.1%}", *counts)
    output.stdout.print(table)
    for pair, metres in summary.nearest_m.items():
        output.stdout.print(f"{pair}: nearest places {metres:,.0f} m apart", markup=False)
    output.stdout.print(
        "checked in the written files: no image, no group and nothing kept whole is in two parts", soft_wrap=True
    )
    for warning in summary.warnings():
        output.stderr.print(f"warning: {warning}", markup=False, soft_wrap=True)
    output.stdout.print(f"map: {summary.out / MAP}", markup=False, soft_wrap=True)
