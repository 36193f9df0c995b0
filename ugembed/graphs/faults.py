"""Every rule a graph file must keep, told one fault after the other; reading stops at the first, checking lists them.

Works on the plain values of `ugembed.graphs.decode`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Generator, Iterator
from typing import Any

from ugembed.errors import GraphError
from ugembed.records.uge.row import shown

SCHEMA_VERSION = 1

_COORDS = re.compile(r"^\s*\(?\s*([-+0-9.eE]+)\s*,\s*([-+0-9.eE]+)\s*\)?\s*$")
_COORDS_HINT = "coords are [longitude, latitude] in degrees"
_KEYS_HINT = "wanted: nodes, edges, center_node"
_FORM_HINT = "see docs/data_format.md"


class GraphFileError(GraphError):
    """One thing that is wrong with a graph.

    Attributes:
        field: Where in the file, e.g. ``nodes[3].coords``; empty for the file as a whole.
        what: What is wrong, without the place.
    """

    def __init__(self, field: str, what: str, *, code: str, hint: str) -> None:
        super().__init__(f"{field}: {what}" if field else what, code=code, hint=hint)
        self.field = field
        self.what = what


def faults(value: Any) -> Iterator[GraphFileError]:
    """What is wrong with the decoded JSON of a graph file, in reading order; nothing for a good one.

    The centre and the ends of edges are looked for only when every node has an id: the rest would follow from that.
    """
    if not isinstance(value, dict):
        yield GraphFileError("", "not a JSON object", code="graph-broken", hint=_KEYS_HINT)
        return
    version = value.get("schema_version", SCHEMA_VERSION)
    if version != SCHEMA_VERSION or isinstance(version, bool):
        hint = f"this release reads {SCHEMA_VERSION}"
        yield GraphFileError("schema_version", f"{shown(version)} is unknown", code="graph-version", hint=hint)
    nodes = yield from _listed(value, "nodes")
    edges = yield from _listed(value, "edges")
    if nodes == [] == value.get("nodes"):
        yield GraphFileError(
            "nodes", "a graph without nodes", code="graph-empty", hint="build it again with build-graphs"
        )
    ids = yield from _node_faults(nodes)
    yield from _center_faults(value.get("center_node"), ids)
    yield from _edge_faults(edges, ids)


def _listed(value: dict[str, Any], key: str) -> Generator[GraphFileError, None, list[Any]]:
    entries = value.get(key)
    if isinstance(entries, list):
        return entries
    yield GraphFileError(key, "missing or not a list", code="graph-broken", hint=_KEYS_HINT)
    return []


def _node_faults(nodes: list[Any]) -> Generator[GraphFileError, None, dict[str, int] | None]:
    """Returns the ids with the number of nodes; None when they are not all known."""
    ids: dict[str, int] = {}
    are_known = bool(nodes)
    for i, node in enumerate(nodes):
        if not isinstance(node, dict) or not is_id(node.get("node_id")):
            are_known = False
            yield GraphFileError(f"nodes[{i}]", "wants an object with a node_id", code="node-broken", hint=_FORM_HINT)
            if not isinstance(node, dict):
                continue
        elif (first := ids.setdefault(str(node["node_id"]), i)) != i:
            what = f"id {shown(node['node_id'])} is that of nodes[{first}]"
            yield GraphFileError(f"nodes[{i}]", what, code="node-duplicate", hint="make node ids unique")
        try:
            read_coords(node.get("coords"))
        except GraphFileError as fault:
            yield GraphFileError(f"nodes[{i}].coords", fault.what, code=fault.code, hint=fault.hint)
        text = node.get("node_text")
        if not isinstance(text, str) or not text.strip():
            field = f"nodes[{i}].node_text"
            yield GraphFileError(field, "missing or empty", code="node-text-missing", hint="every node says what it is")
    return ids if are_known else None


def _center_faults(center: Any, ids: dict[str, int] | None) -> Iterator[GraphFileError]:
    hint = "center_node names the image's own node"
    if not is_id(center):
        yield GraphFileError("center_node", "missing or not an id", code="center-missing", hint=hint)
    elif ids is not None and str(center) not in ids:
        what = f"{shown(center)} is not among the {len(ids)} nodes"
        yield GraphFileError("center_node", what, code="center-missing", hint=hint)


def _edge_faults(edges: list[Any], ids: dict[str, int] | None) -> Iterator[GraphFileError]:
    for i, edge in enumerate(edges):
        if not isinstance(edge, dict):
            yield GraphFileError(f"edges[{i}]", "wants an object", code="edge-broken", hint=_FORM_HINT)
            continue
        for key in ("source", "target"):
            end = edge.get(key)
            if not is_id(end):
                yield GraphFileError(f"edges[{i}].{key}", "missing or not an id", code="edge-broken", hint=_FORM_HINT)
            elif ids is not None and str(end) not in ids:
                loose = f"ends at {shown(end)}, which is not a node"
                field = f"edges[{i}].{key}"
                yield GraphFileError(field, loose, code="edge-dangling", hint="remove the edge or add the node")
        if not isinstance(edge.get("type", ""), str):
            what = f"wants a string, not {shown(edge['type'])}"
            yield GraphFileError(f"edges[{i}].type", what, code="edge-broken", hint="leave it out if it is not known")


def is_id(value: Any) -> bool:
    """Whether a value can name a node: a string or a whole number."""
    return isinstance(value, str | int) and not isinstance(value, bool)


def read_coords(value: Any) -> tuple[float, float]:
    """(lon, lat) in degrees from a pair, or from the string ``"(lon, lat)"`` that the reference's scripts write.

    Raises:
        GraphFileError: ``coords-missing`` or ``coordinates-range``, without a place.
    """
    pair = list(match.groups()) if isinstance(value, str) and (match := _COORDS.match(value)) else value
    if not isinstance(pair, list) or len(pair) != 2:
        raise GraphFileError("", "missing or not a pair", code="coords-missing", hint=_COORDS_HINT)
    try:
        if not isinstance(value, str) and not all(type(number) in (int, float) for number in pair):
            raise ValueError
        lon, lat = (float(number) for number in pair)
    except (ValueError, OverflowError):
        what = f"{shown(value)} is not a pair of numbers"
        raise GraphFileError("", what, code="coords-missing", hint=_COORDS_HINT) from None
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        hint = f"{_COORDS_HINT}; are they swapped?"
        raise GraphFileError("", f"({lon}, {lat}) is not on the globe", code="coordinates-range", hint=hint)
    return lon, lat
