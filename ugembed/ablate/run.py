"""What ``ugembed ablate`` does: everything that is not there yet, and the tables of what is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ugembed.ablate.answers import read_answers
from ugembed.ablate.config import AblationConfig
from ugembed.ablate.output import write_results
from ugembed.ablate.plan import Cell, plan_cells
from ugembed.ablate.schedule import OnOutcome, Outcome, do_tasks
from ugembed.ablate.tables import Report, make_report
from ugembed.ablate.tasks import tasks_of
from ugembed.config import load_config
from ugembed.errors import ConfigError, UgembedError, did_you_mean
from ugembed.progress import OnProgress, silent


@dataclass(frozen=True, slots=True)
class Ablation:
    """A run file, where its results go, and which part of it is wanted.

    Attributes:
        name: Of its tables: the name of its file.
        config: What to do.
        here: The folder that paths of run files start from.
        out: Folder for ``beds``, ``runs`` and ``evaluations``, which ablations share, and ``<name>/``.
        seeds: Which seeds.
        only: Names of variants; none: all.
    """

    name: str
    config: AblationConfig
    here: Path
    out: Path
    seeds: tuple[int, ...]
    only: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where ``results.jsonl`` and ``table.md`` are."""
        return self.out / self.name

    def cells(self) -> list[Cell]:
        """The cells that are wanted."""
        return plan_cells(self.config, self.here, self.out, seeds=self.seeds, only=self.only)


def open_ablation(
    file: Path,
    out: Path,
    *,
    seeds: Sequence[int] | None = None,
    only: Sequence[str] = (),
    overrides: Sequence[str] = (),
) -> Ablation:
    """Read a run file.

    Raises:
        ConfigError: whatever is wrong in it; ``ablation-variant`` for a name in ``only`` that it does not have.
    """
    config = load_config(AblationConfig, file, overrides=overrides).value
    for name in only:
        if name not in config.variants:
            raise ConfigError(
                f"{file}: no variant {name!r}", code="ablation-variant", hint=did_you_mean(name, config.variants)
            )
    chosen = config.seeds if seeds is None else tuple(seeds)
    return Ablation(file.stem, config, file.parent, out, chosen, tuple(only))


def run_ablation(
    ablation: Ablation,
    *,
    workers: int = 1,
    on_progress: OnProgress = silent,
    on_outcome: OnOutcome | None = None,
) -> Report:
    """Do what is not done yet, seed by seed; the tables are written anew after every cell.

    Raises:
        ConfigError: before anything is done.
        UgembedError: ``ablation-failed`` at the end, when a task was refused; everything else is done and written.
    """
    cells = ablation.cells()
    asked = {task.title for task in tasks_of(ablation.config, cells) if task.asks}

    def told(outcome: Outcome, over: int, total: int) -> None:
        if on_outcome is not None:
            on_outcome(outcome, over, total)
        if outcome.title in asked and outcome.state == "done":
            make_tables(ablation)

    outcomes = do_tasks(tasks_of(ablation.config, cells), workers=workers, on_progress=on_progress, on_outcome=told)
    report = make_tables(ablation)
    lost = [f"{one.title}: {one.error}" for one in outcomes if one.state in ("failed", "left out")]
    if lost:
        raise UgembedError(
            f"{len(lost)} of {len(outcomes)} tasks could not be done:\n  " + "\n  ".join(lost),
            code="ablation-failed",
            hint=f"the others are done; {ablation.folder} has their tables; the same command tries again",
        )
    return report


def make_tables(ablation: Ablation) -> Report:
    """The tables of all finished evaluations, also of variants that are not wanted now; written to ``folder``.

    Raises:
        StoreError: a damaged evaluation, ``ablation-cases-differ``.
    """
    cells = plan_cells(ablation.config, ablation.here, ablation.out, seeds=ablation.seeds)
    table = read_answers(cells)
    report = make_report(ablation.config, table, ablation.seeds)
    write_results(ablation.folder, table, report)
    return report
