"""``ugembed export``: a saved model as a folder for use elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ugembed.cli import output
from ugembed.cli.options import AsJson, NewFolder


def export(
    model: Annotated[Path, typer.Argument(help="Run, checkpoint or saved model.", show_default=False)],
    to: Annotated[
        Literal["merged", "sentence-transformers", "hub-folder"],
        typer.Option(help="merged: adapters in the weights; hub-folder: as it is, to be uploaded."),
    ] = "merged",
    out: NewFolder = None,
    base: Annotated[
        str | None, typer.Option(help="hub-folder: hub name of the base model, if it is a folder here.")
    ] = None,
    dtype: Annotated[
        Literal["float32", "bfloat16", "float16"] | None,
        typer.Option(help="Precision of merged weights. Default: the base model's.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a model for other machines and programs, and check that it gives the same vectors.

    Example: ugembed export runs/stage2 --to sentence-transformers --out exported/stage2
    """
    from ugembed.config import load_config
    from ugembed.models.export.run import ExportConfig, export_model

    flags = {"model": model, "to": to, "out": out, "base": base, "dtype": dtype}
    made = export_model(load_config(ExportConfig, flags=flags).value)
    if as_json:
        output.print_json({"out": str(made.folder), "bytes": made.bytes, "least_cosine": made.least_cosine})
        return
    size = f"{made.bytes / 2**20:.1f} MiB"
    output.stdout.print(
        f"{to}: {made.folder}, {size}; vectors equal to a cosine of {made.least_cosine:.7f}",
        markup=False,
        soft_wrap=True,
    )
