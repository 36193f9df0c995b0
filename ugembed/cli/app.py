"""The `ugembed` command: every verb in the order in which data flows."""

from __future__ import annotations

import warnings
from typing import Annotated

import typer
from typer.core import TyperGroup

from ugembed import __version__
from ugembed.cli.ablate import ablate
from ugembed.cli.build_graphs import build_graphs
from ugembed.cli.config import config_app
from ugembed.cli.demo import demo
from ugembed.cli.doctor import doctor
from ugembed.cli.embed import embed
from ugembed.cli.errors import guarded
from ugembed.cli.eval import evaluate
from ugembed.cli.export import export
from ugembed.cli.import_graphs import import_graphs
from ugembed.cli.model import model_app
from ugembed.cli.show_graph import show_graph
from ugembed.cli.split import split
from ugembed.cli.train import train_app
from ugembed.cli.validate_data import validate_data

ORDER = (
    "build-graphs",
    "import-graphs",
    "show-graph",
    "validate-data",
    "split",
    "train",
    "embed",
    "eval",
    "model",
    "export",
    "demo",
    "ablate",
    "config",
    "doctor",
)


class InOrder(TyperGroup):
    """Lists the verbs in `ORDER`; Typer by itself puts those with sub-commands last."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        return sorted(self.commands, key=ORDER.index)


app = typer.Typer(
    name="ugembed",
    cls=InOrder,
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


app.command("build-graphs")(build_graphs)
app.command("import-graphs")(import_graphs)
app.command("show-graph")(show_graph)
app.command("validate-data")(validate_data)
app.command("split")(split)
app.add_typer(train_app, name="train")
app.command("embed")(embed)
app.command("eval")(evaluate)
app.add_typer(model_app, name="model")
app.command("export")(export)
app.add_typer(config_app, name="config")
app.command("demo")(demo)
app.command("ablate")(ablate)
app.command("doctor")(doctor)


def main() -> None:
    """Entry point of the console script."""
    # announcements of renamed calls, made by one library to another, are nothing a user can act on
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"transformers|peft|torch")
    guarded(app)
