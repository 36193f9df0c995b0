"""A graph of streets (nodes with positions, edges with attributes), from a file or from networkx, to links."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ugembed.graphs.maps.city_map import Link
from ugembed.graphs.maps.crs import is_degrees, shown
from ugembed.graphs.maps.edges import Edge, Spot, links_of_edges
from ugembed.graphs.maps.shapes import line_points, shape
from ugembed.graphs.maps.source import Faults, MapSource
from ugembed.graphs.maps.street_line import street_line
from ugembed.graphs.maps.values import flat

NODE_COLUMNS = frozenset({"x", "y", "lon", "lat", "lng", "longitude", "latitude"})
_PAIRS = (("x", "y"), ("lon", "lat"), ("lng", "lat"), ("longitude", "latitude"))


@dataclass(frozen=True, slots=True)
class StreetGraph:
    """A graph before it is understood.

    Attributes:
        attributes: Of the graph: ``crs``, if known.
        nodes: Attributes by node id; a position is ``x`` and ``y``, ``lon`` and ``lat``, ``pos``, or a ``geometry``.
        edges: (node, node, attributes); without a ``geometry`` an edge is the straight line between its nodes.
    """

    attributes: Mapping[str, Any]
    nodes: Mapping[str, Mapping[str, Any]]
    edges: Iterable[tuple[str, str, Mapping[str, Any]]]


def links_of_graph(graph: StreetGraph, source: MapSource) -> list[Link]:
    """One link an edge, both directions of a street as one, sorted by id.

    Raises:
        GraphError: ``streets-projected``; ``streets-broken`` with the first ten faulty nodes or edges;
            ``streets-unsimplified``.
    """
    crs = graph.attributes.get("crs")
    if crs is not None and not is_degrees(crs):
        raise source.projected(f"its positions are in {shown(crs)}, not in degrees (WGS 84)")
    faults = Faults(source)
    places: dict[str, Spot] = {}
    for node, attributes in graph.nodes.items():
        with faults.at(f"node {node}"):
            places[node] = _position(attributes, source)
    faults.refuse()
    edges = []
    for u, v, attributes in graph.edges:
        where = f"edge {u} to {v}"
        with faults.at(where):
            edges.append(_edge(where, (u, v), attributes, places, source))
    faults.refuse()
    return links_of_edges(edges, source, places)


def _position(attributes: Mapping[str, Any], source: MapSource) -> Spot:
    """(lon, lat) of a node."""
    pair = attributes.get("pos")
    for x, y in _PAIRS:
        if pair is None and x in attributes and y in attributes:
            pair = (attributes[x], attributes[y])
    if pair is None and attributes.get("geometry") is not None:
        centre = shape(attributes["geometry"], source).centroid
        pair = (centre.x, centre.y)
    try:
        lon, lat = (float(value) for value in pair or ())
    except (TypeError, ValueError):
        raise source.broken("no position: neither x and y, lon and lat, nor pos") from None
    if not (abs(lon) <= 180 and abs(lat) <= 90):
        raise source.projected(f"its position is not in degrees: {lon}, {lat}")
    return lon, lat


def _edge(
    where: str, nodes: tuple[str, str], attributes: Mapping[str, Any], places: Mapping[str, Spot], source: MapSource
) -> Edge:
    u, v = nodes
    if u not in places or v not in places:
        raise source.broken("it leads to a node that is not there")
    geometry = attributes.get("geometry")
    lines = [np.array([places[u], places[v]])] if geometry is None else line_points(geometry, source)
    if len(lines) > 1:
        raise source.broken("its line has gaps: a MultiLineString of several parts")
    return Edge(where, u, v, street_line(flat(attributes), lines[0] + 0.0, identity="/".join(("edge", *sorted(nodes)))))
