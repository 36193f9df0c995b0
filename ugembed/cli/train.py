"""``ugembed train stage1 | stage2``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from ugembed.cli.options import ConfigFile, Overrides
from ugembed.cli.output import live_bars, stderr
from ugembed.errors import ConfigError

if TYPE_CHECKING:
    from ugembed.train.config import TrainConfig
    from ugembed.train.run import Started
    from ugembed.train.trainer import OnReport

train_app = typer.Typer(help="Train the embedder: first stage 1, then stage 2 from it.", no_args_is_help=True)

Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with an interrupted run of this stage exactly; takes a PATH.")
]
ResumePath = Annotated[
    Path | None,
    typer.Argument(
        metavar="[PATH]",
        help="With --resume: a run or checkpoint. Default: the run's own --out. A stage-1 path starts stage 2 from it.",
        show_default=False,
    ),
]
InitFrom = Annotated[
    Path | None,
    typer.Option("--init-from", help="Run, checkpoint or model to take the first weights from.", show_default=False),
]
AcceptChanges = Annotated[
    bool,
    typer.Option("--accept-changes", help="With --resume: go on also where settings, data or processes differ."),
]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Run folder.", show_default=False)]


_HELP = {
    "stage1": """Stage 1: pull a street view and the text that places it together (contrastive LoRA).

    Example: ugembed train stage1 --config configs/stage1.yaml --set trainer.epochs=3
    """,
    "stage2": """Stage 2: let a graph network over the local graph speak to the model, from stage 1's weights.

    Example: ugembed train stage2 --config configs/stage2.yaml --init-from runs/stage1
    """,
}


def _add_verb(stage: str, text: str) -> None:
    @train_app.command(stage, help=text)
    def run(
        path: ResumePath = None,
        config: ConfigFile = None,
        out: Out = None,
        init_from: InitFrom = None,
        resume: Resume = False,
        accept_changes: AcceptChanges = False,
        overrides: Overrides = None,
    ) -> None:
        if path is not None and not resume:
            hint = f"write --resume {path} or --init-from {path}"
            raise ConfigError(f"what is {path}?", code="stray-path", hint=hint)
        run_file = _load(stage, config, {"out": out, "init_from": init_from}, overrides)
        _train(run_file, (path or run_file.out) if resume else None, accept_changes)


for _stage, _text in _HELP.items():
    _add_verb(_stage, _text)


def _load(stage: str, file: Path | None, flags: dict[str, Any], overrides: list[str] | None) -> TrainConfig:
    from ugembed.config import load_config
    from ugembed.train.config import TrainConfig

    config = load_config(TrainConfig, file, overrides=overrides or (), flags=flags).value
    if config.stage.kind != stage:
        raise ConfigError(
            f"{file}: is a run of {config.stage.kind}", code="wrong-stage", hint=f"ugembed train {config.stage.kind} …"
        )
    return config


def _train(config: TrainConfig, resume: Path | None, accept_changes: bool) -> None:
    from ugembed.train.distributed import rank
    from ugembed.train.run import train

    stage = config.stage.kind
    with _live(f"train {stage}") as (on_start, on_report):
        state = train(config, resume=resume, accept_changes=accept_changes, on_start=on_start, on_report=on_report)
    if rank() == 0:
        stderr.print(
            f"{stage}: {state.step} steps done; the model is in [bold]{escape(str(config.out))}[/]", soft_wrap=True
        )


@contextmanager
def _live(title: str) -> Iterator[tuple[Any, OnReport]]:
    """A live line on rank 0 of a terminal, a plain line every twentieth elsewhere, silence on other ranks."""
    import os

    if os.environ.get("RANK", "0") != "0":
        yield lambda started: None, lambda report: None
        return
    if not stderr.is_terminal:
        yield _plain(title)
        return
    with live_bars() as bars:
        task = bars.add_task(title, total=None, note="loading model and data")

        def on_start(started: Started) -> None:
            stderr.print(_describe(title, started), soft_wrap=True)
            bars.update(task, total=started.steps, completed=started.resumed_step, note="first step")

        def on_report(report: Mapping[str, Any]) -> None:
            bars.update(task, completed=report["step"], note=_note(report))

        yield on_start, on_report


def _plain(title: str) -> tuple[Any, OnReport]:
    total = before = 0

    def on_start(started: Started) -> None:
        nonlocal total, before
        total, before = started.steps, started.resumed_step
        stderr.print(_describe(title, started), soft_wrap=True)

    def on_report(report: Mapping[str, Any]) -> None:
        step = report["step"]
        if step in (1, total) or step % max(1, total // 20) == 0:
            left = report["elapsed_s"] / (step - before) * (total - step)
            stderr.print(f"{title}: step {step}/{total}, {_note(report)}, {left:.0f} s left", soft_wrap=True)

    return on_start, on_report


def _describe(title: str, started: Started) -> str:
    resumed = f", {started.resumed_step} done before" if started.resumed_step else ""
    faults = "".join(f"[yellow]left out[/]: {escape(fault)}\n" for fault in started.faults)
    return (
        f"{faults}{title}: {started.rows} rows, {started.steps} steps{resumed}, "
        f"{started.trainable:,} trainable parameters, "
        f"{started.strategy} on {started.device}; starts from {escape(started.weights_from)}"
    )


def _note(report: Mapping[str, Any]) -> str:
    return (
        f"loss {report['loss']:.3f}  accuracy {report['accuracy']:.2f}  "
        f"lr {report.get('lr_language_model', report.get('lr_graph', 0.0)):.1e}  {report['items_per_s']:.0f} items/s"
    )
