"""The plain content of a pickle becomes an `UrbanGraph`; what had to be decided on the way is told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ugembed.errors import GraphError
from ugembed.graphs.doubts import COUNTRIES
from ugembed.graphs.schema import UrbanGraph
from ugembed.records.report import Problem

_BOXES = {
    **COUNTRIES,
    "France": ((-5.5, 41.0, 10.0, 51.5),),
    "China": ((73.0, 18.0, 135.5, 54.0),),
}
"""Coarse boxes of all countries that the reference's scripts write: west, south, east, north in degrees."""
_COUNTRY = re.compile(r"(?:^|(?<=, ))Country: ([^,]*)")
_COUNTRY_FIELD = re.compile(r"^(?:Country: [^,]*(?:, |$))+|, Country: [^,]*")
_COORDINATES = re.compile(r"Coordinates: (\([-+0-9.eE]+, ?[-+0-9.eE]+\))")
_NAME = re.compile(r"(?:extended_(?P<outer>.+)_)?subgraph_(?P<id>.+)")

_GRAPH_KEYS = ("nodes", "edges", "center_node", "schema_version", "country_dropped")


@dataclass(frozen=True, slots=True)
class Imported:
    """A graph, where its centre was named, how many of its texts name which country, and what is doubtful."""

    graph: UrbanGraph
    center_from: str
    countries: Mapping[str, int]
    warnings: tuple[Problem, ...]


def convert(content: Mapping[str, Any], path: Path, *, drop_country: bool) -> Imported:
    """The graph of a pickle; ``content`` is what `ugembed.graphs.legacy.sandbox.Sandbox.read` gave.

    Args:
        content: Plain JSON.
        path: The pickle; its name can name the centre, and messages begin with it.
        drop_country: Take ``, Country: …`` out of the texts; the graph's ``country_dropped`` counts what went.

    Raises:
        GraphError: ``center-missing``, ``attribute-reserved``, and everything that `UrbanGraph.from_json` refuses.
    """
    told = _Told(path)
    center, center_from = _center(content, path, told)
    texts = [node.get("node_text") for _, node in content["nodes"]]
    countries = Counter(name for text in texts if isinstance(text, str) for name in _COUNTRY.findall(text))
    dropped = {"country_dropped": dict(countries)} if drop_country and countries else {}
    _refuse_reserved(content["attributes"], _GRAPH_KEYS, f"{path}: graph")
    value = {
        **content["attributes"],
        **dropped,
        "center_node": center,
        "nodes": _nodes(content["nodes"], told, drop_country=drop_country),
        "edges": _edges(content["edges"], path),
    }
    graph = UrbanGraph.from_json(value, source=str(path))
    _tell_changes(content, told)
    _tell_countries(graph, countries, told)
    return Imported(graph, center_from, dict(countries), tuple(told.problems))


class _Told:
    """Warnings of one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[Problem] = []

    def warn(self, field: str, message: str, *, code: str, hint: str) -> None:
        self.problems.append(Problem(code, str(self.path), None, field, message, hint, "warning"))


def _center(content: Mapping[str, Any], path: Path, told: _Told) -> tuple[str, str]:
    """The id of the image's node and where it was named: the first that is a node counts, the file's name last."""
    ids = {id for id, _ in content["nodes"]}
    named = [(where, id) for where, id in content["centers"]]
    match = _NAME.fullmatch(path.stem)
    if match and match["outer"] in (None, match["id"]):
        named.append(("file name", match["id"]))
    where, center = next(((where, id) for where, id in named if id in ids), ("", ""))
    if not where:
        shown = ", ".join(f"{where} {id[:40]!r}" for where, id in named[:5]) or "nothing"
        what = f"{path}: none of {len(ids)} nodes is named as the centre; named is {shown}"
        hint = "pickle {'subgraph': graph, 'center_nodes': [id]}, or name the file extended_<id>_subgraph_<id>.pkl"
        raise GraphError(what, code="center-missing", hint=hint)
    others = list(dict.fromkeys(id for at, id in named if id != center and at != "file name"))
    if others:
        message = f"{center!r} is taken as the centre, not {', '.join(map(repr, others[:5]))}"
        told.warn("center_node", message, code="center-ambiguous", hint="a local graph has one image in its centre")
    return center, where


def _nodes(nodes: Iterable[tuple[str, dict[str, Any]]], told: _Told, *, drop_country: bool) -> list[dict[str, Any]]:
    result = []
    from_text = 0
    for id, attributes in nodes:
        _refuse_reserved(attributes, ("node_id",), f"{told.path}: node {id}", same=id)
        node = {**attributes, "node_id": id}
        text = node.get("node_text")
        if node.get("coords") is None and isinstance(text, str) and (match := _COORDINATES.search(text)):
            node["coords"] = match[1]
            from_text += 1
        if drop_country and isinstance(text, str):
            node["node_text"] = _COUNTRY_FIELD.sub("", text)
        result.append(node)
    if from_text:
        what = f"{from_text} of {len(result)} nodes have no coords; those that their text prints are taken"
        told.warn(
            "nodes", what, code="coords-from-text", hint="texts round to 0.1 m; the reference takes (0, 0) for them"
        )
    return result


def _edges(edges: Iterable[tuple[str, str, dict[str, Any]]], path: Path) -> list[dict[str, Any]]:
    result = []
    for source, target, attributes in edges:
        _refuse_reserved(attributes, ("source",), f"{path}: edge {source} {target}", same=source)
        _refuse_reserved(attributes, ("target",), f"{path}: edge {source} {target}", same=target)
        edge = {**attributes, "source": source, "target": target}
        if edge.get("type", "") is None:
            del edge["type"]  # none is none
        result.append(edge)
    return result


def _refuse_reserved(attributes: Mapping[str, Any], keys: tuple[str, ...], where: str, same: str | None = None) -> None:
    """Refuse attributes that would take the place of ours; one that says the ``same`` may."""
    for key in keys:
        if key in attributes and (same is None or str(attributes[key]) != same):
            what = f"{where}: the attribute {key!r} has a meaning of its own in graph files"
            raise GraphError(what, code="attribute-reserved", hint="rename the attribute and pickle the graph again")


def _tell_changes(content: Mapping[str, Any], told: _Told) -> None:
    if content["merged"]:
        repeated = f"{content['merged']} edge(s) of the {content['kind']} repeat one of the same type and are left out"
        told.warn("edges", repeated, code="edges-merged", hint="edges are undirected and count once; the first is kept")
    if content["not_numbers"]:
        what = f"{content['not_numbers']} attribute value(s) are NaN and become null"
        told.warn("", what, code="nan-as-null", hint="JSON has no NaN; null says that nothing is known")


def _tell_countries(graph: UrbanGraph, countries: Mapping[str, int], told: _Told) -> None:
    lon, lat = graph.center_node.lon, graph.center_node.lat
    for country, count in countries.items():
        boxes = _BOXES.get(country)
        if boxes and not any(west <= lon <= east and south <= lat <= north for west, south, east, north in boxes):
            what = f"{count} of {len(graph.nodes)} texts say Country: {country}, but the centre is at ({lon}, {lat})"
            hint = "the reference's scripts wrote one country for several cities; --drop-country takes it out"
            told.warn("nodes", what, code="country-mismatch", hint=hint)
