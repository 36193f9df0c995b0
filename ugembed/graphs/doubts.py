"""What is allowed in a graph file and yet is seldom meant: warnings, one of each kind a file."""

from __future__ import annotations

from collections import deque
from operator import eq
from typing import TypeAlias

import numpy as np

from ugembed.geo.geodesy import distance_m
from ugembed.graphs.columns import Columns
from ugembed.records.report import Problem

FAR_M = 50_000.0
"""A node further from its centre is told."""

SWAPPED_M = 100_000.0
"""A node further than this that comes within `FAR_M` with lon and lat swapped has them swapped."""

CUT_OFF = 0.1
"""Share of nodes that no path joins to the centre above which it is told: even a good map has a few (a park without
a street nearby)."""

_SURELY_NEAR_DEG = 0.3  # 33 km: two such sides have a diagonal below FAR_M
_SHORTEST_NUMBER = 6  # digits of an id that can be nothing else when they stand in a text

Box: TypeAlias = tuple[float, float, float, float]
COUNTRIES: dict[str, tuple[Box, ...]] = {
    "Singapore": ((103.5, 1.1, 104.2, 1.6),),
    "USA": (
        (-125.0, 24.0, -66.0, 49.5),
        (-180.0, 51.0, -129.0, 72.0),
        (172.0, 51.0, 180.0, 54.0),
        (-161.0, 18.5, -154.0, 22.5),
        (-68.0, 17.5, -64.0, 19.0),
        (144.0, 13.0, 146.5, 20.6),
    ),
}
"""Coarse boxes (west, south, east, north; degrees) of the countries that the reference writes into node texts: the
states side by side, Alaska and its islands beyond the antimeridian, Hawaii, the Caribbean and Pacific territories."""


class Doubts:
    """The warnings of one file, in the order in which they are found."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def warn(self, field: str, message: str, *, code: str, hint: str) -> None:
        self.problems.append(Problem(code, self.file, None, field, message, hint, "warning"))


def doubts_of_size(doubts: Doubts, nodes: int, edges: int, *, max_nodes: int) -> None:
    """What the counts alone tell: ``nodes-over-cap`` and ``graph-without-edges``."""
    if nodes > max_nodes:
        what = f"{nodes} nodes, more than {max_nodes}: only the centre and the nearest to it are kept"
        cure = "build it with --max-nodes, or raise inputs.max_graph_nodes of the model"
        doubts.warn("nodes", what, code="nodes-over-cap", hint=cure)
    if not edges:
        hint = "a model sees where the nodes stand, but not what joins them; build it again with build-graphs"
        doubts.warn("edges", "a graph without edges", code="graph-without-edges", hint=hint)


def doubts_of_content(doubts: Doubts, columns: Columns) -> None:
    """What is told by the edges, the places and the texts."""
    if columns.sources:
        _edges(doubts, columns)
        _reach(doubts, columns)
    _places(doubts, columns)
    _texts(doubts, columns)
    _countries(doubts, columns)


def _edges(doubts: Doubts, columns: Columns) -> None:
    loops = list(map(eq, columns.sources, columns.targets))
    if any(loops):
        same = f"{sum(loops)} edge(s) begin and end at the same node"
        doubts.warn(f"edges[{loops.index(True)}]", same, code="edge-loop", hint="they carry nothing; leave them out")
    columns_of_edges = zip(columns.sources, columns.targets, columns.kinds, strict=True)
    keys = [(a, b, kind) if a < b else (b, a, kind) for a, b, kind in columns_of_edges]
    if len(distinct := dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))) < len(keys):
        again = next(i for i, key in enumerate(keys) if distinct[key] != i)
        what = f"{len(keys) - len(distinct)} edge(s) repeat one of the same type, in either direction"
        doubts.warn(f"edges[{again}]", what, code="edge-duplicate", hint="edges are undirected and count once")


def _reach(doubts: Doubts, columns: Columns) -> None:
    """Whether edges lead from the centre to every node."""
    reached = _reached(columns)
    lost = [i for i, is_reached in enumerate(reached) if not is_reached]
    if len(lost) == len(reached) - 1 and lost:
        alone = "no edge at the centre, which is the image"
        doubts.warn("center_node", alone, code="center-isolated", hint="join the image to its nearest street")
    elif len(lost) > CUT_OFF * len(reached):
        what = f"{len(lost)} of {len(reached)} nodes are on no path from the centre"
        hint = "nothing flows between parts that no edge joins"
        doubts.warn(f"nodes[{lost[0]}]", what, code="graph-disconnected", hint=hint)


def _reached(columns: Columns) -> list[bool]:
    place = {id: i for i, id in enumerate(columns.ids)}
    neighbours: list[list[int]] = [[] for _ in columns.ids]
    for source, target in zip(columns.sources, columns.targets, strict=True):
        a, b = place[source], place[target]
        neighbours[a].append(b)
        neighbours[b].append(a)
    reached = [False] * len(columns.ids)
    reached[columns.center] = True
    waiting = deque([columns.center])
    while waiting:
        for node in neighbours[waiting.popleft()]:
            if not reached[node]:
                reached[node] = True
                waiting.append(node)
    return reached


def _places(doubts: Doubts, columns: Columns) -> None:
    lon0, lat0 = columns.lon[columns.center], columns.lat[columns.center]
    widths = max(columns.lon) - min(columns.lon), max(columns.lat) - min(columns.lat)
    if max(widths) < _SURELY_NEAR_DEG:
        return
    lon, lat = np.array(columns.lon, dtype=np.float64), np.array(columns.lat, dtype=np.float64)
    away = distance_m(lon0, lat0, lon, lat)
    is_swapped = (away > SWAPPED_M) & (np.abs(lon) <= 90) & (distance_m(lon0, lat0, lat, lon) < FAR_M)
    is_far = (away > FAR_M) & ~is_swapped
    if is_swapped.any():
        swapped = f"{is_swapped.sum()} of {len(lon)} nodes come near the centre only with lon and lat swapped"
        order = "coords are [longitude, latitude]; if it is all but one, the centre's are swapped"
        doubts.warn(f"nodes[{is_swapped.argmax()}].coords", swapped, code="coords-swapped", hint=order)
    if is_far.any():
        most = f"{away[is_far].max() / 1000:,.0f} km"
        what = f"{is_far.sum()} of {len(lon)} nodes are over {FAR_M / 1000:g} km from the centre, up to {most}"
        hint = "a local graph is the neighbourhood of one image; check coords and center_node"
        doubts.warn(f"nodes[{is_far.argmax()}].coords", what, code="nodes-far", hint=hint)


def _texts(doubts: Doubts, columns: Columns) -> None:
    prints_id = [_prints_id(id, text) for id, text in zip(columns.ids, columns.texts, strict=True)]
    prints_coords = ["Coordinates: (" in text for text in columns.texts]
    leaks = [a or b for a, b in zip(prints_id, prints_coords, strict=True)]
    if any(leaks):
        what = f"{sum(prints_id)} of {len(leaks)} texts print the node's id, {sum(prints_coords)} its coordinates"
        hint = "a model can match a node by them; texts of build-graphs say neither, so use it, or cut them out"
        doubts.warn(f"nodes[{leaks.index(True)}].node_text", what, code="node-text-leak", hint=hint)


def _prints_id(id: str, text: str) -> bool:
    is_number = len(id) >= _SHORTEST_NUMBER and id.isdigit()
    return f"ID: {id}" in text or (is_number and id in text)


def _countries(doubts: Doubts, columns: Columns) -> None:
    lon0, lat0 = columns.lon[columns.center], columns.lat[columns.center]
    for country, boxes in COUNTRIES.items():
        says = [f"Country: {country}" in text for text in columns.texts]
        if any(says) and not any(w <= lon0 <= e and s <= lat0 <= n for w, s, e, n in boxes):
            what = f"{sum(says)} of {len(says)} texts say Country: {country}, but the centre is at ({lon0}, {lat0})"
            hint = "the reference's scripts guess the country from a folder's name; take it out of node_text"
            doubts.warn(f"nodes[{says.index(True)}].node_text", what, code="country-mismatch", hint=hint)
