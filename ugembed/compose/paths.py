"""Spatial reasoning paths: a short walk over a local graph, in the reference's notation.

``(street view, nearest, Oak St) (12m, 90°(E)) -> (Oak St, near, Maple Library) (160m, 135°(SE))``
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from ugembed.compose.surroundings import is_crossing, name_and_category
from ugembed.geo.geodesy import bearing_deg, compass_8, distance_m
from ugembed.graphs.schema import Node, UrbanGraph

CENTRE_NAME = "street view"
_REVERSED = {"nearest": "near", "near": "nearest"}

Step = tuple[str, str]
"""(relation, node id) of one hop."""


def reasoning_path(graph: UrbanGraph, rng: np.random.Generator, *, max_hops: int = 4) -> str | None:
    """A shortest path (by hops, then metres) from the centre to a named street or place, drawn by ``rng``.

    Destinations at two to ``max_hops`` hops are equally likely; nearer ones are taken only where there is no other.
    Crossings are passed, but are no destinations. No name occurs twice on the way. None when nothing can be reached.
    """
    paths = _shortest_paths(graph, max_hops)
    goals = [
        node for node in sorted(paths) if paths[node] and not is_crossing(_name(graph, graph.nodes[graph.index[node]]))
    ]
    good = [paths[node] for node in goals if _names_differ(graph, paths[node])]
    if not good:
        return None
    longest = max(len(steps) for steps in good)
    chosen = [steps for steps in good if len(steps) >= min(2, longest)]
    return format_path(graph, chosen[int(rng.integers(len(chosen)))])


def format_path(graph: UrbanGraph, steps: list[Step]) -> str:
    """The steps from the centre in the reference's notation; metres whole, bearings in degrees with compass point."""
    here = graph.center_node
    parts = []
    for relation, target in steps:
        there = graph.nodes[graph.index[target]]
        metres = float(distance_m(here.lon, here.lat, there.lon, there.lat))
        bearing = float(bearing_deg(here.lon, here.lat, there.lon, there.lat))
        names = f"({_name(graph, here)}, {relation}, {_name(graph, there)})"
        parts.append(f"{names} ({metres:.0f}m, {round(bearing) % 360}°({compass_8(bearing)}))")
        here = there
    return " -> ".join(parts)


def destination(graph: UrbanGraph, path: str) -> str:
    """Name at the end of a formatted path."""
    names = sorted((_name(graph, node) for node in graph.nodes), key=len, reverse=True)
    end = path.rpartition(" (")[0]
    return next(name for name in names if end.endswith(f", {name})"))


def _name(graph: UrbanGraph, node: Node) -> str:
    return CENTRE_NAME if node.id == graph.center else name_and_category(node)[0]


def _names_differ(graph: UrbanGraph, steps: list[Step]) -> bool:
    names = [CENTRE_NAME, *(_name(graph, graph.nodes[graph.index[target]]) for _, target in steps)]
    return all(names) and len(set(names)) == len(names)


def _shortest_paths(graph: UrbanGraph, max_hops: int) -> dict[str, list[Step]]:
    """Breadth first from the centre; among equal hops the shorter way in metres wins, then the smaller id."""
    neighbours: dict[str, list[Step]] = defaultdict(list)
    for edge in graph.edges:
        neighbours[edge.source].append((edge.kind or "to", edge.target))
        neighbours[edge.target].append((_REVERSED.get(edge.kind, edge.kind) or "to", edge.source))
    paths: dict[str, list[Step]] = {graph.center: []}
    metres = {graph.center: 0.0}
    level = [graph.center]
    for _ in range(max_hops):
        found: dict[str, tuple[float, str, str]] = {}
        for node in level:
            here = graph.nodes[graph.index[node]]
            for relation, target in neighbours[node]:
                if target in paths:
                    continue
                there = graph.nodes[graph.index[target]]
                length = metres[node] + float(distance_m(here.lon, here.lat, there.lon, there.lat))
                found[target] = min(found.get(target, (np.inf, "", "")), (length, node, relation))
        for target, (length, node, relation) in found.items():
            metres[target] = length
            paths[target] = [*paths[node], (relation, target)]
        level = sorted(found)
    return paths
