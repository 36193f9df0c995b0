"""What the markers and lines of a drawing mean, with how many there are of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ugembed.graphs.drawing.around import around
from ugembed.graphs.drawing.marks import put_text
from ugembed.graphs.drawing.names import shortened
from ugembed.graphs.drawing.palette import CAMERA_PT, EdgeLook, NodeLook, edge_looks, light, node_looks
from ugembed.graphs.drawing.scene import Scene

ROW = 13.0
_HEAD = 17.0
_TEXT = 8.0
_MOST_ROWS = 12
_SAMPLE = 24.0
_LONGEST = 17  # characters of a kind


def legend_height(scene: Scene) -> float:
    """Points that a legend takes."""
    return _HEAD + ROW * max(1 + len(_node_rows(scene)), len(_edge_rows(scene))) + 4


def draw_legend(axes: Any, scene: Scene, *, width: float) -> None:
    """The camera and the other nodes by kind on the left, edges by type on the right, in points."""
    top = legend_height(scene)
    for x, title in ((0.0, "Nodes"), (width / 2, "Edges")):
        put_text(axes, x, top - 2, title, size=_TEXT + 0.5, colour="ink", va="top", weight="bold")
    nodes, edges = node_looks(scene.kinds), edge_looks(scene.edge_kinds)
    _node_sample(axes, top - _HEAD - ROW / 2, colour="camera", marker="o", size=CAMERA_PT)
    _words(axes, 18, top - _HEAD - ROW / 2, "camera (the centre)")
    for row, (kind, count) in enumerate(_node_rows(scene), 1):
        y = top - _HEAD - ROW * (row + 0.5)
        if kind in nodes:
            look = nodes[kind]
            _node_sample(axes, y, colour=look.colour, marker=look.marker, size=max(look.size, 5.0) * 1.15)
        _words(axes, 18, y, kind or "(no kind)", count)
    for row, (kind, count) in enumerate(_edge_rows(scene)):
        y = top - _HEAD - ROW * (row + 0.5)
        if kind in edges:
            _edge_sample(axes, width / 2, y, edges[kind])
        _words(axes, width / 2 + _SAMPLE + 6, y, kind or "(no type)", count)


def _node_rows(scene: Scene) -> list[tuple[str, int]]:
    others = [kind for i, kind in enumerate(scene.kinds) if i != scene.center]
    return _rows(node_looks(others), others)


def _edge_rows(scene: Scene) -> list[tuple[str, int]]:
    return _rows(edge_looks(scene.edge_kinds), scene.edge_kinds)


def draw_around(axes: Any, scene: Scene, *, width: float, height: float) -> None:
    """What the centre is related to, the nearest first: as many lines as there is room for."""
    rows = around(scene)[: max(0, int((height - _HEAD) // ROW))]
    if not rows:
        return
    put_text(axes, 0, height - 2, "Around the camera", size=_TEXT + 0.5, colour="ink", va="top", weight="bold")
    for i, row in enumerate(rows):
        y = height - _HEAD - ROW * (i + 0.5)
        put_text(axes, 0, y, shortened(row.name), size=_TEXT, colour="ink", va="center_baseline")
        put_text(axes, width, y, row.where, size=_TEXT, colour="soft", va="center_baseline", ha="right")


def _rows(looks: Mapping[str, NodeLook] | Mapping[str, EdgeLook], kinds: Sequence[str]) -> list[tuple[str, int]]:
    """(kind, count); of very many kinds the last row holds the rest."""
    counts = Counter(kinds)
    rows = [(kind, counts[kind]) for kind in looks]
    if len(rows) <= _MOST_ROWS:
        return rows
    rest = rows[_MOST_ROWS - 1 :]
    return [*rows[: _MOST_ROWS - 1], (f"{len(rest)} other kinds", sum(count for _, count in rest))]


def _words(axes: Any, x: float, y: float, kind: str, count: int | None = None) -> None:
    words = kind if count is None else f"{shortened(kind, _LONGEST)}\u2002{count:,}"
    put_text(axes, x, y, words, size=_TEXT, colour="ink", va="center_baseline")


def _node_sample(axes: Any, y: float, *, colour: str, marker: str, size: float) -> None:
    axes.scatter([6], [y], s=size**2, marker=marker, c=light(colour), ec=light("page"), lw=0.5)


def _edge_sample(axes: Any, x: float, y: float, look: EdgeLook) -> None:
    how = {"color": light(look.colour), "lw": max(look.width, 0.9), "ls": look.dashes}
    axes.plot([x, x + _SAMPLE], [y, y], alpha=max(look.alpha, 0.7), **how)
