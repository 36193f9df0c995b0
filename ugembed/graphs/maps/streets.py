"""Street networks as files: GeoJSON, GeoParquet (Overture's as well), GraphML and GeoPackage, to links."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ugembed.graphs.maps.city_map import Link
from ugembed.graphs.maps.edges import Edge, links_of_edges
from ugembed.graphs.maps.features import TABLE_ENDINGS, Feature, read_features
from ugembed.graphs.maps.joints import ChainedLine, links_of_chained, links_of_lines
from ugembed.graphs.maps.overture import chained_lines, highway, is_left_out
from ugembed.graphs.maps.shapes import line_points
from ugembed.graphs.maps.source import Faults, MapSource
from ugembed.graphs.maps.street_line import STREET_COLUMNS, StreetLine, street_line
from ugembed.graphs.maps.values import text

STREETS_ENDINGS = (*TABLE_ENDINGS, ".graphml")

_NODES = (("u", "v"), ("from_node_id", "to_node_id"))
_DRAWN = ("from", "to")  # osmnx: the nodes in the direction of the line, where u and v are in any order


def read_streets(path: Path) -> tuple[Link, ...]:
    """Streets of a file, told by its ending: one link between any two crossings, whichever way it is drawn.

    With columns ``u`` and ``v`` every row is a link between these nodes. Without, lines are cut where they meet:
    Overture's segments at their connectors, other lines at points that they share (see `joints`). Sorted by id; the
    order of the rows changes nothing.

    Raises:
        GraphError: ``streets-missing``, ``streets-format`` for an unknown ending, ``streets-broken`` (with the first
            ten faulty rows), ``streets-projected`` for positions that are not degrees, ``streets-layer``,
            ``streets-too-large``, ``streets-unsimplified``.
    """
    source = MapSource(str(path), "streets")
    if path.suffix.lower() == ".graphml":
        from ugembed.graphs.maps.graphml import read_graphml
        from ugembed.graphs.maps.street_graph import links_of_graph

        return tuple(links_of_graph(read_graphml(path, source), source))
    if path.suffix.lower() not in TABLE_ENDINGS:
        raise source.unknown_format(", ".join(STREETS_ENDINGS)) if path.is_file() else source.missing()
    rows = read_features(path, source, STREET_COLUMNS, _layer)
    names = {name for row in rows for name in row.values}
    nodes = next((pair for pair in _NODES if names & set(pair)), None)
    if nodes:
        return tuple(_from_edges(rows, nodes, source))
    rows = [row for row in rows if not is_left_out(row.values)]
    return tuple(_from_segments(rows, source) if "connectors" in names else _from_lines(rows, source))


def _from_edges(rows: Sequence[Feature], nodes: tuple[str, str], source: MapSource) -> list[Link]:
    edges, faults = [], Faults(source)
    for row in rows:
        with faults.at(row.where):
            u, v = (text(row.values.get(name)) for name in nodes)
            if not u or not v:
                raise source.broken(f"no {nodes[0]} and {nodes[1]}, which other rows have")
            if {u, v} == (drawn := {text(row.values.get(name)) for name in _DRAWN}) and len(drawn) == len(_DRAWN):
                u, v = (text(row.values.get(name)) for name in _DRAWN)
            points, *more = line_points(row.geometry, source)
            if more:
                raise source.broken("its line has gaps: a MultiLineString of several parts")
            identity = "/".join(("edge", *sorted((u, v))))
            edges.append(Edge(row.where, u, v, street_line(row.values, points, identity=identity)))
    faults.refuse()
    return links_of_edges(edges, source)


def _from_lines(rows: Sequence[Feature], source: MapSource) -> list[Link]:
    lines: list[StreetLine] = []
    faults = Faults(source)
    for row in rows:
        with faults.at(row.where):
            lines += [street_line(row.values, points) for points in line_points(row.geometry, source)]
    faults.refuse()
    return links_of_lines(lines)


def _from_segments(rows: Sequence[Feature], source: MapSource) -> list[Link]:
    """Links of Overture's segments; one that comes twice, from extracts that overlap, counts once."""
    lines: dict[tuple[str, bytes], list[ChainedLine]] = {}
    faults = Faults(source)
    for row in rows:
        with faults.at(row.where):
            values: dict[str, Any] = {**row.values, "class": highway(row.values)}
            for points in line_points(row.geometry, source):
                line = street_line(values, points)
                lines[line.id, points.tobytes()] = list(chained_lines(line, values, source))
    faults.refuse()
    return links_of_chained([part for parts in lines.values() for part in parts])


def _layer(source: MapSource, layers: dict[str, str]) -> str:
    """The layer ``edges``, or the only one of lines."""
    lines = [name for name, kind in layers.items() if "LINE" in kind or (kind == "GEOMETRY" and len(layers) == 1)]
    if "edges" in layers:
        return "edges"
    if len(lines) != 1:
        raise source.no_layer(f"no layer 'edges', and {len(lines)} layers of lines, of: {', '.join(layers) or 'none'}")
    return lines[0]
