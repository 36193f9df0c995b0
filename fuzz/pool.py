"""Workers over chunks of inputs; one that dies or hangs is a finding, and another takes its place."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from multiprocessing import connection

from fuzz.targets import Target
from fuzz.worker import FINDING, Chunk, Outcome, serve

HANG_S = 30.0


class _Worker:
    """A process, the chunk it works on, and since when it is at the same input."""

    def __init__(self, targets: Mapping[str, Target], seed: int) -> None:
        context = multiprocessing.get_context("fork")  # targets hold functions, which no other way hands on
        self.pipe, other = context.Pipe()
        self.current = context.Value("q", -1)
        self.process = context.Process(target=serve, args=(targets, seed, other, self.current), daemon=True)
        self.process.start()
        other.close()
        self.chunk: Chunk | None = None
        self.seen, self.since = -1, time.monotonic()

    def give(self, chunk: Chunk) -> None:
        self.chunk, self.seen, self.since = chunk, -1, time.monotonic()
        self.current.value = chunk.start
        self.pipe.send(chunk)

    def is_stuck(self) -> bool:
        number = self.current.value
        if number != self.seen:
            self.seen, self.since = number, time.monotonic()
        return self.chunk is not None and time.monotonic() - self.since > HANG_S

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def outcomes(
    chunks: list[Chunk], targets: Mapping[str, Target], *, seed: int, workers: int
) -> Iterator[tuple[Chunk, Outcome]]:
    """What became of every chunk, as they are done. A chunk that killed its worker comes in parts."""
    waiting = chunks[::-1]
    at_work = [_Worker(targets, seed) for _ in range(min(workers, len(chunks)))]
    try:
        while waiting or any(worker.chunk for worker in at_work):
            for worker in at_work:
                if worker.chunk is None and waiting:
                    worker.give(waiting.pop())
            connection.wait([door for worker in at_work for door in (worker.pipe, worker.process.sentinel)], timeout=1)
            for worker in at_work:
                yield from _news(worker, waiting)
            at_work = [worker if worker.process.is_alive() else _Worker(targets, seed) for worker in at_work]
    finally:
        for worker in at_work:
            worker.end()


def _news(worker: _Worker, waiting: list[Chunk]) -> Iterator[tuple[Chunk, Outcome]]:
    """The outcome of a worker's chunk. When it died or hangs: of the input at fault; the others wait again."""
    chunk = worker.chunk
    if chunk is None:
        return
    try:
        if worker.pipe.poll():
            outcome = worker.pipe.recv()
            worker.chunk = None
            yield chunk, outcome
            return
    except EOFError:  # it died, and said nothing before
        worker.process.join()
    is_dead = not worker.process.is_alive()
    if is_dead or worker.is_stuck():
        what = f"the process died ({worker.process.exitcode})" if is_dead else f"no answer for {HANG_S:.0f} s"
        worker.end()
        number = worker.current.value
        parts = (Chunk(chunk.target, chunk.start, number), Chunk(chunk.target, number + 1, chunk.stop))
        waiting += [part for part in parts if part.start < part.stop]
        yield Chunk(chunk.target, number, number + 1), Outcome(Counter({FINDING: 1}), findings=[(number, what)])
