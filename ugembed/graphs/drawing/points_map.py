"""A picture of a whole run: the streets of the map, the points placed on them, and those that were left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from ugembed.errors import GraphError
from ugembed.geo.geodesy import Floats, from_local_metres, local_metres
from ugembed.graphs.drawing.backdrop import street_rank
from ugembed.graphs.drawing.marks import length_text, north_arrow, put_text, scale_bar
from ugembed.graphs.drawing.palette import light
from ugembed.graphs.drawing.render import add_axes, new_figure, png_bytes
from ugembed.graphs.drawing.scene import printable
from ugembed.graphs.maps.city_map import Link

MOST_DOTS = 20_000
"""Of more points the picture shows how many there are in every cell of a honeycomb."""

Places: TypeAlias = tuple[ArrayLike, ArrayLike]

_WIDE, _HIGH = 760.0, 560.0  # points, of the map
_MARGIN, _TITLE, _LINE, _TEXT = 16.0, 30.0, 14.0, 8.5
_ROOM = 1.12
_LEAST_HALF_M = 150.0
_MANY_LINKS = 8000
_CELL_PT = 5.0
_LOST_COLOURS = ("camera", "image", "ink", "other-4", "other-2")
_LOST_MARKERS = ("x", "+", "1", "2")
_WIDTHS = {"main": 1.9, "road": 1.1, "path": 0.5}


def points_map(links: Sequence[Link], placed: Places, lost: Mapping[str, Places]) -> bytes:
    """Draw a run as PNG, north up, framed around the points that were placed (without any: the map).

    Args:
        links: The streets of the map.
        placed: (lon, lat) arrays in degrees of the points that have a graph.
        lost: Why points were left out (a code) to their (lon, lat); NaN where a position is not known. Those a little
            outside widen the frame, those far away stand at its edge; the legend counts all.

    Raises:
        GraphError: ``map-empty`` when there is no place at all to draw.
    """
    found = _degrees(placed)
    codes = {code: _degrees(places) for code, places in lost.items()}
    ground = _Ground.around(links, found, np.concatenate([np.empty((0, 2)), *codes.values()]))
    foot = _LINE * (1 + len(codes)) + 8
    figure = new_figure(_WIDE + 2 * _MARGIN, _HIGH + _TITLE + foot + 4)
    figure.patch.set_facecolor(light("page"))
    axes = add_axes(figure, left=_MARGIN, bottom=foot + 4, width=_WIDE, height=_HIGH)
    _draw_ground(axes, links, ground)
    at = ground.points(found)
    (_draw_dots if len(at) <= MOST_DOTS else _draw_cells)(axes, at)
    told = [_draw_lost(axes, ground, code, number, codes[code]) for number, code in enumerate(codes)]
    scale_bar(axes, points_per_m=ground.points_per_m, width=_WIDE)
    north_arrow(axes, width=_WIDE, height=_HIGH)
    _draw_words(figure, ground, len(found), told)
    return png_bytes(figure)


@dataclass(frozen=True, slots=True)
class _Ground:
    """Where the paper lies: (lon0, lat0) in degrees, the metres of its middle from there, and points a metre."""

    lon0: float
    lat0: float
    middle: tuple[float, float]
    points_per_m: float

    @classmethod
    def around(cls, links: Sequence[Link], placed: Floats, lost: Floats) -> _Ground:
        from ugembed.geo.neighbours import lon_arc

        known = lost[np.isfinite(lost).all(axis=1)]
        core = placed if len(placed) else np.concatenate([link.points for link in links]) if links else known
        if not len(core):
            hint = "points or streets have to be somewhere"
            raise GraphError("neither streets nor points to draw", code="map-empty", hint=hint)
        west, span = lon_arc(core[:, 0])
        lon0, lat0 = west + span / 2, float(core[:, 1].min() + core[:, 1].max()) / 2
        inside = _metres(core, lon0, lat0)
        reach = np.maximum(np.abs(inside).max(axis=0), _LEAST_HALF_M)
        others = _metres(known, lon0, lat0)
        near = others[(np.abs(others) <= 2 * reach.max()).all(axis=1)]
        low, high = (bound(np.concatenate([inside, near]), axis=0) for bound in (np.min, np.max))
        half = np.maximum((high - low) / 2, _LEAST_HALF_M) * _ROOM
        east, north = ((low + high) / 2).tolist()
        return cls(lon0, lat0, (east, north), float(min(_WIDE / 2 / half[0], _HIGH / 2 / half[1])))

    def points(self, degrees: Floats) -> Floats:
        """(n, 2) points on the paper of (lon, lat)."""
        away = _metres(degrees, self.lon0, self.lat0) - self.middle
        return np.asarray(away * self.points_per_m + (_WIDE / 2, _HIGH / 2))

    @property
    def extent(self) -> str:
        """What the paper shows, in degrees and kilometres."""
        east, north = (np.array([-size, size]) / 2 / self.points_per_m for size in (_WIDE, _HIGH))
        lon, _ = from_local_metres(east + self.middle[0], self.middle[1], lon0=self.lon0, lat0=self.lat0)
        _, lat = from_local_metres(self.middle[0], north + self.middle[1], lon0=self.lon0, lat0=self.lat0)
        wide, high = (length_text(float(f"{2 * side[1]:.2g}")) for side in (east, north))
        return f"lon {lon[0]:.4f} to {lon[1]:.4f}, lat {lat[0]:.4f} to {lat[1]:.4f} ({wide} × {high})"


def _degrees(places: Places) -> Floats:
    return np.stack([np.asarray(column, dtype=np.float64).reshape(-1) for column in places], axis=1)


def _metres(degrees: Floats, lon0: float, lat0: float) -> Floats:
    return np.stack(local_metres(degrees[:, 0], degrees[:, 1], lon0=lon0, lat0=lat0), axis=1)


def _draw_ground(axes: Any, links: Sequence[Link], ground: _Ground) -> None:
    """The streets that touch the paper, thinner when they are many."""
    from matplotlib.collections import LineCollection
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((0, 0), _WIDE, _HIGH, fc=light("ground"), ec=light("rule"), lw=1, zorder=0))
    if not links:
        return
    begins = np.cumsum([0, *(len(link.points) for link in links)])
    at = ground.points(np.concatenate([link.points for link in links]))
    low, high = (bound.reduceat(at, begins[:-1], axis=0) for bound in (np.minimum, np.maximum))
    seen = ((high >= 0) & (low <= (_WIDE, _HIGH))).all(axis=1)
    lines: dict[str, list[Floats]] = {rank: [] for rank in ("path", "road", "main")}
    for i in np.flatnonzero(seen).tolist():
        lines[street_rank(links[i].highway)].append(at[begins[i] : begins[i + 1]])
    thinner = min(1.0, (_MANY_LINKS / max(1, int(seen.sum()))) ** 0.5)
    for rank, courses in lines.items():
        colour = light("path" if rank == "path" else "faint")
        wide = max(0.25, _WIDTHS[rank] * thinner)
        axes.add_collection(LineCollection(courses, colors=colour, linewidths=wide, alpha=0.75, zorder=1))


def _draw_dots(axes: Any, at: Floats) -> None:
    """Dots that cover a part of the paper if they lie evenly; 1.6 to 6 points wide."""
    wide = float(np.clip((_WIDE * _HIGH / 25 / max(1, len(at))) ** 0.5, 1.6, 6.0))
    axes.scatter(*at.T, s=wide**2, c=light("street"), ec=light("page"), lw=0.3 if wide > 3 else 0.0, zorder=5)


def _draw_cells(axes: Any, at: Floats) -> None:
    """A honeycomb, darker where more points are, with a scale that tells how many."""
    from matplotlib.colors import LinearSegmentedColormap

    shades = LinearSegmentedColormap.from_list("points", ["#9ecae1", light("street"), "#08264a"])
    cells = (round(_WIDE / _CELL_PT), round(_HIGH / _CELL_PT / 3**0.5))
    drawn = axes.hexbin(
        *at.T,
        gridsize=cells,
        extent=(0, _WIDE, 0, _HIGH),
        bins="log",
        mincnt=1,
        cmap=shades,
        lw=0,
        alpha=0.85,
        zorder=5,
    )
    most = int(drawn.get_array().max())
    strip = np.linspace(0.0, 1.0, 64)[None]
    left, bottom, wide = _WIDE - 150.0, 12.0, 90.0
    axes.imshow(strip, extent=(left, left + wide, bottom, bottom + 7), cmap=shades, aspect="auto", zorder=30)
    axes.set_xlim(0, _WIDE)  # a picture moves the limits
    axes.set_ylim(0, _HIGH)
    put_text(axes, left - 4, bottom, "points a cell  1", size=7, colour="ink", ha="right", va="bottom")
    put_text(axes, left + wide + 4, bottom, f"{most:,}", size=7, colour="ink", va="bottom")


@dataclass(frozen=True, slots=True)
class _Told:
    """A line of the legend."""

    words: str
    colour: str
    marker: str


def _draw_lost(axes: Any, ground: _Ground, code: str, number: int, places: Floats) -> _Told:
    """Crosses where points lie, at the edge those that lie beyond; what to say of them."""
    known = places[np.isfinite(places).all(axis=1)]
    at = ground.points(known)
    beyond = ((at < 0) | (at > (_WIDE, _HIGH))).any(axis=1)
    edge = np.clip(at, 5, (_WIDE - 5, _HIGH - 5))
    colour, marker = _LOST_COLOURS[number % len(_LOST_COLOURS)], _LOST_MARKERS[number // len(_LOST_COLOURS) % 4]
    wide = 6.0 if len(known) <= MOST_DOTS else 3.0
    axes.scatter(*edge.T, s=wide**2, c=light(colour), marker=marker, lw=1.3, zorder=6)
    notes = []
    if beyond.any():
        away = np.hypot(*(at[beyond] - (_WIDE / 2, _HIGH / 2)).T).max() / ground.points_per_m
        notes.append(f"{beyond.sum():,} beyond the edge, up to {length_text(float(f'{away:.2g}'))} away")
    if without := len(places) - len(known):
        notes.append(f"{without:,} without a position")
    words = f"{printable(code)}  {len(places):,}" + (f"  ({', '.join(notes)})" if notes else "")
    return _Told(words, colour, marker)


def _draw_words(figure: Any, ground: _Ground, placed: int, told: Sequence[_Told]) -> None:
    """The extent above the map, the legend below it."""
    wide, high = figure.get_size_inches() * 72
    axes = add_axes(figure, left=0, bottom=0, width=wide, height=high)
    axes.set_zorder(-1)
    put_text(axes, _MARGIN, high - 18, ground.extent, size=_TEXT, colour="soft", va="baseline")
    rows = [_Told(f"placed  {placed:,}", "street", "o"), *told]
    for i, row in enumerate(rows):
        y = _LINE * (len(rows) - i - 0.5) + 4
        axes.scatter(
            [_MARGIN + 5], [y], s=36, marker=row.marker, c=light(row.colour), lw=0 if row.marker == "o" else 1.5
        )
        put_text(axes, _MARGIN + 16, y, row.words, size=_TEXT, colour="ink", va="center_baseline")
