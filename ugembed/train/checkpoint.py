"""Training state on disk: the model, the optimizer, every random stream and the cursor. Safetensors and JSON only."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from ugembed.errors import CheckpointError
from ugembed.files import committed_directory, read_json, read_manifest, write_json
from ugembed.models.embedder import Embedder
from ugembed.models.saved import load_weights, newest_checkpoint, save_embedder

KIND = "checkpoint"
STATE_FILE = "state.json"
OPTIMIZER_FILE = "optimizer.safetensors"
RANDOM_FILE = "random.safetensors"
LOSS_FILE = "loss.safetensors"
"""Trained weights of the loss, of a run whose loss has some."""
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
    """

    stage: str
    step: int
    total_steps: int
    settings: Mapping[str, Any]
    data: Mapping[str, str]
    processes: int


NO_WEIGHTS: Weights = MappingProxyType({})


def save_checkpoint(
    run: Path, state: TrainState, embedder: Embedder, optimizer: torch.optim.Optimizer, *, loss: Weights = NO_WEIGHTS
) -> Path:
    """Write ``run/checkpoints/step-…`` in one piece and return it; ``loss`` are the loss's own weights, by name."""
    from safetensors.torch import save_file

    target = run / "checkpoints" / f"step-{state.step:07d}"
    with committed_directory(target, kind=KIND, replace=True, stage=state.stage, step=state.step) as folder:
        save_embedder(embedder, folder / "model", data=state.data)
        if loss:
            save_file({name: weight.detach().clone() for name, weight in loss.items()}, folder / LOSS_FILE)
        save_file(_optimizer_tensors({**embedder.trained_parameters(), **loss}, optimizer), folder / OPTIMIZER_FILE)
        save_file(_random_streams(), folder / RANDOM_FILE)
        write_json(folder / STATE_FILE, asdict(state))
    return target


def prune(run: Path, *, keep: int) -> None:
    """Remove all but the newest ``keep`` checkpoints."""
    folders = [path for path in (run / "checkpoints").glob("step-*") if re.fullmatch(r"step-\d+", path.name)]
    for folder in sorted(folders)[:-keep]:
        (folder / "manifest.json").unlink(missing_ok=True)  # from here on it is no checkpoint
        shutil.rmtree(folder)


def find_checkpoint(path: Path) -> Path:
    """The checkpoint meant by a run folder (its newest) or a checkpoint folder; every byte is verified.

    Raises:
        CheckpointError: there is none.
        StoreError: a file is missing or differs from the manifest.
    """
    folder = path if (path / STATE_FILE).is_file() else newest_checkpoint(path)
    if folder is None:
        raise CheckpointError(
            f"{path}: no complete checkpoint there",
            code="checkpoint-missing",
            hint="give a run folder or one of its checkpoints/step-… folders",
        )
    read_manifest(folder, kind=KIND, verify=True)
    return folder


def read_state(checkpoint: Path) -> TrainState:
    """The state file of a checkpoint."""
    try:
        return TrainState(**read_json(checkpoint / STATE_FILE))
    except TypeError as error:
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
    for name, parameter in {**embedder.trained_parameters(), **loss}.items():
        entries = {key.rpartition("|")[2]: value for key, value in saved.items() if key.rpartition("|")[0] == name}
        if entries:
            on_device = {key: value if key == "step" else value.to(parameter.device) for key, value in entries.items()}
            optimizer.state[parameter].update(on_device)
    streams = load_file(checkpoint / RANDOM_FILE)
    torch.set_rng_state(streams["cpu"])
    if "cuda" in streams and torch.cuda.is_available():
        torch.cuda.set_rng_state(streams["cuda"])


def _optimizer_tensors(trained: Weights, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    return {
        f"{name}|{key}": value.detach().clone()
        for name, parameter in trained.items()
        for key, value in optimizer.state[parameter].items()
    }


def _random_streams() -> dict[str, Tensor]:
    streams = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        streams["cuda"] = torch.cuda.get_rng_state()
    return streams
