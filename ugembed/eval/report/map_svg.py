"""The neighbourhood of a picture as a small map: north up, the camera in the middle, metres to scale."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from ugembed.eval.report.labels import Box, Wanted, place_labels
from ugembed.geo.geodesy import Floats, local_metres
from ugembed.graphs.schema import Node, UrbanGraph

SIZE = 420
MARGIN = 14
NEAREST_NODES = 90
LEAST_RADIUS_M = 120.0
MAX_LABELS = 18
MAX_NAME = 30

GROUPS = {
    "view": "camera",
    "street": "street",
    "crossing": "crossing",
    "green": "park",
    "water": "water",
    "place": "place",
}
"""CSS class of a node to what the legend calls it."""

_WORDS = {
    "view": {"image", "mapillary", "camera"},
    "crossing": {"crossing", "intersection", "junction"},
    "street": {"street", "road", "highway"},
    "green": {"park", "garden", "wood", "forest", "green", "grass"},
    "water": {"water", "river", "lake", "canal", "stream", "pond"},
}
_NAME = re.compile(r"\bName: ([^,]+)")
_CATEGORY = re.compile(r"\bCategory: ([^,]+)")


@dataclass(frozen=True, slots=True)
class Drawing:
    """An SVG and its legend: (css class, name) of every kind of node in it."""

    svg: Markup
    legend: tuple[tuple[str, str], ...]


def draw_graph(graph: UrbanGraph) -> Drawing:
    """Draw the nodes nearest to the centre with names, edges, the camera's heading (if known), and a scale bar."""
    position = _metres(graph)
    distance = np.hypot(*position.T)
    radius_m = max(LEAST_RADIUS_M, float(np.sort(distance)[: NEAREST_NODES + 1][-1]) * 1.08)
    pixels = SIZE / 2 + position * [1, -1] * (SIZE / 2 - MARGIN) / radius_m  # (n, 2), y grows downwards
    visible = [index for index in np.argsort(distance, kind="stable") if distance[index] <= radius_m]
    groups = [node_group(node, is_center=node.id == graph.center) for node in graph.nodes]
    parts = [
        Markup('<svg class="map" viewBox="0 0 {0} {0}" role="img" aria-label="local graph">').format(SIZE),
        *_edges(graph, pixels, {int(index) for index in visible}),
        *(_node(groups[index], *pixels[index]) for index in visible if graph.nodes[index].id != graph.center),
        _camera(graph.center_node, *pixels[graph.index[graph.center]]),
        *_labels(graph, pixels, visible, groups),
        _scale_bar(radius_m),
        Markup("</svg>"),
    ]
    present = {groups[index] for index in visible}
    return Drawing(Markup("").join(parts), tuple((css, name) for css, name in GROUPS.items() if css in present))


def node_group(node: Node, *, is_center: bool = False) -> str:
    """One of `GROUPS`: by the node's ``kind``, else by its category, else ``place``."""
    if is_center:
        return "view"
    category = _CATEGORY.search(node.text)
    told = (str(node.attributes.get("kind", "")), str(node.attributes.get("category", "")), category and category[1])
    for words in filter(None, told):
        for group, known in _WORDS.items():
            if known.intersection(re.findall("[a-z]+", words.lower())):
                return group
    return "place"


def node_name(node: Node) -> str:
    """The ``name`` attribute, else what follows ``Name:`` in the node's text; may be empty."""
    name = node.attributes.get("name")
    if name is None and (match := _NAME.search(node.text)):
        name = match[1]
    text = str(name or "").strip()
    return text if len(text) <= MAX_NAME else f"{text[: MAX_NAME - 1]}…"


def _metres(graph: UrbanGraph) -> Floats:
    """(n, 2) metres (east, north) from the centre."""
    center = graph.center_node
    lon, lat = [node.lon for node in graph.nodes], [node.lat for node in graph.nodes]
    return np.stack(local_metres(lon, lat, lon0=center.lon, lat0=center.lat), axis=1)


def _edges(graph: UrbanGraph, pixels: Floats, visible: set[int]) -> list[Markup]:
    lines = []
    for edge in graph.edges:
        ends = graph.index[edge.source], graph.index[edge.target]
        is_way = "street" in edge.kind  # along_street, on_same_street: between neighbouring crossings
        if len(visible.intersection(ends)) < (1 if is_way else 2):
            continue
        (x1, y1), (x2, y2) = pixels[ends[0]], pixels[ends[1]]
        template = '<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>'
        lines.append(Markup(template).format("way" if is_way else "tie", x1, y1, x2, y2))
    return sorted(lines)  # "way" after "tie": streets lie on top


def _node(group: str, x: float, y: float) -> Markup:
    radius = {"street": 2.6, "crossing": 2.6}.get(group, 4.4)
    return Markup('<circle class="node {}" cx="{:.1f}" cy="{:.1f}" r="{}"/>').format(group, x, y, radius)


def _camera(node: Node, x: float, y: float) -> Markup:
    dot = Markup('<circle class="node view" cx="{:.1f}" cy="{:.1f}" r="6"/>').format(x, y)
    heading = node.attributes.get("heading_deg")
    if not isinstance(heading, (int, float)):
        return dot
    sides = [math.radians(heading + turn) for turn in (-30, 30)]
    (x1, y1), (x2, y2) = ((x + 46 * math.sin(side), y - 46 * math.cos(side)) for side in sides)
    cone = Markup('<path class="cone" d="M{:.1f} {:.1f}L{:.1f} {:.1f}A46 46 0 0 1 {:.1f} {:.1f}Z"/>')
    return cone.format(x, y, x1, y1, x2, y2) + dot


def _labels(graph: UrbanGraph, pixels: Floats, visible: list[int], groups: list[str]) -> list[Markup]:
    wanted = [
        Wanted(pixels[index, 0], pixels[index, 1], node_name(graph.nodes[index]))
        for index in visible  # the nearest first; the streets that meet at a crossing are named themselves
        if groups[index] not in {"view", "crossing"} and node_name(graph.nodes[index])
    ]
    dots = [Box(x - 4, y - 4, x + 4, y + 4) for x, y in pixels[visible[:NEAREST_NODES]]]
    frame = Box(4, 4, SIZE - 4, SIZE - 26)
    return [
        Markup('<text x="{:.1f}" y="{:.1f}">{}</text>').format(label.x, label.y, label.text)
        for label in place_labels(wanted, frame=frame, occupied=dots)[:MAX_LABELS]
    ]


def _scale_bar(radius_m: float) -> Markup:
    pixels_per_m = (SIZE / 2 - MARGIN) / radius_m
    power = 10 ** math.floor(math.log10(radius_m / 2))
    length_m = max(factor * power for factor in (1, 2, 5) if factor * power <= radius_m / 2)
    end = MARGIN + length_m * pixels_per_m
    bar = Markup('<path class="scale" d="M{0} {1}v5H{2:.1f}v-5"/>').format(MARGIN, SIZE - 16, end)
    text = Markup('<text class="scale" x="{:.1f}" y="{}">{:g} m</text>').format(end + 6, SIZE - 9, length_m)
    return bar + text
