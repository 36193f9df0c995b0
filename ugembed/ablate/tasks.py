"""What an ablation has to do: beds, trainings and questions, each taken up where it was stopped."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ugembed.ablate.bed import is_made, make_bed
from ugembed.ablate.config import AblationConfig
from ugembed.ablate.plan import Cell, Training
from ugembed.ablate.schedule import Task
from ugembed.ablate.work import Asking, do_asking, do_training, is_asked, is_trained


def tasks_of(config: AblationConfig, cells: Sequence[Cell]) -> list[Task]:
    """All work for the cells, in an order in which everything comes after what it needs; shared runs stand once."""
    asking = Asking(config.limit, config.batch_size, config.threads)
    tasks: dict[str, Task] = {}
    for cell in cells:
        bed = cell.chain[0].bed
        made = f"seed {cell.seed}: city"
        tasks.setdefault(made, Task(made, (), partial(is_made, bed), partial(make_bed, config.bed, cell.seed, bed)))
        for training in cell.chain:
            title = training_title(training)
            before = training_title(training.after) if training.after else made
            work = Task(title, (before,), partial(is_trained, training), partial(do_training, training))
            tasks.setdefault(title, work)
        title = f"seed {cell.seed}: ask {cell.variant} ({', '.join(cell.modes)})"
        needs = (training_title(cell.chain[-1]),)
        tasks[title] = Task(title, needs, partial(is_asked, cell), partial(do_asking, cell, asking), asks=True)
    return list(tasks.values())


def training_title(training: Training) -> str:
    """What a training is called on the screen."""
    return f"seed {training.seed}: train {training.name} ({training.key.rpartition('-')[2]})"
