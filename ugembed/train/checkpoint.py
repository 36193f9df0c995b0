"""Training state on disk: the model, the optimizer, every random stream, the cursor, and, within a step that was
interrupted, the gradients so far. Safetensors and JSON only.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from ugembed.errors import CheckpointError, DataError, StoreError
from ugembed.files import committed_directory, read_json, read_manifest, write_json
from ugembed.models.embedder import Embedder
from ugembed.models.saved import checkpoints, load_weights, save_embedder
from ugembed.train.distributed import gather_tensors, rank

KIND = "checkpoint"
STATE_FILE = "state.json"
OPTIMIZER_FILE = "optimizer.safetensors"
RANDOM_FILE = "random.safetensors"
LOSS_FILE = "loss.safetensors"
"""Trained weights of the loss, of a run whose loss has some."""
GRADIENTS_FILE = "gradients.safetensors"
DAMAGED = ".damaged"
"""Added to the name of a checkpoint that differs from its manifest, when a run goes on from an earlier one."""
Weights: TypeAlias = Mapping[str, nn.Parameter]


@dataclass(frozen=True, slots=True)
class TrainState:
    """Where a run stands.

    Attributes:
        stage: Kind of the stage.
        step: Optimizer steps done.
        total_steps: Steps of the whole run; the schedule depends on it.
        settings: Configuration, as far as it decides what is computed.
        data: sha256 of the training files.
        processes: Number of processes.
        rows_per_step: Rows of an optimizer step, of all processes and micro-steps.
        micro: Micro-steps done of the next optimizer step.
        partial: Sums of loss and metrics over these.
        skipped: Steps in a row, up to here, whose loss or gradient was not finite.
    """

    stage: str
    step: int
    total_steps: int
    settings: Mapping[str, Any]
    data: Mapping[str, str]
    processes: int
    rows_per_step: int
    micro: int = 0
    partial: Mapping[str, float] = field(default_factory=dict)
    skipped: int = 0


NO_WEIGHTS: Weights = MappingProxyType({})


def save_checkpoint(
    run: Path, state: TrainState, embedder: Embedder, optimizer: torch.optim.Optimizer, *, loss: Weights = NO_WEIGHTS
) -> None:
    """Write ``run/checkpoints/step-…`` in one piece; every process calls this, the first one writes.

    Args:
        run: Folder of the run.
        state: Where it stands.
        embedder, optimizer: With the gradients of the step at hand, if ``state`` is within one.
        loss: The loss's own weights, by name.
    """
    from safetensors.torch import save_file

    random = gather_tensors(_random_streams())
    weights = {**embedder.trained_parameters(), **loss}
    gradients = gather_tensors(_gradients(weights)) if state.micro else []
    if rank():
        return
    name = f"step-{state.step:07d}" + (f"-{state.micro:04d}" if state.micro else "")
    facts: dict[str, Any] = {"stage": state.stage, "step": state.step}
    with committed_directory(run / "checkpoints" / name, kind=KIND, **facts) as folder:
        save_embedder(embedder, folder / "model", data=state.data)
        if loss:
            save_file({name: weight.detach().clone() for name, weight in loss.items()}, folder / LOSS_FILE)
        save_file(_optimizer_tensors(weights, optimizer), folder / OPTIMIZER_FILE)
        save_file(_by_process(random), folder / RANDOM_FILE)
        if gradients:
            save_file(_by_process(gradients), folder / GRADIENTS_FILE)
        write_json(folder / STATE_FILE, asdict(state))


def prune(run: Path, *, keep: int) -> None:
    """Remove all but the newest ``keep`` checkpoints."""
    for folder in checkpoints(run)[:-keep]:
        gone = folder.rename(folder.with_name(f".{folder.name}.old"))  # from here on it is no checkpoint
        shutil.rmtree(gone)


def sweep(run: Path) -> None:
    """Remove what a run that was killed has left: what it was writing or removing, which nothing reads."""
    for left in (*run.glob(".*.tmp"), *(run / "checkpoints").glob(".*")):
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()


def find_checkpoint(path: Path) -> tuple[Path, tuple[str, ...]]:
    """The checkpoint meant by a checkpoint folder, or by a run folder: its newest one of which every byte is right.

    Returns:
        The folder, and what is wrong with newer ones, in words.

    Raises:
        CheckpointError: ``checkpoint-missing``, ``checkpoint-broken``: there is none, or none that is whole.
        StoreError: a checkpoint that was named itself is damaged.
    """
    if (path / STATE_FILE).is_file():
        read_manifest(path, kind=KIND, verify=True)
        return path, ()
    faults: list[str] = []
    for folder in reversed(checkpoints(path)):
        try:
            read_manifest(folder, kind=KIND, verify=True)
        except (StoreError, DataError) as error:
            faults.append(error.message)
        else:
            return folder, tuple(faults)
    if faults:
        raise CheckpointError(
            f"{path}: no checkpoint is whole:\n  " + "\n  ".join(faults),
            code="checkpoint-broken",
            hint="start anew with another --out",
        )
    raise CheckpointError(
        f"{path}: no complete checkpoint there",
        code="checkpoint-missing",
        hint="give a run folder or one of its checkpoints/step-… folders",
    )


def set_aside_newer(run: Path, checkpoint: Path) -> None:
    """Rename the checkpoints of a run that are newer than the one it goes on from, or lack their manifest: damaged."""
    known = checkpoints(run)
    if checkpoint not in known:
        return
    newer = set(known[known.index(checkpoint) + 1 :])
    for folder in sorted((run / "checkpoints").glob("step-*")):
        if folder.suffix != DAMAGED and (folder in newer or folder not in known):
            folder.rename(folder.with_name(folder.name + DAMAGED))


def read_state(checkpoint: Path) -> TrainState:
    """The state file of a checkpoint."""
    try:
        state = TrainState(**read_json(checkpoint / STATE_FILE))
        # JSON has no word for what is not a number
        partial = {name: math.nan if value is None else float(value) for name, value in state.partial.items()}
        return replace(state, partial=partial)
    except (TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{checkpoint / STATE_FILE}: {error}", code="checkpoint-broken", hint="saved by another release?"
        ) from None


def restore(
    checkpoint: Path, embedder: Embedder, optimizer: torch.optim.Optimizer, *, loss: Weights = NO_WEIGHTS
) -> None:
    """Load weights (the loss's own too), optimizer and random streams; the run goes on as if it never stopped."""
    from safetensors.torch import load_file

    load_weights(embedder, checkpoint / "model")
    if loss:
        kept = load_file(checkpoint / LOSS_FILE)
        with torch.no_grad():
            for name, weight in loss.items():
                weight.copy_(kept[name])
    saved = load_file(checkpoint / OPTIMIZER_FILE)
    trained = {**embedder.trained_parameters(), **loss}
    for name, parameter in trained.items():
        entries = {key.rpartition("|")[2]: value for key, value in saved.items() if key.rpartition("|")[0] == name}
        if entries:
            on_device = {key: value if key == "step" else value.to(parameter.device) for key, value in entries.items()}
            optimizer.state[parameter].update(on_device)
    if (checkpoint / GRADIENTS_FILE).is_file():
        gradients = _of_process(load_file(checkpoint / GRADIENTS_FILE))
        for name, parameter in trained.items():
            parameter.grad = gradients[name].to(parameter.device) if name in gradients else None
    streams = _of_process(load_file(checkpoint / RANDOM_FILE))
    if "cpu" in streams:  # a process more than there were keeps the stream it has
        torch.set_rng_state(streams["cpu"])
    if "cuda" in streams and torch.cuda.is_available():
        torch.cuda.set_rng_state(streams["cuda"])


def _optimizer_tensors(trained: Weights, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    return {
        f"{name}|{key}": value.detach().clone()
        for name, parameter in trained.items()
        for key, value in optimizer.state[parameter].items()
    }


def _gradients(trained: Weights) -> dict[str, Tensor]:
    """Of every trained parameter; zeros where there is none yet, so that all processes name the same ones."""
    return {
        name: torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        for name, parameter in trained.items()
    }


def _random_streams() -> dict[str, Tensor]:
    streams = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        streams["cuda"] = torch.cuda.get_rng_state()
    return streams


def _by_process(tensors: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    return {f"{process}|{name}": value for process, part in enumerate(tensors) for name, value in part.items()}


def _of_process(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What `_by_process` was given of this process."""
    own = f"{rank()}|"
    return {name.removeprefix(own): value for name, value in tensors.items() if name.startswith(own)}
