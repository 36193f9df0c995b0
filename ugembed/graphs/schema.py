"""`UrbanGraph`: the neighbourhood of one image, and its JSON file.

The file is the one the reference documents (``nodes``, ``edges``, ``center_node``); unknown attributes of nodes, edges
and of the graph are kept through a round trip. Coordinates are (lon, lat) in degrees, as a pair or as the string
``"(lon, lat)"`` that the reference's scripts write.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from ugembed.errors import GraphError

SCHEMA_VERSION = 1
_COORDS = re.compile(r"^\s*\(?\s*([-+0-9.eE]+)\s*,\s*([-+0-9.eE]+)\s*\)?\s*$")


@dataclass(frozen=True, slots=True)
class Node:
    """A thing on the map: ``text`` is what a model reads of it, ``attributes`` whatever else is known."""

    id: str
    lon: float
    lat: float
    text: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edge:
    """An undirected relation between two nodes; ``kind`` is e.g. ``nearest``, ``near``, ``along_street``."""

    source: str
    target: str
    kind: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class UrbanGraph:
    """Nodes (ids unique, the centre among them), edges between them, and the id of the image node in the centre.

    Raises:
        GraphError: ``graph-empty``, ``node-duplicate``, ``center-missing``, ``edge-dangling``.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    center: str
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.nodes:
            raise GraphError("a graph without nodes", code="graph-empty", hint="build it again with build-graphs")
        if len(self.index) != len(self.nodes):
            twice = next(node.id for position, node in enumerate(self.nodes) if self.index[node.id] != position)
            raise GraphError(f"node id {twice!r} appears twice", code="node-duplicate", hint="make node ids unique")
        if self.center not in self.index:
            raise GraphError(
                f"center_node {self.center!r} is not among the {len(self.nodes)} nodes",
                code="center-missing",
                hint="center_node names the image's own node",
            )
        for position, edge in enumerate(self.edges):
            for end in (edge.source, edge.target):
                if end not in self.index:
                    raise GraphError(
                        f"edges[{position}] ends at {end!r}, which is not a node",
                        code="edge-dangling",
                        hint="remove the edge or add the node",
                    )

    @cached_property
    def index(self) -> dict[str, int]:
        """Node id to position in ``nodes``."""
        return {node.id: position for position, node in enumerate(self.nodes)}

    @property
    def center_node(self) -> Node:
        return self.nodes[self.index[self.center]]

    @classmethod
    def from_json(cls, value: Any, *, source: str = "graph") -> UrbanGraph:
        """Read the decoded JSON of a graph file; ``source`` names it in messages. Nothing is repaired.

        Raises:
            GraphError: with the place (``source: nodes[3].coords``) and a stable code.
        """
        try:
            return _parse(value)
        except GraphError as error:
            raise GraphError(f"{source}: {error.message}", code=error.code, hint=error.hint) from None

    @classmethod
    def read(cls, path: Path) -> UrbanGraph:
        """Read a graph file."""
        try:
            value = orjson.loads(path.read_bytes())
        except (FileNotFoundError, IsADirectoryError):
            raise GraphError(f"{path}: no such graph file", code="graph-missing", hint="check --graph-root") from None
        except orjson.JSONDecodeError as error:
            raise GraphError(f"{path}: not JSON: {error}", code="graph-broken", hint="build the graph again") from None
        return cls.from_json(value, source=str(path))

    def to_json(self) -> dict[str, Any]:
        """The documented JSON form; `from_json` gives back an equal graph."""
        return {
            **self.attributes,
            "schema_version": SCHEMA_VERSION,
            "center_node": self.center,
            "nodes": [
                {**node.attributes, "node_id": node.id, "coords": [node.lon, node.lat], "node_text": node.text}
                for node in self.nodes
            ],
            "edges": [
                {**edge.attributes, "source": edge.source, "target": edge.target, "type": edge.kind}
                for edge in self.edges
            ],
        }

    def to_bytes(self) -> bytes:
        """The file's bytes (UTF-8, one line)."""
        return orjson.dumps(self.to_json(), option=orjson.OPT_SERIALIZE_NUMPY) + b"\n"


def _is_id(value: Any) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool)


def _refuse(where: str, what: str, code: str, hint: str) -> GraphError:
    return GraphError(f"{where}: {what}", code=code, hint=hint)


def _parse(value: Any) -> UrbanGraph:
    if not isinstance(value, dict):
        raise GraphError("not a JSON object", code="graph-broken", hint="wanted: nodes, edges, center_node")
    version = value.get("schema_version", SCHEMA_VERSION)
    if version != SCHEMA_VERSION:
        raise _refuse(
            "schema_version", f"{version!r} is unknown", "graph-version", f"this release reads {SCHEMA_VERSION}"
        )
    for key in ("nodes", "edges"):
        if not isinstance(value.get(key), list):
            raise _refuse(key, "missing or not a list", "graph-broken", "wanted: nodes, edges, center_node")
    if not _is_id(value.get("center_node")):
        raise _refuse("center_node", "missing or not an id", "center-missing", "center_node names the image's own node")
    rest = {key: v for key, v in value.items() if key not in {"nodes", "edges", "center_node", "schema_version"}}
    return UrbanGraph(
        nodes=tuple(_node(entry, f"nodes[{i}]") for i, entry in enumerate(value["nodes"])),
        edges=tuple(_edge(entry, f"edges[{i}]") for i, entry in enumerate(value["edges"])),
        center=str(value["center_node"]),
        attributes=rest,
    )


def _node(entry: Any, where: str) -> Node:
    if not isinstance(entry, dict) or not _is_id(entry.get("node_id")):
        raise _refuse(where, "wants an object with a node_id", "node-broken", "see docs/data_format.md")
    text = entry.get("node_text")
    if not isinstance(text, str) or not text.strip():
        raise _refuse(f"{where}.node_text", "missing or empty", "node-text-missing", "every node says what it is")
    lon, lat = _coords(entry.get("coords"), f"{where}.coords")
    rest = {key: v for key, v in entry.items() if key not in {"node_id", "coords", "node_text"}}
    return Node(str(entry["node_id"]), lon, lat, text, rest)


def _coords(value: Any, where: str) -> tuple[float, float]:
    pair = list(match.groups()) if isinstance(value, str) and (match := _COORDS.match(value)) else value
    hint = "coords are [longitude, latitude] in degrees"
    if not isinstance(pair, list) or len(pair) != 2:
        raise _refuse(where, "missing or not a pair", "coords-missing", hint)
    try:
        if not isinstance(value, str) and not all(type(number) in (int, float) for number in pair):
            raise ValueError
        lon, lat = (float(number) for number in pair)
    except (ValueError, OverflowError):
        raise _refuse(where, f"{value!r} is not a pair of numbers", "coords-missing", hint) from None
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        raise _refuse(where, f"({lon}, {lat}) is not on the globe", "coordinates-range", hint + "; are they swapped?")
    return lon, lat


def _edge(entry: Any, where: str) -> Edge:
    if not isinstance(entry, dict) or not all(_is_id(entry.get(key)) for key in ("source", "target")):
        raise _refuse(where, "wants an object with source and target", "edge-broken", "see docs/data_format.md")
    rest = {key: v for key, v in entry.items() if key not in {"source", "target", "type"}}
    return Edge(str(entry["source"]), str(entry["target"]), str(entry.get("type", "")), rest)
