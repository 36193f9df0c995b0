"""The `ugembed` command: every verb in the order in which data flows."""

from __future__ import annotations

from typing import Annotated

import typer

from ugembed import __version__
from ugembed.cli.errors import guarded

app = typer.Typer(
    name="ugembed",
    help="Spatially aware embeddings of street views: pictures that know where they stand in the city.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ugembed {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """Spatially aware embeddings of street views."""


def main() -> None:
    """Entry point of the console script."""
    guarded(app)
