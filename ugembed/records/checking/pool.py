"""Tasks on several processes or threads, with results in order and few of them waiting."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TypeVar

from ugembed.errors import DataError

Task = TypeVar("Task")
Result = TypeVar("Result")


class Pool:
    """Runs functions here (one worker), or in processes and threads; use `open_pool`."""

    def __init__(self, processes: Executor | None = None, threads: Executor | None = None, *, ahead: int = 1) -> None:
        self._processes = processes
        self._threads = threads
        self._ahead = ahead

    def stream(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[tuple[Task, Result]]:
        """Every task with its result, in the order of the tasks, of which only a few are taken ahead.

        Raises:
            DataError: ``worker-died`` when a process was killed from outside.
        """
        if self._processes is None:
            for task in tasks:
                yield task, function(task)
            return
        waiting: deque[tuple[Task, Future[Result]]] = deque()
        try:
            for task in tasks:
                waiting.append((task, self._submit(function, task)))
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

    def _submit(self, function: Callable[[Task], Result], task: Task) -> Future[Result]:
        executor = self._processes if getattr(task, "needs_process", True) else self._threads
        assert executor is not None
        return executor.submit(function, task)


@contextmanager
def open_pool(workers: int, *, module: str) -> Iterator[Pool]:
    """Processes to work in, which have ``module`` imported, and as many threads; with one, everything runs right here.

    A task whose ``needs_process`` is false goes to a thread: its work is done without Python's lock, and nothing needs
    to be started or sent. Processes start when the first task needs one.

    Hashes of strings differ between programs that are started apart. All processes are therefore copies of one
    (``forkserver``), and of hashes that are compared all are made in them, or all here. A script that calls this needs
    the usual ``if __name__ == "__main__":``.
    """
    if workers == 1:
        yield Pool()
        return
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([module])
    processes, threads = ProcessPoolExecutor(workers, context), ThreadPoolExecutor(workers)
    try:
        yield Pool(processes, threads, ahead=2 * workers)
    finally:
        for executor in (threads, processes):
            executor.shutdown(wait=True, cancel_futures=True)


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
