"""Where names go: none on top of another, the important ones first. In points, y upwards; knows nothing of drawing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

LONGEST = 34
"""Characters; longer names are cut."""

_PAD = 1.5
_STEEPEST = 90.0


class Box(NamedTuple):
    """A rectangle, y upwards."""

    left: float
    bottom: float
    right: float
    top: float

    def grown(self, pad: float) -> Box:
        return Box(self.left - pad, self.bottom - pad, self.right + pad, self.top + pad)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A name beside a point, ``gap`` points away from it; or, with ``end``, along the line from there to ``end``."""

    text: str
    x: float
    y: float
    gap: float = 4.0
    end: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A name, the middle of its box, and how far it is turned (degrees, against the clock)."""

    text: str
    x: float
    y: float
    turned: float
    is_street: bool


class WidthOf(Protocol):
    """How wide a text is, in points."""

    def __call__(self, text: str, *, is_street: bool) -> float: ...


def shortened(text: str, most: int = LONGEST) -> str:
    """The text, cut to so many characters."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def place(
    wanted: Iterable[Wanted], *, width_of: WidthOf, height: float, frame: Box, taken: Sequence[Box] = ()
) -> list[Placed]:
    """Place the names that find room inside the frame, the first ones first; a name comes once.

    Args:
        wanted: The names in the order of their importance.
        width_of: Measures.
        height: Of a line of text, points.
        frame: What a name must lie in.
        taken: What it must not touch.
    """
    boxes = _Boxes(taken)
    placed: dict[str, Placed] = {}
    for want in wanted:
        text = shortened(want.text)
        if text in placed:
            continue
        width = width_of(text, is_street=want.end is not None)
        for spot, turned in _spots(want, width, height):
            covers = _covered(spot, turned)
            if all(_inside(box, frame) for box in covers) and not boxes.touch(covers):
                boxes.add(covers)
                middle = (spot.left + spot.right) / 2, (spot.bottom + spot.top) / 2
                placed[text] = Placed(text, *middle, turned, want.end is not None)
                break
    return list(placed.values())


class _Boxes:
    """Rectangles that are taken."""

    def __init__(self, boxes: Iterable[Box]) -> None:
        self._all = np.array([*boxes], dtype=np.float64).reshape(-1, 4)

    def touch(self, boxes: Iterable[Box]) -> bool:
        left, bottom, right, top = self._all.T
        return any(
            bool(((left < box.right) & (box.left < right) & (bottom < box.top) & (box.bottom < top)).any())
            for box in boxes
        )

    def add(self, boxes: Iterable[Box]) -> None:
        self._all = np.concatenate([self._all, np.array([box.grown(_PAD) for box in boxes])])


def _inside(box: Box, frame: Box) -> bool:
    return box.left >= frame.left and box.right <= frame.right and box.bottom >= frame.bottom and box.top <= frame.top


def _spots(want: Wanted, width: float, height: float) -> Iterator[tuple[Box, float]]:
    if want.end is None:
        for box in _sides(want, width, height):
            yield box, 0.0
        return
    (x1, y1), (x2, y2) = (want.x, want.y), want.end
    if math.hypot(x2 - x1, y2 - y1) < width:
        return
    turned = (math.degrees(math.atan2(y2 - y1, x2 - x1)) + _STEEPEST) % 180.0 - _STEEPEST  # read from left to right
    for part in (0.5, 0.35, 0.65):
        x, y = x1 + part * (x2 - x1), y1 + part * (y2 - y1)
        yield Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2), turned


def _sides(want: Wanted, width: float, height: float) -> Iterator[Box]:
    """Right, left, above, below, then the corners."""
    x, y, gap = want.x, want.y, want.gap
    right, left, middle = x + gap, x - gap - width, x - width / 2
    level, above, below = y - height / 2, y + gap, y - gap - height
    sides = ((right, level), (left, level), (middle, above), (middle, below))
    near = 0.6 * gap
    corners = ((x + near, y + near), (x - near - width, y + near), (x + near, y - near - height))
    for x0, y0 in (*sides, *corners, (x - near - width, y - near - height)):
        yield Box(x0, y0, x0 + width, y0 + height)


def _covered(box: Box, turned: float) -> list[Box]:
    """The box, or if it is turned upright squares along its middle line that cover it."""
    if turned == 0.0:
        return [box]
    x, y = (box.left + box.right) / 2, (box.bottom + box.top) / 2
    half, reach = (box.top - box.bottom) / 2, (box.right - box.left) / 2
    cos, sin = math.cos(math.radians(turned)), math.sin(math.radians(turned))
    steps = np.linspace(-reach + half, reach - half, max(2, math.ceil(reach / half)))
    wide = half * (abs(cos) + abs(sin))
    return [Box(x + s * cos - wide, y + s * sin - wide, x + s * cos + wide, y + s * sin + wide) for s in steps.tolist()]
