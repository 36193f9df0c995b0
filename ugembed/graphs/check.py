"""Check graph files: clean ones at a glance, all others with every fault explained. Both come to the same verdict."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

import msgspec

from ugembed.errors import DataError
from ugembed.graphs.columns import Columns, accepted, columns_of
from ugembed.graphs.decode import decode, graph_bytes
from ugembed.graphs.doubts import Doubts, doubts_of_content, doubts_of_size
from ugembed.graphs.faults import SCHEMA_VERSION, GraphFileError, faults, read_coords
from ugembed.graphs.schema import UrbanGraph
from ugembed.records.report import Problem

MOST_FAULTS = 20
"""Errors of one file that are told; whoever has more will look at the file anyway."""


@dataclass(frozen=True, slots=True)
class GraphFacts:
    """Counts of a graph, and where its centre is (degrees)."""

    nodes: int
    edges: int
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class GraphCheck:
    """``facts`` are None for a file with errors; ``problems`` may hold warnings beside facts."""

    facts: GraphFacts | None
    problems: tuple[Problem, ...]


def check_graph_file(path: Path, depth: Literal["header", "full"], *, max_nodes: int) -> GraphCheck:
    """Check a graph file, plain or in a shard; nothing is raised for a bad one.

    Args:
        path: The file.
        depth: ``full`` reads every node and edge and finds all that `UrbanGraph.read` refuses. ``header`` counts nodes
            and edges and reads the centre's place: it accepts all that ``full`` accepts, and some that it does not.
        max_nodes: Nodes that a model keeps; more are a warning.

    Returns:
        Warnings of ``header`` are ``nodes-over-cap`` and ``graph-without-edges``; the others want ``full``.
    """
    try:
        data = graph_bytes(path)
        return _header(data, str(path), max_nodes) if depth == "header" else _full(data, str(path), max_nodes)
    except GraphFileError as error:
        problem = Problem(error.code, str(path), None, error.field, error.what, error.hint)
    except DataError as error:
        problem = Problem(error.code, str(path), None, "", error.message.removeprefix(f"{path}: "), error.hint)
    except OSError as error:
        problem = _unreadable(str(path), error.strerror or str(error))
    return GraphCheck(None, (problem,))


def _unreadable(file: str, message: str) -> Problem:
    return Problem(code="unreadable", file=file, line=None, field="", message=message, hint="check its permissions")


def _full(data: bytes, file: str, max_nodes: int) -> GraphCheck:
    value = decode(data)
    columns = accepted(value)
    if columns is None:
        told = tuple(islice(faults(value), MOST_FAULTS))
        if told:
            problems = (Problem(fault.code, file, None, fault.field, fault.what, fault.hint) for fault in told)
            return GraphCheck(None, tuple(problems))
        columns = columns_of(UrbanGraph.from_json(value, source=file))
    doubts = Doubts(file)
    doubts_of_size(doubts, len(columns.ids), len(columns.sources), max_nodes=max_nodes)
    doubts_of_content(doubts, columns)
    return GraphCheck(_facts(columns), tuple(doubts.problems))


def _facts(columns: Columns) -> GraphFacts:
    lon, lat = columns.lon[columns.center], columns.lat[columns.center]
    return GraphFacts(len(columns.ids), len(columns.sources), float(lon), float(lat))


class _HeadNode(msgspec.Struct, gc=False):
    node_id: str | int
    coords: msgspec.Raw


class _Head(msgspec.Struct, gc=False):
    """As much of a graph file as a header is; what is left out is passed over, not built."""

    center_node: str | int
    nodes: list[_HeadNode]
    edges: list[msgspec.Raw]
    schema_version: int = SCHEMA_VERSION


_HEAD = msgspec.json.Decoder(_Head)


def _header(data: bytes, file: str, max_nodes: int) -> GraphCheck:
    facts = _head_facts(data)
    if facts is None:
        checked = _full(data, file, max_nodes)
        if checked.facts is None:
            return checked
        facts = checked.facts
    doubts = Doubts(file)
    doubts_of_size(doubts, facts.nodes, facts.edges, max_nodes=max_nodes)
    return GraphCheck(facts, tuple(doubts.problems))


def _head_facts(data: bytes) -> GraphFacts | None:
    """The facts of a header in order; None for one that has to be explained."""
    try:
        head = _HEAD.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    center = str(head.center_node)
    coords = next((node.coords for node in head.nodes if str(node.node_id) == center), None)
    if coords is None or head.schema_version != SCHEMA_VERSION:
        return None
    try:
        lon, lat = read_coords(msgspec.json.decode(coords))
    except (msgspec.DecodeError, UnicodeDecodeError, GraphFileError, RecursionError):
        return None
    return GraphFacts(len(head.nodes), len(head.edges), lon, lat)
