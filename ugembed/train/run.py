"""From a configuration to a finished run: new, resumed, or started from another run's weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml

from ugembed.errors import CheckpointError, StoreError
from ugembed.files import write_atomic
from ugembed.models.embedder import Embedder
from ugembed.models.saved import load_weights, model_folder, newest_checkpoint
from ugembed.records.pair import Pair
from ugembed.train.checkpoint import TrainState, find_checkpoint, read_state, restore
from ugembed.train.config import TrainConfig
from ugembed.train.data import BatchPlan, data_hashes, load_pairs
from ugembed.train.distributed import rank, world_size
from ugembed.train.optim import add_loss, build_optimizer
from ugembed.train.stages.base import Stage, loss_parameters
from ugembed.train.stages.parts import PartLimit
from ugembed.train.strategy import Strategy, strategy_for
from ugembed.train.trainer import OnReport, Trainer

CONFIG_FILE = "config.yaml"
WITHOUT_EFFECT = ("out", "init_from", "data", "trainer.save_every", "trainer.log_every", "trainer.keep_last")
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


def quiet(report: Mapping[str, Any]) -> None:
    """The listener that does not listen."""


def train(
    config: TrainConfig, *, resume: Path | None = None, on_start: Any = quiet, on_report: OnReport = quiet
) -> TrainState:
    """Run a stage to its end.

    Args:
        config: The run.
        resume: A run or checkpoint of the same stage to go on with exactly, or one of stage 1 from whose weights stage
            2 starts (what the reference calls resume).
        on_start: Called once with `Started`.
        on_report: Called after every optimizer step.

    Returns:
        The final state; ``config.out/checkpoints`` holds the model.

    Raises:
        UgembedError: with a code for everything that can be known before the first step: data, model, output folder.
    """
    if config.trainer.threads:
        torch.set_num_threads(config.trainer.threads)
    with strategy_for(config.trainer) as (strategy, device):
        return _train(config, strategy, device, resume, on_start, on_report)


def _train(
    config: TrainConfig, strategy: Strategy, device: torch.device, resume: Path | None, on_start: Any, on_report: Any
) -> TrainState:
    checkpoint, config = _what_to_resume(config, resume)
    pairs = load_pairs(config.data.train, config.data)
    stage, source = _build_stage(config, device)
    stage.check(pairs)
    plan = _plan(config, pairs)
    optimizer = build_optimizer(stage.embedder, config.optimizer)
    add_loss(optimizer, loss_parameters(stage), config.optimizer)
    total = config.trainer.max_steps or plan.steps_per_epoch * config.trainer.epochs
    state = TrainState(config.stage.kind, 0, total, _settings(config), data_hashes(config.data.train), world_size())
    torch.manual_seed(config.trainer.seed + rank())
    if checkpoint is not None:
        state = _resume(checkpoint, state)
        restore(checkpoint, stage.embedder, optimizer, loss=loss_parameters(stage))
        source = f"exactly where {checkpoint} stopped"
    else:
        _prepare_folder(config)
    validation = load_pairs(config.data.validation, config.data)
    trainable = sum(parameter.numel() for parameter in stage.embedder.trained_parameters().values())
    on_start(Started(trainable, len(pairs), total, state.step, source, strategy.name, str(device)))
    trainer = Trainer(config, stage, plan, pairs, validation, optimizer, strategy, state, on_report)
    return trainer.run()


def _what_to_resume(config: TrainConfig, resume: Path | None) -> tuple[Path | None, TrainConfig]:
    """The checkpoint to go on with, if any; a checkpoint of another stage is turned into ``init_from``."""
    if resume is None:
        return None, config
    checkpoint = find_checkpoint(resume)
    found = read_state(checkpoint).stage
    if found == config.stage.kind:
        return checkpoint, config
    if (found, config.stage.kind) == ("stage1", "stage2"):
        return None, config.model_copy(update={"init_from": checkpoint})
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


def _resume(checkpoint: Path, wanted: TrainState) -> TrainState:
    """The saved state, refused when configuration, data or number of processes differ from this run's."""
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
    if differences:
        raise CheckpointError(
            f"{checkpoint} cannot be resumed exactly:\n  " + "\n  ".join(differences),
            code="resume-differs",
            hint="resume with the same configuration and data, or start anew with --init-from",
        )
    return saved


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
    if newest_checkpoint(config.out) is not None:
        raise StoreError(
            f"{config.out}: holds a run already",
            code="output-exists",
            hint="--resume goes on with it; choose another --out for a new run",
        )
    if rank() == 0:
        text = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)
        write_atomic(config.out / CONFIG_FILE, f"# ugembed train\n{text}".encode())
