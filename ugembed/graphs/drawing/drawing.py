"""`draw_graph`: a local graph as SVG, as PNG, or as the maps of a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ugembed.graphs.drawing.backdrop import Backdrop, backdrop
from ugembed.graphs.drawing.legend import draw_around, draw_legend, legend_height
from ugembed.graphs.drawing.marks import put_text
from ugembed.graphs.drawing.names import shortened
from ugembed.graphs.drawing.palette import COLOURS, light
from ugembed.graphs.drawing.panel import View, draw_panel
from ugembed.graphs.drawing.render import add_axes, new_figure, png_bytes, svg_text
from ugembed.graphs.drawing.scene import Frame, Scene
from ugembed.graphs.maps.city_map import CityMap
from ugembed.graphs.schema import UrbanGraph

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAIN_PT, CLOSE_PT = 560.0, 320.0
"""Sides of the two maps of a picture, points."""

_LEGEND_PT = 260.0
_MARGIN, _TITLE = 16.0, 46.0
_CLOSE_ZOOM = 1.15
_LONGEST_TITLE = 64
_INHERIT = "inherit"


@dataclass(frozen=True, slots=True)
class Map:
    """One map of a page: its SVG, and what it shows."""

    name: str
    svg: str
    frame: Frame


@dataclass(frozen=True)
class GraphDrawing:
    """A graph, ready to be drawn; the same graph and map give the same bytes."""

    scene: Scene
    backdrop: Backdrop | None

    def png(self) -> bytes:
        """A picture of one map, a close-up of the centre where that shows more, and a legend."""
        return png_bytes(self._figure())

    def svg(self) -> str:
        """The same picture as an SVG document; texts are texts."""
        svg = svg_text(self._figure(), salt="picture")
        return f'<?xml version="1.0" encoding="utf-8"?>\n{svg}'

    def maps(self) -> list[Map]:
        """The map and the close-up, each for itself, in colours that a page can change (``var(--map-ink)``)."""
        maps = []
        for name, view in self._views().items():
            figure = new_figure(view.side, view.side)
            self._draw_map(figure, view)
            maps.append(Map(name, _themed(figure, salt=name), view.frame))
        return maps

    def legend(self) -> str:
        """The legend for itself, like `maps`."""
        figure = new_figure(_LEGEND_PT, legend_height(self.scene))
        figure.patch.set_visible(False)
        axes = add_axes(figure, left=0, bottom=0, width=_LEGEND_PT, height=legend_height(self.scene))
        draw_legend(axes, self.scene, width=_LEGEND_PT)
        return _themed(figure, salt="legend")

    def _views(self) -> dict[str, View]:
        """The main map, and the close-up where there is one."""
        close = self.scene.close_up
        views = {"graph": View(self.scene.frame, MAIN_PT, close_up=close)}
        if close is not None:
            views["close-up"] = View(close, CLOSE_PT, zoom=_CLOSE_ZOOM)
        return views

    def _draw_map(self, figure: Figure, view: View, *, left: float = 0.0, bottom: float = 0.0) -> None:
        axes = add_axes(figure, left=left, bottom=bottom, width=view.side, height=view.side)
        draw_panel(axes, self.scene, view, self.backdrop)

    def _figure(self) -> Figure:
        """Title above, the map on the left, the close-up, the legend and the nearest things on the right."""
        main, *close = self._views().values()
        column = CLOSE_PT if close else _LEGEND_PT
        width, height = MAIN_PT + column + 3 * _MARGIN, MAIN_PT + _TITLE + _MARGIN
        figure = new_figure(width, height)
        figure.patch.set_facecolor(light("page"))
        self._draw_title(figure, width, height)
        self._draw_map(figure, main, left=_MARGIN, bottom=_MARGIN)
        left, top = MAIN_PT + 2 * _MARGIN, MAIN_PT + _MARGIN
        for view in close:
            self._draw_map(figure, view, left=left, bottom=top - CLOSE_PT)
            top -= CLOSE_PT + _MARGIN
        tall = legend_height(self.scene)
        axes = add_axes(figure, left=left, bottom=top - tall, width=column, height=tall)
        draw_legend(axes, self.scene, width=column)
        rest = top - tall - _MARGIN / 2
        axes = add_axes(figure, left=left, bottom=_MARGIN, width=column, height=rest - _MARGIN)
        draw_around(axes, self.scene, width=column, height=rest - _MARGIN)
        return figure

    def _draw_title(self, figure: Figure, width: float, height: float) -> None:
        axes = add_axes(figure, left=_MARGIN, bottom=height - _TITLE, width=width - 2 * _MARGIN, height=_TITLE)
        put_text(
            axes,
            0,
            24,
            shortened(self.scene.title, _LONGEST_TITLE),
            size=14,
            colour="ink",
            weight="bold",
            va="baseline",
        )
        put_text(axes, 0, 9, " · ".join(self.scene.facts), size=8.5, colour="soft", va="baseline")


def draw_graph(graph: UrbanGraph, *, city_map: CityMap | None = None) -> GraphDrawing:
    """Draw a graph in metres around its centre, north up.

    Args:
        graph: Of any origin: nodes without ``kind`` and edges of unknown types are drawn too.
        city_map: Streets and areas that are drawn beneath, lightly, as they really run.
    """
    scene = Scene.of(graph)
    here = graph.center_node
    beneath = backdrop(city_map, lon0=here.lon, lat0=here.lat, frame=scene.frame) if city_map is not None else None
    return GraphDrawing(scene, beneath)


def _themed(figure: Figure, *, salt: str) -> str:
    """The SVG with a variable in place of every colour, ``var(--map-ink)`` for the ink."""
    variables = {colour: f"var(--map-{name})" for name, (colour, _) in COLOURS.items()}
    return svg_text(figure, salt=salt, font=_INHERIT, variables=variables)
