"""The JSON schema and the parsers come to the same verdict, but for what a schema cannot say."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from docs.codes import all_codes
from tests.records.mini_schema import Schema, parts
from tests.records.test_uge_any_json import VALUES
from ugembed.cli.app import app
from ugembed.errors import ConfigError, DataError
from ugembed.graphs.schema import UrbanGraph
from ugembed.records.fields import BENCHMARK, EDGE, EMBED, GENERAL, GRAPH, NODE, TRAINING, Field
from ugembed.records.json_schema import UNSAID, record_schema
from ugembed.records.uge.cases import CASE_FIELDS, parse_case
from ugembed.records.uge.items import ITEM_FIELDS, parse_item
from ugembed.records.uge.pairs import PAIR_FIELDS, parse_pair
from ugembed.records.uge.place import PLACE_FIELDS
from ugembed.records.uge.row import Row, decode_row

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SCHEMA = Schema(record_schema())
PARSERS: dict[str, tuple[Callable[[Row], Any], frozenset[str], tuple[Field, ...]]] = {
    "training_row": (parse_pair, PAIR_FIELDS, TRAINING),
    "benchmark_row": (parse_case, CASE_FIELDS, BENCHMARK),
    "embed_row": (parse_item, ITEM_FIELDS, EMBED),
}
FAMILIES = ("geolocation", "perception", "retrieval", "spatial_reasoning")
ROW_FILES = {"stage1": "training_row", "stage2": "training_row", "items": "embed_row"} | dict.fromkeys(
    FAMILIES, "benchmark_row"
)
TYPE_FIELDS = ("query_type", "question_type")
MANY = settings(deadline=None, max_examples=150, derandomize=True, suppress_health_check=list(HealthCheck))


def rows_of(name: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (EXAMPLES / f"{name}.jsonl").read_bytes().splitlines()]


def verdict(kind: str, value: Any) -> str:
    """Empty when the parser takes the value, else its code. Every file name is found."""
    try:
        if kind == "graph":
            UrbanGraph.from_json(value)
        else:
            PARSERS[kind][0](decode_row(Path("rows"), 1, orjson.dumps(value), lambda name, _kind, _field: Path(name)))
    except DataError as error:
        return error.code
    return ""


SOUND = {kind: [row for name, of in ROW_FILES.items() if of == kind for row in rows_of(name)] for kind in PARSERS}


@pytest.mark.parametrize("kind", [*PARSERS, "graph"])
def test_what_fits_the_schema_is_read_or_refused_for_what_a_schema_cannot_say(kind: str) -> None:
    verdicts: Counter[str] = Counter()

    @MANY
    @given(value=SCHEMA.values(SCHEMA.at(kind)))
    def check(value: Any) -> None:
        if SCHEMA.fits(value, SCHEMA.at(kind)):
            code = verdict(kind, value)
            verdicts[code] += 1
            assert code in ("", *UNSAID)

    check()
    assert verdicts.total() > 20
    assert len(verdicts) > 1


def change(field: str, form: Mapping[str, Any]) -> st.SearchStrategy[tuple[str, Any]]:
    return st.tuples(st.just(field), SCHEMA.values(form) | VALUES)


@pytest.mark.parametrize("kind", PARSERS)
def test_what_is_read_fits_the_schema(kind: str) -> None:
    """Sound rows with one field replaced by anything; of fields of which the first counts, no other is there."""
    read: Counter[str] = Counter()
    schema = SCHEMA.at(kind)

    @MANY
    @given(row=st.sampled_from(SOUND[kind]), change=st.one_of([change(*each) for each in schema["properties"].items()]))
    def check(row: dict[str, Any], change: tuple[str, Any]) -> None:
        field, value = change
        unread = next((set(group) - {field} for group in (PLACE_FIELDS, TYPE_FIELDS) if field in group), set())
        changed = {key: kept for key, kept in row.items() if key not in unread} | {field: value}
        if verdict(kind, changed) == "":
            read[field] += 1
            assert SCHEMA.fits(changed, schema)

    check()
    assert len(read) > 3


@pytest.mark.parametrize("field", ["schema_version", "center_node", "nodes", "edges", "node_id", "coords", "source"])
def test_a_graph_that_is_read_fits_the_schema(field: str) -> None:
    likely = st.sampled_from([1, True, "77", "78", [103.8, 1.3], "(103.8, 1.3)", [1], [], {}])

    @MANY
    @given(value=likely | VALUES)
    def check(value: Any) -> None:
        graph = orjson.loads((EXAMPLES / "graphs" / "402100000000001.json").read_bytes())
        owner = graph if field in graph else graph["edges"][0] if field == "source" else graph["nodes"][-1]
        owner[field] = value
        assert SCHEMA.fits(graph, SCHEMA.at("graph")) or verdict("graph", graph)

    check()


@pytest.mark.parametrize(("name", "kind"), ROW_FILES.items())
def test_every_row_of_the_examples_fits(name: str, kind: str) -> None:
    rows = rows_of(name)
    assert rows
    assert [row for row in rows if not SCHEMA.fits(row, SCHEMA.at(kind)) or not SCHEMA.fits(row, record_schema())] == []


def test_every_graph_of_the_examples_fits() -> None:
    graphs = [orjson.loads(path.read_bytes()) for path in (EXAMPLES / "graphs").glob("*.json")]
    assert len(graphs) == 2
    assert all(SCHEMA.fits(graph, SCHEMA.at("graph")) for graph in graphs)


@pytest.mark.parametrize("kind", PARSERS)
def test_the_schema_describes_exactly_the_fields_of_the_parser(kind: str) -> None:
    _, fields, described = PARSERS[kind]
    assert {name for field in (*GENERAL, *described) for name in field.names} == fields
    assert SCHEMA.at(kind)["properties"].keys() == fields


@pytest.mark.parametrize(("kind", "fields"), [("graph", GRAPH), ("node", NODE), ("edge", EDGE)])
def test_the_schema_describes_what_a_graph_file_is_written_with(kind: str, fields: tuple[Field, ...]) -> None:
    graph = UrbanGraph.read(EXAMPLES / "graphs" / "402100000000001.json").to_json()
    written = {"graph": graph, "node": graph["nodes"][0], "edge": graph["edges"][0]}[kind]
    assert {name for field in fields for name in field.names} == SCHEMA.at(kind)["properties"].keys() <= written.keys()


def test_what_is_left_unsaid_is_said_by_the_program() -> None:
    assert sorted(set(UNSAID) - {said.code for said in all_codes()}) == []


def test_every_property_has_a_description() -> None:
    kinds = [*PARSERS, "graph", "node", "edge"]
    bare = [name for kind in kinds for name, part in SCHEMA.at(kind)["properties"].items() if not part["description"]]
    assert bare == []


def test_every_reference_leads_somewhere_and_every_definition_is_used() -> None:
    document = record_schema()
    named = {part["$ref"].removeprefix("#/$defs/") for part in parts(document) if isinstance(part.get("$ref"), str)}
    assert named == set(document["$defs"])


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("training_row", {"positive_messages": []}),
        ("training_row", {"label": 0}),
        ("training_row", {"messages": [{"role": "assistant", "content": "x"}]}),
        ("training_row", {"messages": [{"role": "user", "content": [{"type": "video", "video": "a.mp4"}]}]}),
        ("training_row", {"images": ["a.jpg", 3]}),
        ("training_row", {"place": {"lon": 1.3, "lat": 103.85}}),
        ("benchmark_row", {"candidates": ["one"]}),
        ("benchmark_row", {"candidates": ["one", "one"]}),
        ("benchmark_row", {"ground_truth": 3}),
        ("graph", {"schema_version": True}),
        ("embed_row", {"text": ["a"]}),
        ("embed_row", {"image_coords": [181, 0]}),
        ("graph", {"nodes": []}),
        ("graph", {"schema_version": 2}),
        ("graph", {"edges": [{"source": "a"}]}),
    ],
)
def test_what_both_refuse(kind: str, changes: dict[str, Any]) -> None:
    names = {"training_row": "stage1.jsonl", "benchmark_row": "perception.jsonl", "embed_row": "items.jsonl"}
    data = (EXAMPLES / names.get(kind, "graphs/402100000000001.json")).read_bytes()
    value = orjson.loads(data if kind == "graph" else data.splitlines()[0]) | changes
    assert verdict(kind, value)
    assert not SCHEMA.fits(value, SCHEMA.at(kind))


def test_the_command_prints_the_document() -> None:
    result = CliRunner().invoke(app, ["config", "schema", "--records"], catch_exceptions=False)
    assert json.loads(result.stdout) == record_schema()


@pytest.mark.parametrize("arguments", [[], ["--for", "train", "--records"]])
def test_the_command_wants_one_of_the_two(arguments: list[str]) -> None:
    with pytest.raises(ConfigError, match="--for") as refusal:
        CliRunner().invoke(app, ["config", "schema", *arguments], catch_exceptions=False)
    assert refusal.value.code == "schema-which"
