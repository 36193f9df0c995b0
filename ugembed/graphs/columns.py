"""A graph file as plain columns, for checks: accepted at a glance when clean, without an object a node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ugembed.graphs.faults import SCHEMA_VERSION
from ugembed.graphs.schema import UrbanGraph

_IDS = {str, int}
_NUMBERS = {float, int}


@dataclass(frozen=True, slots=True)
class Columns:
    """Nodes and edges in file order. ``lon`` and ``lat`` are degrees; ``center`` is the centre's position."""

    ids: list[str]
    lon: list[float]
    lat: list[float]
    texts: list[str]
    sources: list[str]
    targets: list[str]
    kinds: list[str]
    center: int


def columns_of(graph: UrbanGraph) -> Columns:
    """The columns of a graph."""
    return Columns(
        ids=[node.id for node in graph.nodes],
        lon=[node.lon for node in graph.nodes],
        lat=[node.lat for node in graph.nodes],
        texts=[node.text for node in graph.nodes],
        sources=[edge.source for edge in graph.edges],
        targets=[edge.target for edge in graph.edges],
        kinds=[edge.kind for edge in graph.edges],
        center=graph.index[graph.center],
    )


def accepted(value: Any) -> Columns | None:
    """The columns of a decoded graph file that is clean beyond doubt.

    None says nothing but that `ugembed.graphs.faults.faults` must look: coordinates as strings come here, for example.
    """
    try:
        columns = _columns(value)
    except (KeyError, TypeError, IndexError):  # something is missing, or has another form
        return None
    return columns if columns is not None and _keeps_the_rules(value, columns) else None


def _columns(value: dict[str, Any]) -> Columns | None:
    nodes, edges, center = value["nodes"], value["edges"], value["center_node"]
    ids = [node["node_id"] for node in nodes]
    texts = [node["node_text"] for node in nodes]
    pairs = [node["coords"] for node in nodes]
    lon, lat = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    sources, targets = [edge["source"] for edge in edges], [edge["target"] for edge in edges]
    kinds = [edge.get("type", "") for edge in edges]
    is_typed = (
        type(nodes) is type(edges) is list
        and set(map(type, pairs)) <= {list}
        and set(map(len, pairs)) <= {2}
        and set(map(type, lon)) | set(map(type, lat)) <= _NUMBERS
        and set(map(type, texts)) | set(map(type, kinds)) <= {str}
        and {type(center), *map(type, ids), *map(type, sources), *map(type, targets)} <= _IDS
    )
    if not is_typed:
        return None
    ids = list(map(str, ids))
    center = str(center)
    return Columns(
        ids=ids,
        lon=lon,
        lat=lat,
        texts=texts,
        sources=list(map(str, sources)),
        targets=list(map(str, targets)),
        kinds=kinds,
        center=ids.index(center) if center in ids else -1,
    )


def _keeps_the_rules(value: dict[str, Any], columns: Columns) -> bool:
    known = set(columns.ids)
    version = value.get("schema_version", SCHEMA_VERSION)
    return (
        type(version) is int
        and version == SCHEMA_VERSION
        and columns.center >= 0
        and len(known) == len(columns.ids)
        and known.issuperset(columns.sources)
        and known.issuperset(columns.targets)
        and max(map(abs, columns.lon)) <= 180
        and max(map(abs, columns.lat)) <= 90
        and all(map(str.strip, columns.texts))
    )
