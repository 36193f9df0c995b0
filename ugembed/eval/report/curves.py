"""Training curves as small SVG line charts whose colours the page's style sheet decides."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
from markupsafe import Markup

from ugembed.errors import DataError
from ugembed.files import iter_lines

WIDTH, HEIGHT = 520, 250
LEFT, RIGHT, TOP, BOTTOM = 46, 22, 14, 34
MAX_POINTS = 300
QUANTITIES = {"loss": "Loss", "accuracy": "In-batch accuracy"}

Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Chart:
    """A titled drawing with its legend: (css class, label) of every line."""

    title: str
    svg: Markup
    legend: tuple[tuple[str, str], ...]


def curve_charts(curves: Mapping[str, Path]) -> list[Chart]:
    """A chart of every quantity that at least one training recorded.

    Raises:
        DataError: ``file-missing``, or ``metrics-broken`` with the line at fault.
    """
    rows = {label: _read(path) for label, path in curves.items()}
    charts = []
    for key, title in QUANTITIES.items():
        lines = {label: points for label, entries in rows.items() if (points := _points(entries, key))}
        if lines:
            classes = {label: f"line-{position % 6}" for position, label in enumerate(rows)}
            legend = tuple((classes[label], label) for label in lines)
            charts.append(Chart(title, _draw(lines, classes, title), legend))
    return charts


def _read(path: Path) -> list[dict[str, object]]:
    rows = []
    for number, line in iter_lines(path):
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise DataError(
                f"{path}:{number}: not JSON: {error}", code="metrics-broken", hint="remove the line"
            ) from None
        if not isinstance(row, dict):
            raise DataError(f"{path}:{number}: not an object", code="metrics-broken", hint="remove the line")
        rows.append(row)
    return rows


def _points(rows: Sequence[Mapping[str, object]], key: str) -> Points:
    """(step, value) of the finite values, thinned to the means of at most `MAX_POINTS` neighbours."""
    pairs = [
        (float(step), float(value))
        for row in rows
        if isinstance(step := row.get("step"), (int, float))
        and isinstance(value := row.get(key), (int, float))
        and math.isfinite(value)
    ]
    if len(pairs) <= MAX_POINTS:
        return pairs
    return [tuple(chunk.mean(axis=0).tolist()) for chunk in np.array_split(np.array(pairs), MAX_POINTS)]


def _draw(lines: Mapping[str, Points], classes: Mapping[str, str], title: str) -> Markup:
    steps = [step for points in lines.values() for step, _ in points]
    values = [value for points in lines.values() for _, value in points]
    x_ticks, y_ticks = nice_ticks(min(steps), max(steps)), nice_ticks(min(0.0, *values), max(values))

    def x(step: float) -> float:
        return LEFT + (step - x_ticks[0]) / (x_ticks[-1] - x_ticks[0]) * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (value - y_ticks[0]) / (y_ticks[-1] - y_ticks[0]) * (HEIGHT - TOP - BOTTOM)

    parts = [Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(WIDTH, HEIGHT, title)]
    for tick in y_ticks:
        parts.append(_line("grid", LEFT, y(tick), WIDTH - RIGHT, y(tick)))
        parts.append(_text(LEFT - 8, y(tick) + 4, f"{tick:g}", "end"))
    parts += [_text(x(tick), HEIGHT - BOTTOM + 18, f"{tick:g}", "middle") for tick in x_ticks]
    parts.append(_text(WIDTH - RIGHT, HEIGHT - 3, "step", "end"))
    for label, points in lines.items():
        path = " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in points)
        parts.append(Markup('<polyline class="{}" points="{}"/>').format(classes[label], path))
    return Markup("").join([*parts, Markup("</svg>")])


def nice_ticks(low: float, high: float, *, about: int = 5) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten apart) that enclose ``low`` … ``high``."""
    span = max(high - low, 1e-9 * max(1.0, abs(high)))
    raw = span / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(step * position, 12) for position in range(first, max(last, first + 1) + 1)]


def _line(css: str, x1: float, y1: float, x2: float, y2: float) -> Markup:
    template = '<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>'
    return Markup(template).format(css, x1, y1, x2, y2)


def _text(x: float, y: float, text: str, anchor: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(x, y, anchor, text)
