"""Measure peers side by side: alternating in one process, medians and ratios, outputs compared first.

A script of this folder gives `compare` its contestants and prints the `Comparison`; ``make perf`` writes all of them
into docs/performance.md.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Comparison:
    """Seconds of every repeat, by contestant; the first contestant is ours."""

    seconds: Mapping[str, tuple[float, ...]]

    def median(self, name: str) -> float:
        return statistics.median(self.seconds[name])

    def ratio(self, peer: str) -> float:
        """How many times faster ours is than ``peer``: the median of the ratios of neighbouring repeats."""
        ours = next(iter(self.seconds.values()))
        return statistics.median(theirs / own for own, theirs in zip(ours, self.seconds[peer], strict=True))

    def table(self, *, amount: float, unit: str) -> str:
        """A Markdown table: median seconds, ``amount`` per second in ``unit`` (``"MB/s"``), and ours against each."""
        lines = [f"| contestant | median s | {unit} | ours is faster by |", "|---|---|---|---|"]
        for position, name in enumerate(self.seconds):
            ratio = "–" if position == 0 else f"{self.ratio(name):.2f} ×"
            lines.append(f"| {name} | {self.median(name):.3f} | {amount / self.median(name):,.0f} | {ratio} |")
        return "\n".join(lines)


def compare(contestants: Mapping[str, Callable[[], object]], *, repeats: int = 5, warm: bool = True) -> Comparison:
    """Run all contestants in turn, ``repeats`` times; ours comes first in ``contestants``.

    Args:
        contestants: Name to what is timed. Check before that all give the same.
        repeats: At least 5 for a figure that is published.
        warm: Run each once before the clock starts (fills caches of files and imports).
    """
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    if warm:
        for run in contestants.values():
            run()
    for _ in range(repeats):
        for name, run in contestants.items():
            gc.collect()
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return Comparison({name: tuple(values) for name, values in seconds.items()})


def memory(name: str) -> int:
    """KiB that the process holds now (``VmRSS``) or held at most (``VmHWM``), without what its parent held."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
