"""Options that every verb shares, so that they are spelt the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Run file (YAML); flags and --set win over it.", show_default=False),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", help="section.key=value, read as YAML; may be repeated.", show_default=False),
]
NewFolder = Annotated[Path | None, typer.Option("--out", help="Folder to make.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
Roots = Annotated[
    list[Path] | None,
    typer.Option(
        "--root",
        help="Folder that relative image and graph paths start from; may be repeated. "
        "Default: the data file's folder, then the current one.",
        show_default=False,
    ),
]
Model = Annotated[Path | None, typer.Option("--model", help="Run, checkpoint or saved model.", show_default=False)]
BatchSize = Annotated[int | None, typer.Option("--batch-size", help="Items at once. Default: 16.", show_default=False)]
Device = Annotated[str | None, typer.Option("--device", help="cpu, cuda, cuda:1, …", show_default=False)]
Cache = Annotated[
    Path | None,
    typer.Option("--cache", help="Folder for vectors of node texts (node_text: contextual).", show_default=False),
]
