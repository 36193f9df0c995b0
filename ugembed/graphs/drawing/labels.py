"""Which names a map wants: streets along their course and the nearest places, in the order of their importance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, zip_longest

import numpy as np
from numpy.typing import NDArray

from ugembed.geo.geodesy import Floats
from ugembed.graphs.drawing.backdrop import Backdrop
from ugembed.graphs.drawing.names import Wanted
from ugembed.graphs.drawing.palette import node_looks
from ugembed.graphs.drawing.scene import Frame, Scene, street_of

MOST_PLACES, MOST_STREETS = 60, 40
"""Names that are tried; those that find no room are left to the page's pointer."""

_STREET_KIND = "street"
_STRAIGHT = 0.97  # a stretch whose ends are nearly as far apart as it is long is named along the whole of it


def wanted_names(
    scene: Scene,
    points: Callable[[Floats], Floats],
    backdrop: Backdrop | None,
    *,
    frame: Frame,
    close_up: Frame | None = None,
) -> list[Wanted]:
    """Streets and places in turn: long streets and near places first.

    Args:
        scene: What is drawn.
        points: Metres (…, 2) to points on the paper.
        backdrop: Gives the true course of streets; else they are named along the graph's own edges.
        frame: What the map shows.
        close_up: A part of it whose places need no names.
    """
    lines = _longest_first(_courses(backdrop) if backdrop is not None else _edge_lines(scene))
    inside = [(name, line) for name, line in lines if frame.holds(line).all()]
    streets = [_along(name, points(line)) for name, line in inside[:MOST_STREETS]]
    shown = frame.holds(scene.at)
    if close_up is not None:
        shown &= ~close_up.holds(scene.at)
    places = list(_places(scene, points, shown=shown, with_streets=not lines))
    return [name for pair in zip_longest(streets, places[:MOST_PLACES]) for name in pair if name is not None]


def _along(name: str, line: Floats) -> Wanted:
    (x1, y1), (x2, y2) = line.tolist()
    return Wanted(name, x1, y1, end=(x2, y2))


def _places(
    scene: Scene, points: Callable[[Floats], Floats], *, shown: NDArray[np.bool_], with_streets: bool
) -> Iterator[Wanted]:
    looks = node_looks(scene.kinds)
    for i in np.argsort(scene.away_m, kind="stable").tolist():
        kind = scene.kinds[i]
        is_named = looks[kind].is_named or (with_streets and kind == _STREET_KIND)
        if is_named and scene.names[i] and shown[i] and i != scene.center:
            x, y = points(scene.at[i])
            yield Wanted(scene.names[i], x, y, gap=looks[kind].size / 2 + 2.5)


def _edge_lines(scene: Scene) -> Iterator[tuple[str, Floats]]:
    """(street, its two ends in metres) of the edges that run along a street."""
    for edge, ends in zip(scene.graph.edges, scene.ends, strict=True):
        if name := street_of(edge):
            yield name, scene.at[ends]


def _courses(backdrop: Backdrop) -> Iterator[tuple[str, Floats]]:
    """(street, ends in metres) of every named stretch that is nearly straight, and of single straight parts."""
    for street in backdrop.streets:
        if street.name:
            steps = np.hypot(*np.diff(street.at, axis=0).T)
            whole = street.at[[0, -1]]
            if np.hypot(*(whole[1] - whole[0])) > _STRAIGHT * steps.sum():
                yield street.name, whole
            else:
                longest = int(steps.argmax())
                yield street.name, street.at[longest : longest + 2]


def _longest_first(lines: Iterable[tuple[str, Floats]]) -> list[tuple[str, Floats]]:
    """Every street at its longest stretch first, then once more at the others, in case that has no room."""
    ordered = sorted(lines, key=lambda line: (-round(float(np.hypot(*(line[1][1] - line[1][0]))), 3), line[0]))
    firsts: dict[str, int] = {}
    for i, (name, _) in enumerate(ordered):
        firsts.setdefault(name, i)
    first = set(firsts.values())
    again = (line for i, line in enumerate(ordered) if i not in first)
    return list(chain((ordered[i] for i in sorted(first)), again))
