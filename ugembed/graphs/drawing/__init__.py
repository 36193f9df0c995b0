"""Pictures: one local graph as SVG, PNG or a page to explore (`draw_graph`), and a whole run on its map (`points_map`).

Drawn by matplotlib without a display and without global state; the same input gives the same bytes.
"""

from ugembed.graphs.drawing.drawing import GraphDrawing, draw_graph
from ugembed.graphs.drawing.points_map import points_map

__all__ = ["GraphDrawing", "draw_graph", "points_map"]
