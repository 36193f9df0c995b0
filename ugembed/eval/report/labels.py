"""Where names go on a small map: none on top of another, the important ones first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

FONT_PX = 11.0
CHARACTER_PX = 0.56 * FONT_PX
GAP_PX = 8.0


class Box(NamedTuple):
    """A rectangle in pixels; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def inside(self, other: Box) -> bool:
        return (
            self.left >= other.left
            and self.right <= other.right
            and self.top >= other.top
            and self.bottom <= other.bottom
        )


class Wanted(NamedTuple):
    """A name that wants to stand beside (x, y), in pixels."""

    x: float
    y: float
    text: str


class Placed(NamedTuple):
    """A name and the left end of its base line."""

    x: float
    y: float
    text: str


def place_labels(wanted: Iterable[Wanted], *, frame: Box, occupied: Iterable[Box] = ()) -> list[Placed]:
    """Place names, the first ones first; one that fits on no side of its point is left out, as is a repeated name."""
    taken = list(occupied)
    placed: list[Placed] = []
    names: set[str] = set()
    for label in wanted:
        if label.text in names:
            continue
        free = (box for box in _sides(label) if box.inside(frame) and not any(box.overlaps(t) for t in taken))
        box = next(free, None)
        if box is not None:
            taken.append(box)
            names.add(label.text)
            placed.append(Placed(box.left, box.bottom - 3.0, label.text))
    return placed


def _sides(label: Wanted) -> Iterator[Box]:
    width, height = CHARACTER_PX * len(label.text), FONT_PX + 2
    right, left = label.x + GAP_PX, label.x - GAP_PX - width
    centre = label.x - width / 2
    level, above, below = label.y - height / 2, label.y - GAP_PX - height, label.y + GAP_PX
    corners = ((right, level), (left, level), (centre, above), (centre, below))
    diagonal = ((right - 4, above + 4), (left + 4, above + 4), (right - 4, below - 4), (left + 4, below - 4))
    for x, y in (*corners, *diagonal):
        yield Box(x, y, x + width, y + height)
