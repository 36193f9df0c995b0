"""Tasks that need one another, done in one process or several."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from ugembed.errors import UgembedError
from ugembed.progress import OnProgress, silent


@dataclass(frozen=True)
class Task:
    """A piece of work.

    Attributes:
        title: For whoever watches.
        needs: Titles of tasks that must be done before.
        is_done: Whether an earlier run has done it.
        work: Does it; takes a listener.
        asks: Whether it gives answers for the tables.
    """

    title: str
    needs: tuple[str, ...]
    is_done: Callable[[], bool]
    work: Callable[[OnProgress], None]
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a task went: ``found`` (done before), ``done``, ``failed`` or ``left out`` (what it needs has failed)."""

    title: str
    state: str
    seconds: float = 0.0
    error: str = ""


class OnOutcome(Protocol):
    """Told after every task how it went, and how many of all are over."""

    def __call__(self, outcome: Outcome, over: int, total: int) -> None: ...


def do_tasks(
    tasks: Sequence[Task],
    *,
    workers: int = 1,
    on_progress: OnProgress = silent,
    on_outcome: OnOutcome | None = None,
) -> list[Outcome]:
    """Do tasks in their order, ``workers`` at a time, each as soon as what it needs is done.

    A task that is refused (`UgembedError`) is reported and what needs it is left out; all others go on.

    Args:
        tasks: Everything comes after what it needs.
        workers: Processes; with 1 all is done in this one.
        on_progress: Hears from inside of tasks, if they are done in this process.
        on_outcome: Told after each.
    """
    outcomes: dict[str, Outcome] = {}
    for outcome in _in_turn(tasks, outcomes, on_progress) if workers == 1 else _pooled(tasks, outcomes, workers):
        outcomes[outcome.title] = outcome
        if on_outcome is not None:
            on_outcome(outcome, len(outcomes), len(tasks))
    return list(outcomes.values())


def _in_turn(tasks: Sequence[Task], outcomes: dict[str, Outcome], on_progress: OnProgress) -> Iterator[Outcome]:
    for task in tasks:
        yield _left_out(task, outcomes) or attempt(task, partial(_within, on_progress, task.title))


def _within(on_progress: OnProgress, title: str, done: int, total: int, note: str = "") -> None:
    on_progress(done, total, f"{title}: {note}" if note else title)


def _pooled(tasks: Sequence[Task], outcomes: dict[str, Outcome], workers: int) -> Iterator[Outcome]:
    """Outcomes as they come; a worker process is used for many tasks."""
    waiting, running = list(tasks), set[Future[Outcome]]()
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        while waiting or running:
            for task in list(waiting):
                if lost := _left_out(task, outcomes):
                    waiting.remove(task)
                    yield lost
                elif len(running) < workers and all(name in outcomes for name in task.needs):
                    waiting.remove(task)
                    running.add(pool.submit(attempt, task))
            if running:
                over, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in over)


def _left_out(task: Task, outcomes: dict[str, Outcome]) -> Outcome | None:
    lost = [name for name in task.needs if name in outcomes and outcomes[name].state in ("failed", "left out")]
    return Outcome(task.title, "left out", error=f"needs {lost[0]}") if lost else None


def attempt(task: Task, on_progress: OnProgress = silent) -> Outcome:
    """Do a task, or find it done; a refusal becomes an outcome, a fault is raised."""
    started = time.monotonic()
    try:
        if task.is_done():
            return Outcome(task.title, "found")
        task.work(on_progress)
    except UgembedError as error:
        seconds = time.monotonic() - started
        return Outcome(task.title, "failed", seconds, f"[{error.code}] {error.message}")
    return Outcome(task.title, "done", time.monotonic() - started)
