"""How much there is of everything, gathered file by file."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

import numpy as np

from ugembed.records.checking.columns import NOWHERE_E6, Table
from ugembed.records.report import Spread

MOST_PLACES = 2000
_SPREADS = (
    ("query characters", "query_characters", 0),
    ("answer characters", "answer_characters", 0),
    ("pictures a row", "images", 0),
    ("graphs a row", "graphs", 0),
    ("candidates a row", "candidates", 1),
)
"""Name in the report, count of `Columns`, and the least value that is one."""


class Statistics:
    """What a report tells of the data as such."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[int]] = {name: Counter() for _, name, _ in _SPREADS}
        self.tokens, self.nodes, self.edges = Counter[int](), Counter[int](), Counter[int]()
        self.labels: dict[str, Counter[str]] = {"training": Counter(), "benchmark": Counter(), "embed": Counter()}
        self.place_count = 0
        self.box: tuple[float, float, float, float] | None = None
        self._places: list[tuple[float, float]] = []
        self._step = 1

    def add(self, kind: str, table: Table) -> None:
        """Take the sound rows of one file."""
        for name, counter in self.counts.items():
            counter.update(table.counts[name])
        self.labels[kind].update(table.labels)
        placed = table["lon"] != NOWHERE_E6
        lon, lat = table["lon"][placed], table["lat"][placed]
        if not len(lon):
            return
        box = (float(lon.min()) / 1e6, float(lat.min()) / 1e6, float(lon.max()) / 1e6, float(lat.max()) / 1e6)
        west, south, east, north = self.box or box
        self.box = min(west, box[0]), min(south, box[1]), max(east, box[2]), max(north, box[3])
        while self.place_count + len(lon) > MOST_PLACES * self._step:
            self._places = self._places[::2]
            self._step *= 2
        kept = slice(-self.place_count % self._step, None, self._step)
        self._places += zip((lon[kept] / 1e6).tolist(), (lat[kept] / 1e6).tolist(), strict=True)
        self.place_count += len(lon)

    @property
    def places(self) -> tuple[tuple[float, float], ...]:
        """(lon, lat) of every so many-th row with a place, at most `MOST_PLACES`."""
        return tuple(self._places)

    def spreads(self) -> dict[str, Spread]:
        """By the names that a report has, those of which something is known."""
        counters = {shown: _above(self.counts[name], least) for shown, name, least in _SPREADS}
        counters |= {
            "visual tokens a picture": self.tokens,
            "nodes a graph": self.nodes,
            "edges a graph": self.edges,
        }
        return {name: spread(counter) for name, counter in counters.items() if counter}


def spread(counts: Mapping[int, int]) -> Spread:
    """The spread of whole numbers, each given with how often it occurs; between two, percentiles are interpolated."""
    values = np.array(sorted(counts), np.int64)
    ends = np.cumsum([counts[int(value)] for value in values])
    total = int(ends[-1])

    def at(share: float) -> float:
        position = share * (total - 1)
        low, high = (
            float(values[np.searchsorted(ends, whole, side="right")])
            for whole in (math.floor(position), math.ceil(position))
        )
        return low + (high - low) * (position - math.floor(position))

    return Spread(total, float(values[0]), at(0.5), at(0.95), float(values[-1]))


def _above(counter: Counter[int], least: int) -> Counter[int]:
    """The counts of values from ``least`` on; none when there is nothing but zeros."""
    found = Counter({value: count for value, count in counter.items() if value >= least})
    return found if any(found) else Counter()
