"""``ugembed model``: what a model consists of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ugembed.cli import output
from ugembed.cli.options import AsJson, Overrides
from ugembed.errors import ConfigError

if TYPE_CHECKING:
    from rich.tree import Tree

    from ugembed.models.config import ModelConfig
    from ugembed.models.inspect import Inspection, Part
    from ugembed.train.config import TrainConfig

_SHOWN_WEIGHTS = 12
_PLAIN_WIDTH = 160

model_app = typer.Typer(no_args_is_help=True, help="What a model consists of.")


@model_app.callback()
def _verbs() -> None:
    """What a model consists of."""


@model_app.command()
def inspect(
    target: Annotated[
        Path, typer.Argument(help="Run, checkpoint, saved model, or a run file of train.", show_default=False)
    ],
    overrides: Overrides = None,
    as_json: AsJson = False,
) -> None:
    """Print modules, parameters, what is trained at which learning rate, and the memory that takes.

    No weights are loaded: the checkpoint's config.json is enough.

    Example: ugembed model inspect configs/stage2.yaml --set model.lora.rank=64
    """
    config, rates = _configured(target, overrides or [])
    from ugembed.models.inspect import as_json as document
    from ugembed.models.inspect import inspect_model

    inspection = inspect_model(config, learning_rates=rates)
    if as_json:
        output.print_json(document(inspection))
        return
    output.stdout.print(_tree(str(target), inspection), width=None if output.stdout.is_terminal else _PLAIN_WIDTH)
    for line in _summary(inspection):
        output.stdout.print(line, markup=False, soft_wrap=True)


def _configured(target: Path, overrides: list[str]) -> tuple[ModelConfig, dict[str, float]]:
    """The model of a folder or of a run file, and the peak learning rates of its parts if a run says them."""
    if target.suffix in (".yaml", ".yml") and not target.is_dir():
        from ugembed.config import load_config
        from ugembed.train.config import TrainConfig

        run = load_config(TrainConfig, target, overrides=overrides).value
        return run.model, _rates(run)
    if overrides:
        raise ConfigError(
            f"--set has no meaning for {target}", code="set-without-file", hint="it changes run files, not saved models"
        )
    from ugembed.models.saved import inside, model_folder, read_model_config

    folder = model_folder(target)
    return inside(read_model_config(folder), folder), _rates_of_run(folder)


def _rates_of_run(folder: Path) -> dict[str, float]:
    """Learning rates of the run that a model is a checkpoint of; none for a model on its own."""
    from ugembed.config import load_config
    from ugembed.train.config import TrainConfig
    from ugembed.train.run import CONFIG_FILE

    places = folder.resolve().parts  # RUN/checkpoints/step-N/model
    file = Path(*places[:-3]) / CONFIG_FILE
    if len(places) < 4 or places[-3] != "checkpoints" or not file.is_file():
        return {}
    return _rates(load_config(TrainConfig, file).value)


def _rates(run: TrainConfig) -> dict[str, float]:
    """Peak learning rates by part of the model."""
    graph = run.optimizer.graph_lr
    return {"core": run.optimizer.lr, "graph_encoder": graph, "fusion": graph, "head": graph}


def _tree(title: str, inspection: Inspection) -> Tree:
    from rich.markup import escape
    from rich.tree import Tree

    def grow(branch: Tree, part: Part) -> None:
        inner = branch.add(_line(part), style=None if part.trained else "dim")
        for child in part.parts:
            grow(inner, child)

    tree = Tree(
        f"[bold]{escape(title)}[/]: {short(inspection.parameters)} parameters, {short(inspection.trained)} trained"
    )
    for part in inspection.parts:
        grow(tree, part)
    return tree


def _line(part: Part) -> str:
    name = part.name.rpartition(".")[2]
    trained = f", [green]{short(part.trained)} trained[/]" if part.trained else ""
    rate = f" at {part.learning_rate:g}" if part.learning_rate is not None else ""
    return f"[bold]{name}[/] {part.kind}: {short(part.parameters)} {'+'.join(part.dtypes)}{trained}{rate}"


def _summary(inspection: Inspection) -> list[str]:
    from ugembed.models.inspect import FORMULA

    groups = sorted(inspection.trained_weights.items(), key=lambda entry: -entry[1][1])
    lines = ["", "trained:" if groups else "trained: nothing"]
    lines += [f"  {name}: {tensors} tensors, {short(numbers)}" for name, (tensors, numbers) in groups[:_SHOWN_WEIGHTS]]
    if len(groups) > _SHOWN_WEIGHTS:
        lines.append(f"  … and {len(groups) - _SHOWN_WEIGHTS} more (--json names all)")
    memory = inspection.memory
    parts = {"weights": memory.weights, "gradients": memory.gradients, "AdamW": memory.optimizer}
    shares = " + ".join(f"{name} {gibibytes(size)}" for name, size in parts.items())
    return [*lines, "", f"memory to train: {gibibytes(memory.training)} = {shares}", FORMULA]


def short(count: int) -> str:
    """A count in at most four digits: 950, 1.2k, 33.6M, 7.07B."""
    for size, unit in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count / size:.3g}{unit}"
    return str(count)


def gibibytes(size: int) -> str:
    """Bytes in GiB, small ones in MiB."""
    return f"{size / 2**30:.2f} GiB" if size >= 2**28 else f"{size / 2**20:.2f} MiB"
