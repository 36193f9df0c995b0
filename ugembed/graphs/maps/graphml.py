"""GraphML as osmnx writes it.

Read by expat as it streams past. A document type declaration is refused, so that no entity is ever declared or fetched.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.parsers import expat

from ugembed.graphs.maps.source import MapSource
from ugembed.graphs.maps.street_graph import NODE_COLUMNS, StreetGraph
from ugembed.graphs.maps.street_line import STREET_COLUMNS

MAX_BYTES = 2 * 2**30
"""Largest file; what it says is held in memory."""

_WANTED = {
    "graph": frozenset({"crs"}),
    "node": NODE_COLUMNS,
    "edge": STREET_COLUMNS | {"geometry"},
}


def read_graphml(path: Path, source: MapSource) -> StreetGraph:
    """Nodes, edges and what is wanted of their attributes, all as text; an edge of a multigraph may come many times.

    Raises:
        GraphError: ``streets-missing``, ``streets-broken``, ``streets-too-large``.
    """
    if not path.is_file():
        raise source.missing()
    if path.stat().st_size > MAX_BYTES:
        raise source.too_large(f"{path.stat().st_size} bytes, more than {MAX_BYTES}")
    reader = _Reader(source)
    try:
        with path.open("rb") as file:
            reader.parser.ParseFile(file)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the last two: encodings that Python cannot read
        raise source.broken(f"not sound GraphML: {error}") from None
    if not reader.is_graphml:
        raise source.broken("not GraphML: no element 'graph'")
    return StreetGraph(reader.attributes, reader.nodes, reader.edges)


class _Reader:
    """Listens to the parser. ``<data key="d4">`` belongs to the graph, node or edge that was opened last."""

    def __init__(self, source: MapSource) -> None:
        self.is_graphml = False
        self.attributes: dict[str, Any] = {}
        self.nodes: dict[str, dict[str, Any]] = {}
        self.edges: list[tuple[str, str, dict[str, Any]]] = []
        self._source = source
        self._names: dict[str, tuple[str, str]] = {}
        self._defaults: dict[str, dict[str, str]] = {kind: {} for kind in _WANTED}
        self._owner, self._values = "", self.attributes
        self._into: dict[str, Any] | None = None
        self._key, self._text = "", list[str]()
        self._latest = ""
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _doctype(self, *_: Any) -> None:
        raise self._source.broken("it declares a document type; GraphML needs none, and it is not read")

    def _start(self, element: str, attributes: dict[str, str]) -> None:
        kind = element.rpartition(":")[2]
        if kind == "key":
            self._latest = attributes.get("id", "")
            self._names[self._latest] = (attributes.get("for", ""), attributes.get("attr.name", "").lower())
        elif kind in _WANTED:
            self._owner, self._values = kind, self._values_of(kind, attributes)
        elif kind == "data" and self._owner:
            self._take(self._names.get(attributes.get("key", ""), ("", ""))[1], self._owner, self._values)
        elif kind == "default" and self._latest in self._names:
            owner, name = self._names[self._latest]
            for one in _WANTED if owner == "all" else {owner} & _WANTED.keys():
                self._take(name, one, self._defaults[one])

    def _values_of(self, kind: str, attributes: dict[str, str]) -> dict[str, Any]:
        values: dict[str, Any] = dict(self._defaults[kind])
        if kind == "graph":
            self.is_graphml = True
            self.attributes.update(values)
            return self.attributes
        try:
            if kind == "node":
                return self.nodes.setdefault(attributes["id"], values)
            self.edges.append((attributes["source"], attributes["target"], values))
        except KeyError as error:
            line = self.parser.CurrentLineNumber
            raise self._source.broken(f"line {line}: <{kind}> has no attribute {error}") from None
        return values

    def _take(self, name: str, owner: str, into: dict[str, Any]) -> None:
        """The characters up to the end of this element are the value of ``name``."""
        if name in _WANTED[owner]:
            self._key, self._into, self._text = name, into, []

    def _characters(self, text: str) -> None:
        if self._into is not None:
            self._text.append(text)

    def _end(self, element: str) -> None:
        kind = element.rpartition(":")[2]
        if kind in ("data", "default") and self._into is not None:
            self._into[self._key] = "".join(self._text)
            self._into = None
        elif kind in ("node", "edge"):
            self._owner, self._values = "graph", self.attributes
