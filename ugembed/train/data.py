"""Training rows in memory, and which of them a micro-step sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ugembed.errors import DataError
from ugembed.files import sha256_file
from ugembed.records.pair import Pair
from ugembed.records.roots import Roots
from ugembed.records.uge_jsonl import read_pairs
from ugembed.sampling.base import Sampler
from ugembed.train.config import DataConfig


def load_pairs(files: Sequence[Path], config: DataConfig) -> list[Pair]:
    """All rows of the files; the first broken one is an error (`ugembed validate-data` lists them all)."""
    pairs: list[Pair] = []
    for file in files:
        rows = read_pairs(file, Roots.for_file(file, config.roots))
        pairs.extend(islice(rows, config.limit))
    return pairs


def data_hashes(files: Sequence[Path]) -> dict[str, str]:
    """sha256 of every file, by its path as given."""
    return {str(file): sha256_file(file) for file in files}


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """Which rows each micro-step of each process takes: a pure function of (seed, epoch, position).

    Attributes:
        groups: Group of each training row.
        sampler: Orders an epoch.
        seed: Of the run.
        batch_size: Rows per process and micro-step.
        processes: Number of processes.
        accumulation: Micro-steps per optimizer step.
    """

    groups: Sequence[str]
    sampler: Sampler
    seed: int
    batch_size: int
    processes: int = 1
    accumulation: int = 1

    @property
    def rows_per_step(self) -> int:
        """Rows of an optimizer step, of all processes."""
        return self.batch_size * self.processes * self.accumulation

    @property
    def steps_per_epoch(self) -> int:
        """Whole optimizer steps; the rest of an epoch's order is left out (another rest each epoch)."""
        return len(self.groups) // self.rows_per_step

    def check(self) -> None:
        """Refuse data that does not fill one step."""
        if self.steps_per_epoch == 0:
            raise DataError(
                f"{len(self.groups)} rows do not fill one step of {self.rows_per_step}",
                code="too-few-rows",
                hint="lower trainer.batch_size or trainer.accumulation",
            )

    def rows(self, step: int, *, micro: int, rank: int = 0) -> tuple[int, NDArray[np.int64]]:
        """(epoch, row numbers) of micro-step ``micro`` of optimizer step ``step`` on process ``rank``."""
        epoch, position = divmod(step, self.steps_per_epoch)
        order = self.sampler.order(self.groups, seed=self.seed, epoch=epoch)
        start = ((position * self.accumulation + micro) * self.processes + rank) * self.batch_size
        return epoch, order[start : start + self.batch_size]
