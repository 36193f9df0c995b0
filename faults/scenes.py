"""Commands that are disturbed: each can be begun again after any fault, and its result be compared."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tests.fixtures import train_config, write_rows
from ugembed.models.saved import checkpoints
from ugembed.train.config import TrainConfig
from ugembed.train.journal import read_metrics
from ugembed.train.run import train

Result = dict[str, Any]
"""Name of each file that counts to its content."""
_TIMED = {"items_per_s", "elapsed_s"}


@dataclass(frozen=True, slots=True)
class Scene:
    """A command on small data.

    Attributes:
        name: For the table.
        begin: Do it in a folder, or go on with what an earlier attempt has left there.
        result: What it has made; raises nothing when it is unfinished, but differs then.
        leftovers: Names below the folder that do not belong there after success.
    """

    name: str
    begin: Callable[[Path], object]
    result: Callable[[Path], Result]
    leftovers: Callable[[Path], list[str]]


def hidden(folder: Path) -> list[str]:
    """Files and folders whose names begin with a dot: what is being written, or was."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob(".*"))


def training(data: Path, *, steps: int = 6, save_every: int = 2, stop_after: int = 0) -> Scene:
    """Stage 2 with dropout, over more than one epoch; asked to stop after a step, if one is named."""

    def config(folder: Path) -> TrainConfig:
        raw = train_config(
            folder / "run", data, stage=2, max_steps=steps, save_every=save_every, keep_last=3, log_every=1,
            batch_size=2,
        )  # fmt: skip
        raw["model"]["lora"]["dropout"] = raw["model"]["graph_encoder"]["dropout"] = 0.2
        return TrainConfig.model_validate(raw)

    def begin(folder: Path) -> None:
        resume = folder / "run" if checkpoints(folder / "run") else None
        train(config(folder), resume=resume, on_report=listen)

    def listen(report: Mapping[str, Any]) -> None:
        if report["step"] == stop_after:
            os.kill(os.getpid(), signal.SIGTERM)

    def result(folder: Path) -> Result:
        newest = checkpoints(folder / "run")[-1]
        files: Result = {
            str(path.relative_to(newest)): path.read_bytes() for path in newest.rglob("*") if path.is_file()
        }
        lines = read_metrics(folder / "run/metrics.jsonl")
        return files | {"metrics": [{k: v for k, v in line.items() if k not in _TIMED} for line in lines]}

    return Scene("train", begin, result, hidden)


def training_data(folder: Path) -> Path:
    """Ten rows: five steps of two make an epoch. Torch is kept to one thread: its pools do not survive a fork."""
    torch.set_num_threads(1)
    return write_rows(folder, rows=10, stage=2)


def copy_of(state: Path, to: Path) -> Path:
    """A folder as an earlier fault has left it, for another way to go on."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(state, to, symlinks=True)
    return to
