"""From the inert values of a pickle to plain JSON: which graph it holds, its centres, nodes and edges."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ugembed.errors import GraphError
from ugembed.graphs.legacy.known import GRAPHS, NDARRAY, Made, broken, read_array

MAX_CONTENT = 100_000_000
"""Letters of texts, names and ids, with 8 for every other value and 40 for every node and edge: roughly bytes of JSON.
A pickle of a few lines can name one list, or one long name, a billion times."""
MAX_DEPTH = 16
_LOWEST, _HIGHEST = -(2**63), 2**64 - 1

Attributes: TypeAlias = dict[str, Any]


class _UnsupportedError(Exception):
    """A value that JSON cannot hold; the message says what it is."""


@dataclass
class Document:
    """A graph as plain JSON values.

    Attributes:
        kind: Graph, DiGraph, MultiGraph or MultiDiGraph.
        attributes: Of the graph, with what else the wrapper around it held.
        centers: ``[where it was found, node id]``, in the order in which they count.
        nodes: ``[id, attributes]``.
        edges: ``[id, id, attributes]``, every undirected edge of one type once.
        merged: Edges left out because one of the same type joins the same two nodes.
        not_numbers: NaN values that became null.
    """

    kind: str
    attributes: Attributes = field(default_factory=dict)
    centers: list[tuple[str, str]] = field(default_factory=list)
    nodes: list[tuple[str, Attributes]] = field(default_factory=list)
    edges: list[tuple[str, str, Attributes]] = field(default_factory=list)
    merged: int = 0
    not_numbers: int = 0


def document(value: Any) -> Document:
    """The graph in what `ugembed.graphs.legacy.machine.read_inert` gave.

    Understood are a bare graph, ``{"subgraph": graph, "center_nodes": [id]}``, and both also under ``"subgraph_data"``.

    Raises:
        GraphError: ``pickle-content`` when it holds something else, ``node-broken`` for an id that is neither text nor
            a whole number, ``value-unsupported`` for an attribute that JSON cannot hold, ``attribute-reserved`` for one
            name at two places, ``pickle-too-large``, ``pickle-broken``.
    """
    graph, wrappers = _unwrapped(value)
    state = graph.state if isinstance(graph.state, dict) else {}
    nodes, neighbours = state.get("_node"), state.get("_adj")
    own = state.get("graph", {})
    if not isinstance(nodes, dict) or not isinstance(neighbours, dict) or not isinstance(own, dict):
        raise broken("a networkx graph without its nodes or edges; wanted one of networkx 2 or 3")
    result = Document(GRAPHS[graph.name])
    plain = _Plain()
    result.attributes, result.centers = _graph_attributes(own, wrappers, plain)
    result.nodes = [(plain.id(id), plain.attributes(attributes, "node", id)) for id, attributes in nodes.items()]
    for source, target, attributes in _distinct(neighbours, result):
        ids = plain.id(source), plain.id(target)
        result.edges.append((*ids, plain.attributes(attributes, "edge", source, target)))
    result.not_numbers = plain.not_numbers
    return result


def _unwrapped(value: Any) -> tuple[Made, list[dict[Any, Any]]]:
    """The graph, and the dicts around it from the outside in, each without the entry that leads to it."""
    wrappers: list[dict[Any, Any]] = []
    for key in ("subgraph_data", "subgraph"):
        if isinstance(value, dict) and key in value:
            wrappers.append({name: entry for name, entry in value.items() if name != key})
            value = value[key]
    if not isinstance(value, Made) or value.name not in GRAPHS:
        what = value.name if isinstance(value, Made) else type(value).__name__
        hint = "wanted: a networkx graph, {'subgraph': graph, …} or {'subgraph_data': {'subgraph': graph}}"
        raise GraphError(f"no graph in it but a {what}", code="pickle-content", hint=hint)
    return value, wrappers


def _graph_attributes(
    own: dict[Any, Any], wrappers: list[dict[Any, Any]], plain: _Plain
) -> tuple[Attributes, list[tuple[str, str]]]:
    """The attributes of the graph and of what was around it, and the centres that they name."""
    together: Attributes = {}
    for part in (own, *reversed(wrappers)):
        for key, value in plain.attributes(part, "graph").items():
            if key in together and together[key] != value:
                what = f"{key!r} is an attribute of the graph and of the dict around it, with two values"
                raise GraphError(what, code="attribute-reserved", hint="keep one of them and pickle again")
            together[key] = value
    centers = []
    for key in ("center_nodes", "central_node_id", "central_node"):
        found = together.pop(key, None)
        ids = found if isinstance(found, list) else [] if found is None else [found]
        centers += [(key, plain.id(id, f"what {key} names")) for id in ids]
    return together, centers


def _id(value: Any, what: str) -> str:
    if type(value) is str and _is_unicode(value):
        return value
    if type(value) is int and _fits(value):
        return str(value)
    what = f"{what} is a {type(value).__name__} that cannot name a node"
    hint = "ids are Unicode text or whole numbers of up to 64 bits; rename the nodes"
    raise GraphError(what, code="node-broken", hint=hint)


def _fits(value: int) -> bool:
    return _LOWEST <= value <= _HIGHEST


def _distinct(neighbours: dict[Any, Any], result: Document) -> Iterator[tuple[Any, Any, Any]]:
    """Every edge once; of several with one type between the same two nodes the first, counted in ``result.merged``.

    An undirected graph has each edge at both of its nodes, which is not a repetition.
    """
    is_directed, is_multi = "Di" in result.kind, result.kind.startswith("Multi")
    seen: set[tuple[Any, Any, Any]] = set()
    for source, others in neighbours.items():
        for target, found in _dict(others, "neighbours").items():
            for attributes in _dict(found, "edges").values() if is_multi else (found,):
                kind = _dict(attributes, "edge").get("type")
                kind = kind if isinstance(kind, str) else None
                if source != target and (target, source, kind) in seen:
                    result.merged += is_directed
                elif (source, target, kind) in seen:
                    result.merged += 1
                else:
                    seen.add((source, target, kind))
                    yield source, target, attributes


def _dict(value: Any, what: str) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise broken(f"{what} in a {type(value).__name__}, not in a dict")
    return value


class _Plain:
    """Makes attributes plain, and counts what it was given and what it had to change."""

    def __init__(self) -> None:
        self.content = 0
        self.not_numbers = 0

    def id(self, value: Any, what: str = "a node id") -> str:
        """The id of a node as text; ``what`` it is for, in a message."""
        name = _id(value, what)
        self._count(len(name))
        return name

    def attributes(self, value: Any, kind: str, *ids: Any) -> Attributes:
        """A dict of attributes as JSON; a message says of which ``kind`` of thing with which ``ids`` they are."""
        self._count(40)
        plain = {}
        for name, entry in _dict(value, "attributes").items():
            try:
                plain[self._name(name)] = self.plain(entry, 0)
            except _UnsupportedError as error:
                where = " ".join([kind, *(f"{id!r:.60}" for id in ids)])
                shown = f"{name!r:.60}" if isinstance(name, str) else f"({type(name).__name__})"
                what = f"{where}: attribute {shown} is {error}"
                raise GraphError(
                    what, code="value-unsupported", hint="turn it into text or a number, and pickle again"
                ) from None
        return plain

    def plain(self, value: Any, depth: int) -> Any:
        """``value`` as JSON: tuples and arrays become lists, NaN becomes null."""
        kind = type(value)
        self._count(len(value) if kind is str else 8)
        if kind is str:
            return _text(value)
        if kind is float:
            return self._number(value)
        if kind is int and not _fits(value):
            raise _UnsupportedError("a whole number of more than 64 bits")
        if kind is int or kind is bool or value is None:
            return value
        return self._several(value, depth + 1)

    def _count(self, letters: int) -> None:
        self.content += letters
        if self.content > MAX_CONTENT:
            what = f"over {MAX_CONTENT // 10**6} MB of content, much of it perhaps one and the same value"
            raise GraphError(what, code="pickle-too-large", hint="a local graph has about 1 MB; build it again")

    def _number(self, value: float) -> float | None:
        if math.isfinite(value):
            return value
        if math.isinf(value):
            raise _UnsupportedError("infinite, which is no JSON number")
        self.not_numbers += 1
        return None

    def _several(self, value: Any, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise _UnsupportedError(f"nested more than {MAX_DEPTH} deep")
        if isinstance(value, list | tuple):
            return [self.plain(entry, depth) for entry in value]
        if isinstance(value, dict):
            return {self._name(name): self.plain(entry, depth) for name, entry in value.items()}
        if isinstance(value, Made) and value.name == NDARRAY:
            return self.plain(read_array(value), depth)
        name = getattr(value, "name", type(value).__name__)
        raise _UnsupportedError(f"a {name}, which JSON cannot hold")

    def _name(self, name: Any) -> str:
        if not isinstance(name, str):
            raise _UnsupportedError("named by something else than text")
        self._count(len(name))
        return _text(name)


def _text(value: str) -> str:
    if not _is_unicode(value):
        raise _UnsupportedError("text with half a surrogate pair, which is no Unicode")
    return value


def _is_unicode(value: str) -> bool:
    """Whether the text can be written as UTF-8; pickles can hold half a surrogate pair."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
