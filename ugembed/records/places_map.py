"""A picture of where places lie: dots in colours, a scale, a box of coordinates, and a panel for every city."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ugembed.geo.geodesy import Floats, local_metres
from ugembed.geo.neighbours import far_apart, lon_arc

COLOURS = ("#0072B2", "#E69F00", "#000000", "#CC79A7", "#009E73", "#D55E00", "#56B4E9")
"""Of Okabe and Ito (2008), without the yellow, which is faint on white: told apart with every kind of colour vision,
the first three most easily (a test measures it)."""

CITY_GAP_M = 20_000.0
"""Places that no chain of shorter steps joins lie in different cities."""

MOST_PANELS = 6
_MOST_LEFT_OUT = 0.2  # of the places; if the largest panels hold less than the rest, all are drawn on one
_SMALLEST_EXTENT_M = 100.0
_SHARP = 2  # everything is drawn at this multiple and reduced, which smooths the edges
_MARGIN, _PAD, _LINE, _FONT = 10, 10, 14, 11  # px

_Box = tuple[int, int, int, int]  # left, top, right, bottom in px of the finished picture


@dataclass(frozen=True, slots=True)
class _Panel:
    """The places of one city: degrees, and the number of the group of each."""

    lon: Floats
    lat: Floats
    group: NDArray[np.int64]


def places_picture(
    groups: Mapping[str, Sequence[tuple[float, float]] | Floats], *, width: int = 640, height: int = 480
) -> Image.Image:
    """Draw (lon, lat) in degrees, north up, each group in its own colour, smaller groups above larger ones.

    Every panel has the same scale on both of its axes. Cities more than `CITY_GAP_M` apart get a panel each, the
    largest `MOST_PANELS` of them; how many places lie in the others is said. Places too scattered for that share one.

    Args:
        groups: Name for the legend to its places, or to an ``(n, 2)`` array. After ``len(COLOURS)`` groups the colours
            repeat.
        width: Pixels, 320 or more.
        height: Pixels, 240 or more.
    """
    sheet = _Sheet(width, height)
    everything = _together([np.asarray(places, np.float64).reshape(-1, 2) for places in groups.values()])
    top = sheet.legend({name: len(places) for name, places in groups.items()})
    panels = _panels(everything)
    bottom = height - _MARGIN
    if left_out := len(everything.lon) - sum(len(panel.lon) for panel in panels):
        bottom -= _LINE
        sheet.text((_MARGIN, bottom + 2), f"and {left_out:,} places in smaller cities")
    if not panels:
        sheet.text((width // 2, height // 2), "no places", anchor="mm")
    for panel, box in zip(panels, _grid((_MARGIN, top, width - _MARGIN, bottom), len(panels)), strict=True):
        sheet.panel(panel, box, is_one_of_many=len(panels) > 1)
    return sheet.finished()


def _together(groups: Sequence[Floats]) -> _Panel:
    places = np.concatenate([np.empty((0, 2)), *groups])
    return _Panel(places[:, 0], places[:, 1], np.repeat(np.arange(len(groups)), [len(group) for group in groups]))


def _panels(everything: _Panel) -> list[_Panel]:
    """The cities to draw, the largest first."""
    if not len(everything.lon):
        return []
    city = far_apart(everything.lon, everything.lat, gap_m=CITY_GAP_M)
    sizes = np.bincount(city)
    largest = np.argsort(-sizes, kind="stable")[:MOST_PANELS]
    if sizes[largest].sum() < (1 - _MOST_LEFT_OUT) * len(city):
        return [everything]
    inside = [city == number for number in largest]
    return [_Panel(everything.lon[own], everything.lat[own], everything.group[own]) for own in inside]


def _grid(box: _Box, count: int) -> Iterator[_Box]:
    """Boxes side by side, from four on in two rows."""
    left, top, right, bottom = box
    rows = 1 if count <= 3 else 2
    columns = -(-count // rows)
    x = [left + round(i * (right - left + _MARGIN) / columns) for i in range(columns + 1)] if count else []
    y = [top + round(i * (bottom - top + _MARGIN) / rows) for i in range(rows + 1)]
    for number in range(count):
        row, column = divmod(number, columns)
        yield x[column], y[row], x[column + 1] - _MARGIN, y[row + 1] - _MARGIN


class _Sheet:
    """What is drawn on. Coordinates come in pixels of the finished picture."""

    def __init__(self, width: int, height: int) -> None:
        self._size = (width, height)
        self._image = Image.new("RGB", (width * _SHARP, height * _SHARP), "white")
        self._draw = ImageDraw.Draw(self._image)
        self._font = ImageFont.load_default(_FONT * _SHARP)

    def finished(self) -> Image.Image:
        return self._image.reduce(_SHARP)

    def text(self, at: tuple[float, float], words: str, *, anchor: str = "la", colour: str = "#333333") -> None:
        place = (at[0] * _SHARP, at[1] * _SHARP)
        self._draw.text(place, words, fill=colour, font=self._font, anchor=anchor)

    def line(self, *points: tuple[float, float], colour: str = "#333333") -> None:
        self._draw.line([(x * _SHARP, y * _SHARP) for x, y in points], fill=colour, width=_SHARP)

    def legend(self, counts: Mapping[str, int]) -> int:
        """Name and count of every group, in as many lines as it takes; gives the first free pixel row."""
        x, y = _MARGIN, _MARGIN
        for colour, (name, count) in zip(cycle(COLOURS), counts.items(), strict=False):
            words = f"{name}  {count:,}"
            wide = round(self._font.getlength(words) / _SHARP) + 30
            if x > _MARGIN and x + wide > self._size[0] - _MARGIN:
                x, y = _MARGIN, y + _LINE + 2
            dot = [(x + 1) * _SHARP, (y + 2) * _SHARP, (x + 10) * _SHARP, (y + 11) * _SHARP]
            self._draw.ellipse(dot, fill=colour)
            self.text((x + 15, y), words)
            x += wide
        return y + _LINE + 8

    def panel(self, panel: _Panel, box: _Box, *, is_one_of_many: bool) -> None:
        """The frame, the dots and, below them, what the frame holds and its scale."""
        left, top, right, bottom = box
        west, east, south, north = _extent(panel)
        words = [f"lon {west:.4f} to {east:.4f}", f"lat {south:.4f} to {north:.4f}"]
        if is_one_of_many:
            words.insert(0, f"{len(panel.lon):,} places")
        bottom -= len(words) * _LINE + 4
        for number, line in enumerate(words):
            self.text((left, bottom + 4 + number * _LINE), line)
        metres_a_px = self._dots(panel, (left, top, right, bottom))
        self.line((left, top), (right, top), (right, bottom), (left, bottom), (left, top), colour="#BBBBBB")
        self._scale(right, bottom + 4 + len(words) * _LINE, metres_a_px=metres_a_px, most=(right - left) // 4)

    def _dots(self, panel: _Panel, box: _Box) -> float:
        """Draw the places centred in the box; gives metres a pixel."""
        left, top, right, bottom = box
        x, y = _centred_metres(panel)
        metres_a_px = max(
            2 * float(np.abs(x).max()) / (right - left - 2 * _PAD),
            2 * float(np.abs(y).max()) / (bottom - top - 2 * _PAD),
            _SMALLEST_EXTENT_M / (right - left - 2 * _PAD),
        )
        column = np.rint(((left + right) / 2 + x / metres_a_px) * _SHARP).astype(np.int64)
        row = np.rint(((top + bottom) / 2 - y / metres_a_px) * _SHARP).astype(np.int64)
        pixels = np.array(self._image)
        across = _disc(_radius_px(len(x), (right - left) * (bottom - top)) * _SHARP)
        colours = list(islice(cycle(COLOURS), int(panel.group.max()) + 1))
        for group in np.argsort(-np.bincount(panel.group), kind="stable").tolist():
            of_group = panel.group == group
            rgb = tuple(bytes.fromhex(colours[group][1:]))
            for d_row, d_column in across:
                pixels[row[of_group] + d_row, column[of_group] + d_column] = rgb
        self._image.paste(Image.fromarray(pixels))
        return metres_a_px

    def _scale(self, right: int, bottom: int, *, metres_a_px: float, most: int) -> None:
        """A bar of a round length that is at most ``most`` pixels long, and its length above it."""
        metres = _round_length(most * metres_a_px)
        wide = metres / metres_a_px
        y = bottom - 5
        self.line((right - wide, y - 3), (right - wide, y), (right, y), (right, y - 3))
        self.text((right, y - 4), _length(metres), anchor="rd")


def _extent(panel: _Panel) -> tuple[float, float, float, float]:
    """West, east, south, north in degrees; west is the larger number when the antimeridian lies between."""
    west, span = lon_arc(panel.lon)
    east = (west + span + 180.0) % 360.0 - 180.0 if west + span > 180.0 else west + span
    return west, east, float(panel.lat.min()), float(panel.lat.max())


def _centred_metres(panel: _Panel) -> tuple[Floats, Floats]:
    """Metres east and north of the middle of the box around the places."""
    west, span = lon_arc(panel.lon)
    lat0 = float(panel.lat.min() + panel.lat.max()) / 2
    return local_metres(panel.lon, panel.lat, lon0=west + span / 2, lat0=lat0)


def _radius_px(count: int, area: int) -> float:
    """Dots cover about a sixth of the box if they lie evenly; 1 to 4 px."""
    return float(np.clip(np.sqrt(area / count / 20), 1.0, 4.0))


def _disc(radius: float) -> list[tuple[int, int]]:
    reach = range(-int(radius), int(radius) + 1)
    return [(row, column) for row in reach for column in reach if row * row + column * column <= radius * radius]


def _round_length(metres: float) -> float:
    """The largest of 1, 2, 5, 10, … not above ``metres``."""
    power = 10.0 ** np.floor(np.log10(metres))
    return float(max(step * power for step in (1, 2, 5) if step * power <= metres))


def _length(metres: float) -> str:
    return f"{metres / 1000:,.0f} km" if metres >= 1000 else f"{metres:g} m"
