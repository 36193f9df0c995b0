"""``ugembed config``: what a run file comes to, and what may stand in it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import orjson
import typer

from ugembed.cli import output
from ugembed.cli.options import AsJson, ConfigFile, Overrides
from ugembed.errors import ConfigError

if TYPE_CHECKING:
    from ugembed.registry import Config

RUN_FILES = {
    "build-graphs": "ugembed.graphs.build:BuildGraphsConfig",
    "import-graphs": "ugembed.graphs.legacy.importing:ImportGraphsConfig",
    "validate-data": "ugembed.graphs.validate:ValidateConfig",
    "split": "ugembed.records.split:SplitConfig",
    "train": "ugembed.train.config:TrainConfig",
    "embed": "ugembed.embed.run:EmbedConfig",
    "eval": "ugembed.eval.runner:EvalConfig",
    "demo": "ugembed.demo.run:DemoConfig",
    "ablate": "ugembed.ablate.config:AblationConfig",
}
"""Verb to the model of its run file, imported when asked for."""

RunFile: TypeAlias = Literal[
    "build-graphs", "import-graphs", "validate-data", "split", "train", "embed", "eval", "demo", "ablate"
]
Verb = Annotated[RunFile, typer.Option("--for", help="The verb that the run file is for.")]

config_app = typer.Typer(no_args_is_help=True, help="What a run file comes to, and what may stand in it.")


@config_app.command()
def show(verb: Verb, config: ConfigFile = None, overrides: Overrides = None, as_json: AsJson = False) -> None:
    """Print every key with its value and where the value came from: file and line, --set, or default.

    Example: ugembed config show --for train --config configs/stage1.yaml --set trainer.epochs=3
    """
    from ugembed.config import load_config

    rows = load_config(run_file_model(verb), config, overrides=overrides or ()).flat()
    if as_json:
        output.print_json([{"key": key, "value": value, "origin": origin} for key, value, origin in rows])
        return
    key_width = max(len(key) for key, _, _ in rows)
    value_width = min(40, max(len(_shown(value)) for _, value, _ in rows))
    output.stdout.print(f"{'key':<{key_width}}  {'value':<{value_width}}  from", style="bold", soft_wrap=True)
    for key, value, origin in rows:
        line = f"{key:<{key_width}}  {_shown(value):<{value_width}}  {origin}"
        output.stdout.print(line, style="dim" if origin == "default" else None, markup=False, soft_wrap=True)


@config_app.command()
def schema(
    verb: Annotated[RunFile | None, typer.Option("--for", help="The verb that the run file is for.")] = None,
    records: Annotated[bool, typer.Option("--records", help="Of rows and graph files instead.")] = False,
) -> None:
    """Print the JSON schema of a run file, or of rows and graph files, for editors that complete and check them.

    Example: ugembed config schema --for train > train.schema.json
    """
    if (verb is None) != records:
        raise ConfigError(
            "config schema wants either --for VERB or --records",
            code="schema-which",
            hint="--for train for run files, --records for rows and graphs",
        )
    if verb is not None:
        output.print_json(run_file_model(verb).model_json_schema())
        return
    from ugembed.records.json_schema import record_schema

    output.print_json(record_schema())


def run_file_model(verb: str) -> type[Config]:
    """The closed configuration model of a verb's run file; a verb without one is a `KeyError`."""
    module, _, name = RUN_FILES[verb].partition(":")
    model: type[Config] = getattr(importlib.import_module(module), name)
    return model


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
