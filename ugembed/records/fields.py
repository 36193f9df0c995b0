"""What every field of a row or graph file means and looks like, said once.

docs/data_format.md prints the meanings (a test compares them); `ugembed.records.json_schema` puts the forms together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Field:
    """Fields that share one meaning and one form; `form` is the schema of their value."""

    names: tuple[str, ...]
    meaning: str
    form: Mapping[str, Any]


def ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def array(of: Mapping[str, Any], **limits: Any) -> dict[str, Any]:
    return {"type": "array", "items": of, **limits}


def or_null(*forms: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [*forms, {"type": "null"}]}


GENERAL = (
    Field(("id",), "optional name, unique in the file", ref("text")),
    Field(("place",), "optional: where the row was taken; no model is ever shown it", ref("place")),
    Field(
        ("image_coords", "coordinates", "image_coordinates"),
        'the same as `[lon, lat]` or `"(lon, lat)"`, as the reference has it; the first of these that is there counts',
        or_null(ref("coords")),
    ),
)
"""Fields of every row."""

_SHOWN = Field(
    ("messages",), "the query: turns with `<image>` and `<graph>` where the model shall see one", ref("messages")
)
_FILES = Field(("images", "graphs"), "files of the query's tags, in reading order: one name or a list", ref("names"))

TRAINING = (
    _SHOWN,
    _FILES,
    Field(
        ("positive_messages",),
        "list of message lists: texts or items that belong to the query. At least one; **all** of them are used",
        array(ref("messages"), minItems=1),
    ),
    Field(
        ("positive_images", "positive_graphs"),
        "parallel to `positive_messages`: entry *i* is the file, list of files, or null of positive *i*",
        or_null(array(ref("names"))),
    ),
    Field(
        ("negative_messages",),
        "the same for what does not belong to the query; optional, since other rows of the batch serve as negatives",
        or_null(array(ref("messages"))),
    ),
    Field(
        ("negative_images", "negative_graphs"),
        "parallel to `negative_messages`: files of each negative",
        or_null(array(ref("names"))),
    ),
    Field(
        ("pair_type",),
        "optional; what starts with `stage1` wants no graphs anywhere, what starts with `stage2` a graph in the query",
        ref("text"),
    ),
    Field(
        ("label",),
        "optional; any number but 0, which is refused. It changes nothing else",
        {"type": ["number", "null"], "not": {"const": 0}},
    ),
    Field(
        ("group",),
        "optional; rows of one group are never each other's negatives. "
        "Default: the first image, or else the first graph, of the query",
        ref("text"),
    ),
    Field(("summarization", "mapillary_node"), "left by the reference's generators; accepted and not used", {}),
)
"""Fields of a training row, beside `GENERAL`."""

BENCHMARK = (
    _SHOWN,
    _FILES,
    Field(
        ("candidates",),
        "two or more different texts, or file names of different pictures",
        or_null(array(ref("word"), uniqueItems=True)),
    ),
    Field(
        ("candidate_images",),
        "for picture candidates: their files, parallel to `candidates`; may stand alone",
        or_null(array({"anyOf": [ref("word"), array(ref("word"), minItems=1, maxItems=1)]})),
    ),
    Field(
        ("candidate_graphs",),
        "optional graph files (or null) of picture candidates, parallel to `candidates`",
        or_null(array(or_null(ref("word"), array(ref("word"), maxItems=1)))),
    ),
    Field(("ground_truth",), "the right candidate, letter by letter as in `candidates`", ref("word")),
    Field(
        ("ground_truth_idx",),
        "optional index of it, from 0; must agree",
        {"type": ["integer", "null"], "minimum": 0},
    ),
    Field(
        ("query_type", "question_type"),
        "optional label, the first that is there; results are also told by it",
        ref("text"),
    ),
)
"""Fields of a benchmark row, beside `GENERAL`."""

EMBED = (
    Field(("messages",), "the item, as in the other rows; instead of `text`", ref("messages")),
    Field(
        ("text",),
        "the item's text; without tags it gets them in front: every `<graph>`, then every `<image>`",
        ref("text"),
    ),
    Field(("images", "graphs"), "files of the tags, in reading order: one name or a list", ref("names")),
)
"""Fields of a row to embed, beside `GENERAL`."""

GRAPH = (
    Field(("schema_version",), "optional, 1", {"const": 1}),
    Field(("center_node",), "`node_id` of the image's own node, which must be among the nodes", ref("id")),
    Field(("nodes",), "list of one or more nodes", array(ref("node"), minItems=1)),
    Field(("edges",), "list of edges, which may be empty", array(ref("edge"))),
)
NODE = (
    Field(("node_id",), "string or integer, unique in the graph", ref("id")),
    Field(("coords",), '`[lon, lat]`, or the string `"(lon, lat)"`', ref("coords")),
    Field(("node_text",), "what the model reads of the node; must not be empty", ref("word")),
)
EDGE = (
    Field(("source", "target"), "node ids", ref("id")),
    Field(("type",), "optional kind of relation, e.g. `nearest`, `near`, `crossing`", {"type": "string"}),
)
