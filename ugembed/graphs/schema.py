"""`UrbanGraph`: the neighbourhood of one image, and its JSON file.

The file is the one the reference documents (``nodes``, ``edges``, ``center_node``); unknown attributes of nodes, edges
and of the graph are kept through a round trip. Coordinates are (lon, lat) in degrees, as a pair or as the string
``"(lon, lat)"`` that the reference's scripts write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import orjson

from ugembed.errors import GraphError
from ugembed.graphs.decode import decode, graph_bytes
from ugembed.graphs.faults import SCHEMA_VERSION, GraphFileError, faults, read_coords

_GRAPH_KEYS = frozenset({"nodes", "edges", "center_node", "schema_version"})
_NODE_KEYS = frozenset({"node_id", "coords", "node_text"})
_EDGE_KEYS = frozenset({"source", "target", "type"})


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
        for fault in faults(value):
            raise GraphError(f"{source}: {fault.message}", code=fault.code, hint=fault.hint)
        return cls(
            nodes=tuple(_node(entry) for entry in value["nodes"]),
            edges=tuple(_edge(entry) for entry in value["edges"]),
            center=str(value["center_node"]),
            attributes=_others(value, _GRAPH_KEYS),
        )

    @classmethod
    def read(cls, path: Path) -> UrbanGraph:
        """Read a graph file, plain or in a shard (``part-0000.zip/v00012.json``).

        Raises:
            GraphError: as `from_json`, `ugembed.graphs.decode.graph_bytes` and `ugembed.graphs.decode.decode`.
            DataError: of a damaged shard.
        """
        data = graph_bytes(path)
        try:
            value = decode(data)
        except GraphFileError as fault:
            raise GraphError(f"{path}: {fault.message}", code=fault.code, hint=fault.hint) from None
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
        value = self.to_json()
        try:
            return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n"
        except orjson.JSONEncodeError:  # a whole number of more than 64 bits
            return msgspec.json.encode(value) + b"\n"


def _node(entry: dict[str, Any]) -> Node:
    lon, lat = read_coords(entry["coords"])
    return Node(str(entry["node_id"]), lon, lat, entry["node_text"], _others(entry, _NODE_KEYS))


def _edge(entry: dict[str, Any]) -> Edge:
    return Edge(str(entry["source"]), str(entry["target"]), entry.get("type", ""), _others(entry, _EDGE_KEYS))


def _others(entry: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in known}
