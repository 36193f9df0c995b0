"""From a configuration to a finished run: new, resumed, or started from another run's weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
import yaml

from ugembed.errors import CheckpointError, StoreError
from ugembed.files import locked, write_atomic
from ugembed.models.embedder import Embedder
from ugembed.models.saved import checkpoints, load_weights, model_folder
from ugembed.records.pair import Pair
from ugembed.train.checkpoint import TrainState, find_checkpoint, read_state, restore, set_aside_newer, sweep
from ugembed.train.config import TrainConfig
from ugembed.train.data import BatchPlan, data_hashes, load_pairs
from ugembed.train.distributed import rank, world_size
from ugembed.train.optim import add_loss, build_optimizer
from ugembed.train.stages.base import Stage, loss_parameters
from ugembed.train.stages.parts import PartLimit
from ugembed.train.strategy import Strategy, strategy_for
from ugembed.train.trainer import OnReport, Trainer, quiet
from ugembed.train.whitening import fit_head

CONFIG_FILE = "config.yaml"
_WATCHING = ("save_every", "log_every", "keep_last", "max_skipped")
WITHOUT_EFFECT = ("out", "init_from", "data", *(f"trainer.{name}" for name in _WATCHING))
"""Settings that may differ between a run and its resumption (data is compared by content)."""


@dataclass(frozen=True, slots=True)
class Started:
    """What a run starts from, for those who watch."""

    trainable: int
    """Number of trainable parameters."""
    rows: int
    steps: int
    """Optimizer steps of the whole run."""
    resumed_step: int
    """Steps done before; 0 for a new run."""
    weights_from: str
    """Where the first weights came from, in words."""
    strategy: str
    device: str
    faults: tuple[str, ...] = ()
    """What is wrong with newer checkpoints than the one the run goes on from."""


def train(
    config: TrainConfig,
    *,
    resume: Path | None = None,
    accept_changes: bool = False,
    on_start: Any = quiet,
    on_report: OnReport = quiet,
) -> TrainState:
    """Run a stage to its end.

    Args:
        config: The run.
        resume: A run or checkpoint of the same stage to go on with exactly, or one of stage 1 from whose weights stage
            2 starts (what the reference calls resume).
        accept_changes: Go on also where settings, data or the number of processes are not those of the saved run.
        on_start: Called once with `Started`.
        on_report: Called after every optimizer step.

    Returns:
        The final state; ``config.out/checkpoints`` holds the model.

    Raises:
        UgembedError: with a code for everything that can be known before the first step: data, model, output folder;
            `ugembed.train.signals.StoppedError` when a signal asks for it.
    """
    if config.trainer.threads:
        torch.set_num_threads(config.trainer.threads)
    with strategy_for(config.trainer) as (strategy, device), _alone(config.out):
        checkpoint, config, faults = _what_to_resume(config, resume)
        trainer, started = _prepare(config, strategy, device, checkpoint, accept_changes)
        trainer.on_report = on_report
        on_start(replace(started, faults=faults))
        return trainer.run()


@contextmanager
def _alone(run: Path) -> Iterator[None]:
    """Two runs on one folder would write over each other; the first process of a run holds it."""
    if rank():
        yield
        return
    run.parent.mkdir(parents=True, exist_ok=True)
    with locked(run):
        sweep(run)
        yield


def _prepare(
    config: TrainConfig, strategy: Strategy, device: torch.device, checkpoint: Path | None, accept_changes: bool
) -> tuple[Trainer, Started]:
    """Everything up to the first step."""
    pairs = load_pairs(config.data.train, config.data)
    stage, source = _build_stage(config, device)
    stage.check(pairs)
    plan = _plan(config, pairs)
    optimizer = build_optimizer(stage.embedder, config.optimizer)
    add_loss(optimizer, loss_parameters(stage), config.optimizer)
    state = _fresh_state(config, plan)
    torch.manual_seed(config.trainer.seed + rank())
    if checkpoint is not None:
        state = _resume(checkpoint, state, accept_changes=accept_changes)
        restore(checkpoint, stage.embedder, optimizer, loss=loss_parameters(stage))
        source = f"exactly where {checkpoint} stopped"
        if rank() == 0:
            set_aside_newer(config.out, checkpoint)
    else:
        _prepare_folder(config)
        fit_head(stage.embedder, pairs, seed=config.trainer.seed)
    validation = load_pairs(config.data.validation, config.data)
    trainable = sum(parameter.numel() for parameter in stage.embedder.trained_parameters().values())
    started = Started(trainable, len(pairs), state.total_steps, state.step, source, strategy.name, str(device))
    return Trainer(config, stage, plan, pairs, validation, optimizer, strategy, state), started


def _fresh_state(config: TrainConfig, plan: BatchPlan) -> TrainState:
    return TrainState(
        stage=config.stage.kind,
        step=0,
        total_steps=config.trainer.max_steps or plan.steps_per_epoch * config.trainer.epochs,
        settings=_settings(config),
        data=data_hashes(config.data.train),
        processes=world_size(),
        rows_per_step=plan.rows_per_step,
    )


def _what_to_resume(config: TrainConfig, resume: Path | None) -> tuple[Path | None, TrainConfig, tuple[str, ...]]:
    """The checkpoint to go on with, if any, and what is wrong with newer ones; one of another stage becomes
    ``init_from``.
    """
    if resume is None:
        return None, config, ()
    checkpoint, faults = find_checkpoint(resume)
    found = read_state(checkpoint).stage
    if found == config.stage.kind:
        return checkpoint, config, faults
    if (found, config.stage.kind) == ("stage1", "stage2"):
        return None, config.model_copy(update={"init_from": checkpoint}), faults
    raise CheckpointError(
        f"{checkpoint} is of {found}, this run is {config.stage.kind}",
        code="wrong-stage",
        hint="resume a run of the same stage, or start stage 2 from a stage-1 checkpoint",
    )


def _build_stage(config: TrainConfig, device: torch.device) -> tuple[Stage, str]:
    embedder = Embedder(config.model, seed=config.trainer.seed)
    source = "the backbone, adapters and graph part new"
    if config.init_from is not None:
        folder = model_folder(config.init_from)
        whole = load_weights(embedder, folder, graph_part_may_be_new=True)
        part = "" if whole or embedder.graph_encoder is None else "; graph part new"
        source = f"the weights of {folder}{part}"
    limit = PartLimit(config.trainer.chunk_rows, config.trainer.chunk_tokens)
    recompute = config.trainer.gradient_checkpointing
    if recompute is True or (recompute == "auto" and not limit.is_set):
        embedder.backbone.model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    stage = config.stage.build(embedder, config.loss.build(), seed=config.trainer.seed, device=device, limit=limit)
    stage.module.to(device)
    return stage, source


def _plan(config: TrainConfig, pairs: list[Pair]) -> BatchPlan:
    plan = BatchPlan(
        groups=[pair.group for pair in pairs],
        sampler=config.sampling.build(),
        seed=config.trainer.seed,
        batch_size=config.trainer.batch_size,
        processes=world_size(),
        accumulation=config.trainer.accumulation,
    )
    plan.check()
    return plan


def _resume(checkpoint: Path, wanted: TrainState, *, accept_changes: bool) -> TrainState:
    """The saved state as a run of today's configuration, data and number of processes.

    Raises:
        CheckpointError: ``resume-differs``, unless changes are accepted; ``resume-order``, when the order of the rows
            would not be the same.
    """
    saved = read_state(checkpoint)
    differences = [
        f"{key}: was {saved.settings.get(key)!r}, is {wanted.settings.get(key)!r}"
        for key in sorted({*saved.settings, *wanted.settings})
        if saved.settings.get(key) != wanted.settings.get(key)
    ]
    differences += [f"{file}: content changed" for file, sha in wanted.data.items() if saved.data.get(file) != sha]
    for name in ("total_steps", "processes"):
        if getattr(saved, name) != getattr(wanted, name):
            differences.append(f"{name}: was {getattr(saved, name)}, is {getattr(wanted, name)}")
    if differences and not accept_changes:
        raise CheckpointError(
            f"{checkpoint} cannot be resumed exactly:\n  " + "\n  ".join(differences),
            code="resume-differs",
            hint="resume with the same configuration and data, go on nevertheless with --accept-changes, "
            "or start anew with --init-from",
        )
    if saved.rows_per_step != wanted.rows_per_step or (saved.micro and saved.processes != wanted.processes):
        raise CheckpointError(
            f"{checkpoint}: {saved.rows_per_step} rows a step on {saved.processes} process(es), {saved.micro} "
            f"micro-steps into the next; this run takes {wanted.rows_per_step} on {wanted.processes}",
            code="resume-order",
            hint="keep batch_size x accumulation x processes as it was; within a step also the processes",
        )
    keep = {name: getattr(saved, name) for name in ("step", "micro", "partial", "skipped")}
    return replace(wanted, **keep)


def _settings(config: TrainConfig) -> dict[str, Any]:
    """Everything of the configuration that decides what is computed, flat."""
    flat: dict[str, Any] = {}

    def walk(prefix: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(f"{prefix}.{key}" if prefix else key, inner)
        else:
            flat[prefix] = value

    walk("", config.model_dump(mode="json"))
    return {key: value for key, value in flat.items() if not key.startswith(WITHOUT_EFFECT)}


def _prepare_folder(config: TrainConfig) -> None:
    """A new run wants a folder without checkpoints; the resolved configuration goes into it."""
    if checkpoints(config.out):
        raise StoreError(
            f"{config.out}: holds a run already",
            code="output-exists",
            hint="--resume goes on with it; choose another --out for a new run",
        )
    if rank() == 0:
        text = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)
        write_atomic(config.out / CONFIG_FILE, f"# ugembed train\n{text}".encode())
