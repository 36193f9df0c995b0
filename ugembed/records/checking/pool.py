"""Tasks on several processes, with results in order and few of them waiting."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

from ugembed.errors import DataError

Task = TypeVar("Task")
Result = TypeVar("Result")


class Pool:
    """Runs functions here (one worker) or in other processes; use `open_pool`."""

    def __init__(self, executor: ProcessPoolExecutor | None, ahead: int) -> None:
        self._executor = executor
        self._ahead = ahead

    def stream(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[tuple[Task, Result]]:
        """Every task with its result, in the order of the tasks, of which only a few are taken ahead.

        Raises:
            DataError: ``worker-died`` when a process was killed from outside.
        """
        if self._executor is None:
            for task in tasks:
                yield task, function(task)
            return
        waiting: deque[tuple[Task, Future[Result]]] = deque()
        try:
            for task in tasks:
                waiting.append((task, self._executor.submit(function, task)))
                if len(waiting) >= self._ahead:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        except BrokenProcessPool:
            raise DataError(
                "a worker process ended unexpectedly; was it killed for its memory?",
                code="worker-died",
                hint="use fewer processes: --workers 1",
            ) from None


@contextmanager
def open_pool(workers: int, *, module: str) -> Iterator[Pool]:
    """Processes to work in, which have ``module`` imported; with one, everything runs in this one.

    Hashes of strings differ between programs that are started apart. All workers are therefore copies of one process
    (``forkserver``), and none of the hashes that they compare is made in this one. A script that calls this needs the
    usual ``if __name__ == "__main__":``.
    """
    if workers == 1:
        yield Pool(None, 1)
        return
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([module])
    executor = ProcessPoolExecutor(workers, context)
    try:
        yield Pool(executor, 2 * workers)
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
