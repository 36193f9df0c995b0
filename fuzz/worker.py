"""One process that makes and reads inputs, and tells about each what happened."""

from __future__ import annotations

import resource
import shutil
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from random import Random

from fuzz.targets import Target, read_or_refused

FINDING = "finding"
SLOW_S = 5.0
GROWTH_MIB = 256
MEMORY_LIMIT = 8 << 30


@dataclass(frozen=True, slots=True)
class Chunk:
    """Inputs ``start`` … ``stop - 1`` of a target."""

    target: str
    start: int
    stop: int


@dataclass(slots=True)
class Outcome:
    """What became of a chunk: inputs by verdict, the slowest, and findings as (number, what happened)."""

    verdicts: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    slowest: int = 0
    findings: list[tuple[int, str]] = field(default_factory=list)
    peak_mib: float = 0.0


def make(target: Target, name: str, seed: int, number: int) -> bytes:
    """Input ``number`` of a target: the same for the same seed, whoever makes it and when."""
    return target.make(Random(f"{seed}/{name}/{number}"))


def serve(targets: Mapping[str, Target], seed: int, connection: Connection, current: Synchronized[int]) -> None:
    """Work off chunks until None comes; ``current`` holds the number at work, for whoever waits."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    while (chunk := connection.recv()) is not None:
        connection.send(work_off(targets[chunk.target], chunk, seed, current))


def work_off(target: Target, chunk: Chunk, seed: int, current: Synchronized[int]) -> Outcome:
    """Every input of a chunk, each in an emptied folder."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        folder = Path(scratch)
        for number in range(chunk.start, chunk.stop):
            current.value = number
            data = make(target, chunk.target, seed, number)
            _one(target, data, folder, number, outcome)
    outcome.peak_mib = _peak_mib()
    return outcome


def _one(target: Target, data: bytes, folder: Path, number: int, outcome: Outcome) -> None:
    before_mib, start = _peak_mib(), time.perf_counter()
    try:
        verdict = read_or_refused(target, data, folder)
    except Exception:
        verdict = FINDING
        outcome.findings.append((number, traceback.format_exc()))
    seconds, grown_mib = time.perf_counter() - start, _peak_mib() - before_mib
    if seconds > SLOW_S:
        outcome.findings.append((number, f"took {seconds:.1f} s"))
    if grown_mib > GROWTH_MIB:
        outcome.findings.append((number, f"took {grown_mib:.0f} MiB more memory than any input before"))
    outcome.verdicts[verdict] += 1
    if seconds > outcome.slowest_s:
        outcome.slowest_s, outcome.slowest = seconds, number
    _empty(folder)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
