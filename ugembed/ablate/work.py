"""The three kinds of work, each taken up where it was stopped: making a bed, training a run, asking a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ugembed.ablate.encoders import Remembering, WithoutPictures
from ugembed.ablate.plan import Cell, Training
from ugembed.ablate.questions import QUESTIONS
from ugembed.errors import CheckpointError
from ugembed.eval.benchmark import BenchmarkFile, find_benchmark
from ugembed.eval.results import KIND, write_evaluation
from ugembed.eval.runner import EvalSettings, evaluate
from ugembed.files import MANIFEST, committed_directory
from ugembed.models.saved import checkpoints, load_embedder
from ugembed.progress import OnProgress, silent
from ugembed.train.checkpoint import find_checkpoint, read_state
from ugembed.train.run import Started, train


def is_trained(training: Training) -> bool:
    """Whether a run's last step is saved.

    Raises:
        CheckpointError: ``checkpoint-broken``, when no checkpoint is whole.
    """
    try:
        state = read_state(find_checkpoint(training.config.out)[0])
    except CheckpointError as error:
        if error.code != "checkpoint-missing":
            raise
        return False
    return state.step >= state.total_steps


def do_training(training: Training, on_progress: OnProgress = silent) -> None:
    """Train a run, or go on with it."""
    config = training.config
    steps = 0

    def on_start(started: Started) -> None:
        nonlocal steps
        steps = started.steps

    def on_report(report: Mapping[str, Any]) -> None:
        on_progress(int(report["step"]), steps, f"loss {report['loss']:.3f}")

    begun = checkpoints(config.out)
    train(config, resume=config.out if begun else None, on_start=on_start, on_report=on_report)


def is_asked(cell: Cell) -> bool:
    """Whether a cell has answered in all its modes."""
    return all((cell.evaluation(mode) / MANIFEST).is_file() for mode in cell.modes)


@dataclass(frozen=True, slots=True)
class Asking:
    """How questions are put to a model."""

    limit: int | None
    batch_size: int
    threads: int


def do_asking(cell: Cell, asking: Asking, on_progress: OnProgress = silent) -> None:
    """Ask the last model of a cell in every mode in which it has not answered yet; equal items are encoded once."""
    torch.set_num_threads(asking.threads)
    last = cell.chain[-1]
    files = question_files(last.bed)
    encoder = Remembering(load_embedder(last.config.out, device="cpu"))
    for mode in cell.modes:
        folder = cell.evaluation(mode)
        if (folder / MANIFEST).is_file():
            continue
        settings = EvalSettings(
            query_mode="fusion" if mode == "graph" else mode,
            k_values=(1, 5),
            limit=asking.limit,
            batch_size=asking.batch_size,
            roots=(last.bed,),
        )
        asked = WithoutPictures(encoder) if mode == "graph" else encoder
        answers = evaluate(asked, files, settings, model=last.key, on_progress=on_progress)
        with committed_directory(folder, kind=KIND, mode=mode, run=last.key, cases=len(answers.cases)) as scratch:
            write_evaluation(scratch, answers)


def question_files(bed: Path) -> list[BenchmarkFile]:
    """The questions of a bed; a file's name says what it holds (`questions.QuestionFile`)."""
    return find_benchmark([bed / QUESTIONS])
