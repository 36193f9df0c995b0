"""Edges between named nodes, as osmnx writes them, to links.

The nodes of an edge are known, but not always which of them its line begins at: tables of undirected graphs name the
ends in any order. So every node is given the one place that the lines of all its edges have in common.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ugembed.errors import GraphError
from ugembed.graphs.maps.city_map import Link
from ugembed.graphs.maps.source import Faults, MapSource
from ugembed.graphs.maps.street_line import StreetLine, either_way, rank

Spot = tuple[float, float]
"""(lon, lat), rounded to `DECIMALS`: two ends within a centimetre are one."""
DECIMALS = 7
_FEWEST_NODES = 100  # with fewer, a graph is not judged by what most of its nodes are


@dataclass(frozen=True, slots=True)
class Edge:
    """A line between the nodes ``u`` and ``v``, in either direction. ``where`` is how a user finds it."""

    where: str
    u: str
    v: str
    line: StreetLine


def links_of_edges(edges: Sequence[Edge], source: MapSource, nodes: Mapping[str, Spot] | None = None) -> list[Link]:
    """One link an edge, sorted by id; an edge and its twin drawn the other way are one.

    Args:
        edges: In any order.
        source: Where they are from, for messages.
        nodes: (lon, lat) in degrees of the nodes, where they are known.

    Raises:
        GraphError: ``streets-broken`` for edges that do not meet at the nodes they name, the first ten of them;
            ``streets-unsimplified`` when most nodes are no crossings: there streets only bend.
    """
    edges = sorted(edges, key=lambda edge: (edge.line.id, edge.u, edge.v, edge.line.points.tobytes()))
    places = _common_places(edges) if nodes is None else dict(nodes)
    faults = Faults(source)
    found: dict[tuple[str, str, bytes], Link] = {}
    for edge in edges:
        with faults.at(edge.where):
            link = _canonical(_directed(edge, places, source, strict=nodes is None))
            key = (link.start, link.end, either_way(link.points))
            found[key] = min(found.get(key, link), link, key=rank)
    faults.refuse()
    _check_simplified(found.values(), source)
    return sorted(found.values(), key=link_order)


def link_order(link: Link) -> tuple[str, str, str, bytes]:
    """By id, then by what tells apart the links of one id."""
    return link.id, link.start, link.end, link.points.tobytes()


def _check_simplified(links: Collection[Link], source: MapSource) -> None:
    """Osmnx does not write down that it has not simplified a graph; but then streets just go on at most nodes."""
    streets: dict[str, list[str]] = defaultdict(list)
    for link in links:
        for node in (link.start, link.end):
            streets[node].append(link.name or link.highway)
    going_on = sum(len(here) == 2 and here[0] == here[1] for here in streets.values())
    if len(streets) >= _FEWEST_NODES and 2 * going_on > len(streets):
        what = f"{source.name}: at {going_on} of {len(streets)} nodes a street only goes on; all would be crossings"
        hint = "osmnx.simplify_graph(G), or leave out u and v: then crossings are found where lines meet"
        raise GraphError(what, code="streets-unsimplified", hint=hint)


def _common_places(edges: Iterable[Edge]) -> dict[str, Spot]:
    """Where each node is; edges that name the same two nodes leave a choice, taken as the first of them is drawn."""
    around: dict[str, set[Spot]] = {}
    for edge in edges:
        ends = {_spot(edge.line, 0), _spot(edge.line, -1)}
        for node in (edge.u, edge.v):
            around[node] = around[node] & ends if node in around else ends
    places = {node: next(iter(spots)) for node, spots in around.items() if len(spots) == 1}
    for edge in edges:
        first, last = _spot(edge.line, 0), _spot(edge.line, -1)
        for node, other, end in ((edge.u, edge.v, first), (edge.v, edge.u, last)):
            if node not in places and around[node]:
                places[node] = {first: last, last: first}.get(places[other], end) if other in places else end
    return places


def _directed(edge: Edge, places: Mapping[str, Spot], source: MapSource, *, strict: bool) -> Link:
    """The edge with its line drawn from ``u`` to ``v``."""
    forward = _gap(edge, places, 0, -1)
    backward = _gap(edge, places, -1, 0)
    if strict and min(forward, backward) > 0:
        what = f"its line does not run between the nodes {edge.u!r} and {edge.v!r}, where their other lines end"
        raise source.broken(f"{what}; without columns u and v, crossings are found where lines meet")
    line = edge.line
    if backward < forward:
        line = replace(line, points=np.ascontiguousarray(line.points[::-1]))
    return line.link(edge.u, edge.v)


def _gap(edge: Edge, places: Mapping[str, Spot], first: int, last: int) -> float:
    """Degrees between the ends of the line and its nodes, if ``u`` is at its ``first`` point and ``v`` at ``last``."""
    ends = [(edge.u, _spot(edge.line, first)), (edge.v, _spot(edge.line, last))]
    return sum(
        float(np.hypot(*np.subtract(places[node], spot))) if node in places else float("inf") for node, spot in ends
    )


def _canonical(link: Link) -> Link:
    """A link from the smaller node id to the larger; a ring in the direction whose bytes are smaller."""
    turned = np.ascontiguousarray(link.points[::-1])
    if (link.end, turned.tobytes()) < (link.start, link.points.tobytes()):
        return replace(link, start=link.end, end=link.start, points=turned)
    return link


def _spot(line: StreetLine, end: int) -> Spot:
    lon, lat = line.points[end]
    return round(float(lon), DECIMALS), round(float(lat), DECIMALS)
