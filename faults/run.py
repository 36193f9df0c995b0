"""``make faults``: every way of dying that we could think of, at every place, and the same bits in the end.

``--cut 13`` tries every thirteenth place, as the test suite does. Prints a table and every finding.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from docs.markdown import table
from faults import trials
from faults.scenes import training, training_data

STEPS = 40


@dataclass
class Tally:
    """How many disturbed runs there were, and what is wrong with some."""

    name: str
    runs: int = 0
    findings: list[str] = field(default_factory=list)
    seconds: float = 0.0


def plan(data: Path, folder: Path, cut: int) -> dict[str, Callable[[], Iterator[str]]]:
    """Name of each kind of disturbance to what yields a finding, or "", for every run."""
    short = training(data)

    def long(stop_after: int) -> trials.Scene:
        return training(data, steps=STEPS, save_every=10, stop_after=stop_after)

    return {
        "killed at a file operation, also with the power gone": lambda: trials.faults_at_operations(
            short, folder, "kill", every=cut
        ),
        "input/output error at a file operation": lambda: trials.faults_at_operations(short, folder, "io", every=cut),
        "killed at a random moment": lambda: trials.kills_at_random(short, folder, count=max(1, 200 // cut)),
        "asked to stop once": lambda: trials.stops(long, folder, steps=STEPS, times=1, every=cut),
        "asked to stop twice": lambda: trials.stops(long, folder, steps=STEPS, times=2, every=cut),
        "asked to stop three times": lambda: trials.stops(long, folder, steps=STEPS, times=3, every=cut),
        "newest checkpoint damaged": lambda: trials.damages(short, folder, count=max(1, 500 // cut)),
    }


def tallies(cut: int, only: str = "", folder: Path | None = None) -> Iterator[Tally]:
    """Do it all, or what has ``only`` in its name, below ``folder``."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        data = training_data(Path(scratch) / "data")
        for name, runs in plan(data, Path(scratch) / "work", cut).items():
            if only not in name:
                continue
            tally, started = Tally(name), time.perf_counter()
            for finding in runs():
                tally.runs += 1
                tally.findings += [finding] if finding else []
            tally.seconds = time.perf_counter() - started
            yield tally


def main() -> None:
    """Print the table; exit status 1 when there is a finding."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cut", type=int, default=1, help="try every so many-th place")
    parser.add_argument("--only", default="", help="part of the name of a disturbance")
    parser.add_argument("--folder", type=Path, help="where to work; a file system in memory is fastest")
    options = parser.parse_args()
    done = []
    for tally in tallies(options.cut, options.only, options.folder):
        done.append(tally)
        told = f"{tally.name}: {tally.runs} runs, {len(tally.findings)} findings, {tally.seconds:.0f} s"
        print("\n".join([told, *tally.findings]), file=sys.stderr)
    rows = [[one.name, str(one.runs), str(len(one.findings))] for one in done]
    print("\n".join(table(["disturbance", "runs", "findings"], rows)))
    sys.exit(any(tally.findings for tally in done))


if __name__ == "__main__":
    main()
