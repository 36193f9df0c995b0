"""What a split came to: the table that is printed, and the facts of ``split.json``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FAR_OFF = 0.05
"""A part whose share differs by more from what was wished is told."""
MUCH_LEFT_OUT = 0.2
"""A buffer that takes more of the rows is told."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: counts of its rows and of what is in them.

    Attributes:
        wished: Its fraction as given.
        share: Its fraction of the rows in all parts.
        left_out: Rows that would have been in it, but gave way to the buffer.
        units: What was kept whole: pictures, cells or cities with all that hangs on them.
        files: What was written, relative to the folder.
    """

    name: str
    wished: float
    share: float
    rows: int
    left_out: int
    units: int
    images: int
    cells: int
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SplitSummary:
    """What was written, and how far the parts are apart.

    Attributes:
        nearest_m: Metres between the nearest places of two parts, by ``"train / test"``.
        shown_elsewhere: Pictures of one part that rows of another show as negatives or wrong candidates.
    """

    out: Path
    parts: tuple[Part, ...]
    nearest_m: Mapping[str, float]
    shown_elsewhere: int
    largest_unit: int

    @property
    def left_out(self) -> int:
        """Rows that gave way to the buffer."""
        return sum(part.left_out for part in self.parts)

    def warnings(self) -> list[str]:
        """What a user should know before training."""
        total = sum(part.rows for part in self.parts) + self.left_out
        found = []
        for part in self.parts:
            share = (part.rows + part.left_out) / total
            if abs(share - part.wished) > FAR_OFF:
                whole = f"the largest piece that must stay whole has {self.largest_unit:,} of {total:,}"
                found.append(f"{part.name} has {share:.1%} of the rows, not {part.wished:.1%}: {whole}")
        if self.left_out > MUCH_LEFT_OUT * total:
            share = self.left_out / total
            found.append(f"the buffer left out {share:.0%} of the rows: larger cells (a smaller --level) lose fewer")
        if self.shown_elsewhere:
            found.append(
                f"{self.shown_elsewhere:,} pictures are shown by rows of another part, as negatives or wrong "
                "candidates: compose these after the split, from pictures of the same part"
            )
        return found

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "out": str(self.out), "left_out": self.left_out, "warnings": self.warnings()}
