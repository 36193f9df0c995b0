"""One map: the ground, edges, nodes, the camera and where it looks, names, scale and north."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ugembed.geo.geodesy import Floats
from ugembed.graphs.drawing.backdrop import ROAD_WIDTHS, Backdrop
from ugembed.graphs.drawing.labels import wanted_names
from ugembed.graphs.drawing.marks import north_arrow, put_text, scale_bar
from ugembed.graphs.drawing.names import Box, place
from ugembed.graphs.drawing.palette import CAMERA_PT, edge_looks, light, node_looks
from ugembed.graphs.drawing.render import text_width
from ugembed.graphs.drawing.scene import Frame, Scene

CONE_DEG = 60.0
"""Width of the view cone; the true field of view is not known."""

_PLACE_PT, _STREET_PT = 7.0, 6.5
_CONE_PT = (30.0, 62.0)
_OTHER_CONE_PT = 11.0


@dataclass(frozen=True, slots=True)
class View:
    """A square map: what it shows, its side in points, and how much larger than in an overview things are drawn.

    ``close_up``: the part that another map shows closer, which then gets a frame and no names here.
    """

    frame: Frame
    side: float
    zoom: float = 1.0
    close_up: Frame | None = None

    @property
    def points_per_m(self) -> float:
        return self.side / (2 * self.frame.half_m)

    def points(self, at: Floats) -> Floats:
        """Metres (…, 2) to points from the lower left corner."""
        return np.asarray((at - (self.frame.east, self.frame.north)) * self.points_per_m + self.side / 2)


def draw_panel(axes: Any, scene: Scene, view: View, backdrop: Backdrop | None) -> None:
    """Draw a map into axes whose unit is the point."""
    whole = Box(0, 0, view.side, view.side)
    axes.add_patch(_square(whole, fc=light("ground"), lw=0, zorder=0))
    if backdrop is not None:
        _draw_backdrop(axes, backdrop, view)
    _draw_radius(axes, scene, view)
    _draw_edges(axes, scene, view)
    _draw_nodes(axes, scene, view)
    taken = [*_draw_cameras(axes, scene, view), *_draw_marks(axes, view)]
    _draw_names(axes, scene, view, backdrop, taken)
    axes.add_patch(_square(whole, fc="none", ec=light("rule"), lw=1.0, zorder=40))


def _square(box: Box, **how: Any) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((box.left, box.bottom), box.right - box.left, box.top - box.bottom, **how)


def _draw_radius(axes: Any, scene: Scene, view: View) -> None:
    """How far the graph was to reach."""
    from matplotlib.patches import Circle

    if scene.radius_m:
        middle, radius = view.points(scene.at[scene.center]), view.points_per_m * scene.radius_m
        axes.add_patch(Circle(tuple(middle), radius, ec=light("rule"), fc="none", lw=0.8, zorder=3))


def _draw_backdrop(axes: Any, backdrop: Backdrop, view: View) -> None:
    from matplotlib.collections import LineCollection, PathCollection
    from matplotlib.path import Path

    for colour, rings in backdrop.areas:
        paths = Path.make_compound_path(*(Path(view.points(ring), closed=True) for ring in rings))
        axes.add_collection(PathCollection([paths], fc=light(colour), ec=light("road-edge"), lw=0.3, zorder=1))
    rivers = [view.points(river) for river in backdrop.rivers]
    axes.add_collection(LineCollection(rivers, colors=light("water"), linewidths=3 * view.zoom, zorder=1.1))
    for rank in ("path", "road", "main"):
        lines = [view.points(street.at) for street in backdrop.streets if street.rank == rank]
        wide = ROAD_WIDTHS[rank] * view.zoom
        if rank == "path":
            axes.add_collection(LineCollection(lines, colors=light("path"), linewidths=wide, zorder=1.2))
            continue
        how = {"capstyle": "round", "joinstyle": "round"}
        axes.add_collection(LineCollection(lines, colors=light("road-edge"), linewidths=wide + 0.9, zorder=1.3, **how))
        axes.add_collection(LineCollection(lines, colors=light("road"), linewidths=wide, zorder=1.4, **how))


def _draw_edges(axes: Any, scene: Scene, view: View) -> None:
    """Those of the centre lie above all others and are stronger."""
    from matplotlib.collections import LineCollection

    ends, kinds = view.points(scene.at[scene.ends]), np.array(scene.edge_kinds, dtype=object)  # (m, 2 ends, 2)
    of_centre = (scene.ends == scene.center).any(axis=1)
    for kind, look in edge_looks(scene.edge_kinds).items():
        for own, stronger in ((~of_centre, 1.0), (of_centre, 1.7)):
            lines = ends[(kinds == kind) & own]
            alpha = look.alpha if stronger == 1.0 else 1.0
            axes.add_collection(
                LineCollection(
                    lines,
                    colors=light(look.colour),
                    linestyles=[look.dashes],
                    alpha=alpha,
                    linewidths=look.width * stronger * view.zoom**0.5,
                    zorder=4 + look.order / 10 + stronger,
                )
            )


def _draw_nodes(axes: Any, scene: Scene, view: View) -> None:
    at, kinds = view.points(scene.at), np.array(scene.kinds, dtype=object)
    inside = view.frame.holds(scene.at)
    inside[scene.center] = False
    for kind, look in node_looks(scene.kinds).items():
        x, y = at[(kinds == kind) & inside].T
        size = (look.size * view.zoom**0.7) ** 2
        axes.scatter(
            x, y, s=size, marker=look.marker, c=light(look.colour), ec=light("page"), lw=0.5, zorder=10 + look.order
        )


def _draw_cameras(axes: Any, scene: Scene, view: View) -> Iterator[Box]:
    """The centre, where it looks, and where other images look; gives the room that the centre takes."""
    for i, heading in scene.headings.items():
        if i != scene.center and view.frame.holds(scene.at[i]):
            _wedge(axes, view.points(scene.at[i]), _OTHER_CONE_PT, heading, fc=light("image"), alpha=0.45, zorder=9)
    x, y = view.points(scene.at[scene.center])
    looks = scene.headings.get(scene.center)
    room = CAMERA_PT / 2 + 1
    yield Box(x - room, y - room, x + room, y + room)
    if looks is None:
        axes.scatter([x], [y], s=CAMERA_PT**2 * 4, fc="none", ec=light("camera"), lw=1.4, zorder=33)
    else:
        for radius in _CONE_PT:
            _wedge(axes, (x, y), radius * view.zoom**0.5, looks, fc=light("camera"), alpha=0.28, zorder=8.5)
    axes.scatter([x], [y], s=CAMERA_PT**2, c=light("camera"), ec=light("page"), lw=1.4, zorder=34)


def _wedge(axes: Any, at: Any, radius: float, heading: float, **how: Any) -> None:
    from matplotlib.patches import Wedge

    middle = 90.0 - heading  # against the clock from east
    axes.add_patch(Wedge(tuple(at), radius, middle - CONE_DEG / 2, middle + CONE_DEG / 2, lw=0, **how))


def _draw_marks(axes: Any, view: View) -> Iterator[Box]:
    yield scale_bar(axes, points_per_m=view.points_per_m, width=view.side)
    yield north_arrow(axes, width=view.side, height=view.side)
    if view.close_up is not None:
        close = np.array([view.close_up.east, view.close_up.north])
        low, high = view.points(close - view.close_up.half_m), view.points(close + view.close_up.half_m)
        box = Box(*low, *high)
        axes.add_patch(_square(box, fc="none", ec=light("camera"), lw=0.9, alpha=0.8, zorder=26))
        yield box


def _draw_names(axes: Any, scene: Scene, view: View, backdrop: Backdrop | None, taken: list[Box]) -> None:
    def width_of(text: str, *, is_street: bool) -> float:
        return text_width(text, _STREET_PT if is_street else _PLACE_PT) + 2.0

    frame = Box(3, 3, view.side - 3, view.side - 3)
    wanted = wanted_names(scene, view.points, backdrop, frame=view.frame, close_up=view.close_up)
    for name in place(wanted, width_of=width_of, height=_PLACE_PT + 2, frame=frame, taken=taken):
        size, colour = (_STREET_PT, "soft") if name.is_street else (_PLACE_PT, "ink")
        ground = {"boxstyle": "round,pad=0.12", "fc": light("ground"), "alpha": 0.72, "lw": 0}
        how = {"ha": "center", "va": "center", "rotation": name.turned, "rotation_mode": "anchor"}
        put_text(axes, name.x, name.y, name.text, size=size, colour=colour, bbox=ground, zorder=22, **how)
