"""``ugembed embed``: items of a file into an embedding store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ugembed.cli import output
from ugembed.cli.options import AsJson, BatchSize, Cache, ConfigFile, Device, Model, NewFolder, Overrides, Roots


def embed(
    model: Model = None,
    input_file: Annotated[
        Path | None, typer.Option("--input", help="JSON lines: messages, or text, images, graphs.", show_default=False)
    ] = None,
    out: NewFolder = None,
    prompt_name: Annotated[
        str | None, typer.Option(help="What the items are told: query, document, or a task.", show_default=False)
    ] = None,
    batch_size: BatchSize = None,
    device: Device = None,
    cache: Cache = None,
    roots: Roots = None,
    config: ConfigFile = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Embed texts, pictures and graphs into a store of unit vectors.

    Example: ugembed embed --model runs/stage2 --input items.jsonl --out stores/items
    """
    from ugembed.config import load_config
    from ugembed.embed.run import EmbedConfig, embed_file

    flags = {
        "model": model,
        "input": input_file,
        "out": out,
        "prompt_name": prompt_name,
        "batch_size": batch_size,
        "device": device,
        "cache": cache,
        "roots": roots or None,
    }
    settings = load_config(EmbedConfig, config, overrides=overrides or (), flags=flags).value
    with output.progress("embed") as on_progress:
        store = embed_file(settings, on_progress=on_progress, on_warning=output.warn)
    if as_json:
        output.print_json({"out": str(store.folder), **store.facts})
        return
    output.stdout.print(f"{len(store)} vectors of {store.vectors.shape[1]} numbers: {store.folder}", soft_wrap=True)
