"""The JSON schema (draft 2020-12) of rows and graph files, for editors and for programs that write them.

It says what one line or file must look like; `UNSAID` lists what it cannot say. Kept by hand beside the parsers: tests
hold both to the same verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ugembed.records.fields import BENCHMARK, EDGE, EMBED, GENERAL, GRAPH, NODE, TRAINING, Field, array, or_null, ref

_NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?"
_GAP = r"[ \t\r\n]*"

UNSAID = (
    "tag-count",
    "empty-item",
    "parallel-length",
    "path-url",
    "path-broken",
    "path-escapes",
    "image-missing",
    "graph-missing",
    "stage1-with-graph",
    "stage2-without-graph",
    "candidates-mixed",
    "candidate-duplicate",
    "candidate-graphs",
    "gold-missing",
    "path-damaged",
    "gold-index",
    "coordinates-range",
    "node-duplicate",
    "center-missing",
    "edge-dangling",
)
"""Codes of what joins fields, rows or files, or lies inside a string: only the program can tell."""


def record_schema() -> dict[str, Any]:
    """The whole document: any row or graph file, with ``$defs`` ``training_row``, ``benchmark_row``, … to point at."""
    kinds = {
        "training_row": _object(
            "A training row of either stage.", (*GENERAL, *TRAINING), ("messages", "positive_messages")
        ),
        "benchmark_row": {
            **_object("A question with candidates.", (*GENERAL, *BENCHMARK), ("messages", "ground_truth")),
            "anyOf": [
                _two_or_more("candidates"),
                _two_or_more("candidate_images", candidates={"type": ["array", "null"], "maxItems": 0}),
            ],
        },
        "embed_row": {
            **_object("A row to embed.", (*GENERAL, *EMBED), ()),
            "anyOf": [
                {"required": ["messages"], "properties": {"text": {"type": "null"}}},
                {"not": {"required": ["messages"]}},
            ],
        },
        "graph": _object("A graph file: the neighbourhood of one image.", GRAPH, ("center_node", "nodes", "edges")),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rows and graph files of ugembed",
        "$comment": f"Checked by `ugembed validate-data`, not said here: {', '.join(UNSAID)}.",
        "anyOf": [ref(kind) for kind in kinds],
        "$defs": {**kinds, **_SHARED},
    }


def _object(description: str, fields: Sequence[Field], required: Sequence[str]) -> dict[str, Any]:
    properties = {name: {"description": field.meaning, **field.form} for field in fields for name in field.names}
    return {"description": description, "type": "object", "properties": properties, "required": list(required)}


def _two_or_more(name: str, **others: Any) -> dict[str, Any]:
    names = array(ref("word"), minItems=2, uniqueItems=True)
    return {"required": [name], "properties": {name: names, **others}}


def _part(kind: str) -> dict[str, Any]:
    """A typed content part: a text, or a picture or graph whose file may be named in place."""
    if kind == "text":
        return {
            "type": "object",
            "properties": {"type": {"const": kind}, kind: {"type": "string"}},
            "required": ["type", kind],
        }
    file = or_null(ref("word"), {"type": "object", "properties": {"url": or_null(ref("word"))}})
    return {"type": "object", "properties": {"type": {"const": kind}, kind: file}, "required": ["type"]}


_TURN = {
    "type": "object",
    "properties": {
        "role": {"const": "user"},
        "content": {
            "anyOf": [
                {"type": "string"},
                array(
                    {"anyOf": [_part(kind) for kind in ("text", "image", "image_url", "graph", "graph_url")]},
                    minItems=1,
                ),
            ]
        },
    },
    "required": ["role", "content"],
}
_LON = {"type": "number", "minimum": -180, "maximum": 180}
_LAT = {"type": "number", "minimum": -90, "maximum": 90}
_PAIR = {"type": "array", "prefixItems": [_LON, _LAT], "items": False, "minItems": 2}
_SHARED: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "text": {
            "description": "a string; an integer is written out; null is none",
            "type": ["string", "integer", "null"],
        },
        "word": {"description": "a string that is not blank", "type": "string", "pattern": r"\S"},
        "id": {"description": '1 and "1" are the same id', "type": ["string", "integer"]},
        "names": {"description": "one file name or a list of them", **or_null(ref("word"), array(ref("word")))},
        "messages": {"description": "turns, joined by a newline", **array(_TURN, minItems=1)},
        "coords": {
            "description": "(longitude, latitude) in degrees, WGS 84",
            "anyOf": [
                _PAIR,
                {"type": "string", "pattern": rf"^{_GAP}\(?{_GAP}{_NUMBER}{_GAP},{_GAP}{_NUMBER}{_GAP}\)?{_GAP}$"},
            ],
        },
        "place": {
            "description": "a position in degrees, and where the camera looks in degrees clockwise from north",
            **or_null(
                {
                    "type": "object",
                    "properties": {
                        "lon": _LON,
                        "lat": _LAT,
                        "heading_deg": {"type": ["number", "null"], "minimum": 0, "maximum": 360},
                    },
                    "required": ["lon", "lat"],
                    "additionalProperties": False,
                }
            ),
        },
        "node": _object("A thing on the map; other attributes are kept.", NODE, ("node_id", "coords", "node_text")),
        "edge": _object("An undirected relation; other attributes are kept.", EDGE, ("source", "target")),
    }
)
