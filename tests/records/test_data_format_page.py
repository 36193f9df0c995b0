"""The page on data formats and its examples say what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from docs.codes import all_codes
from ugembed.graphs.schema import UrbanGraph
from ugembed.graphs.validate import ValidateConfig, validate_files
from ugembed.records.fields import BENCHMARK, EDGE, EMBED, GENERAL, GRAPH, NODE, TRAINING, Field
from ugembed.records.images import probe_image
from ugembed.records.points import read_points
from ugembed.records.uge.pairs import parse_pair
from ugembed.records.uge.row import Row, decode_row
from ugembed.records.uge.turns import Listed, Turns
from ugembed.records.uge_jsonl import case_row, pair_row, read_cases, read_items, read_pairs

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "data_format.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "docs" / "examples"
FAMILIES = ("geolocation", "perception", "retrieval", "spatial_reasoning")
SECTIONS: dict[str, tuple[tuple[str, tuple[Field, ...]], ...]] = {
    "Rows in general": (("", GENERAL),),
    "Training rows": (("", TRAINING),),
    "Benchmark rows": (("", BENCHMARK),),
    "Rows to embed": (("", EMBED),),
    "Graphs": (("", GRAPH), ("nodes[].", NODE), ("edges[].", EDGE)),
}
OF_ROWS = ("records/uge/", "records/item.py", "records/roots.py", "records/images.py", "records/validate.py")
"""Modules whose codes the page lists; what they refuse to write or to start with is left to docs/problems.md."""
NOT_OF_ROWS = {"unwritable"}


def section(title: str) -> str:
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_page_names_every_example_and_every_example_exists() -> None:
    linked = set(re.findall(r"\(examples/([^)]+)\)", PAGE))
    row_files = {path.name for path in EXAMPLES.glob("*.*")}
    assert {name for name in linked if "/" not in name} == row_files
    assert all((EXAMPLES / name).is_file() for name in linked)
    assert row_files >= {f"{name}.jsonl" for name in FAMILIES}


@pytest.mark.parametrize("title", SECTIONS)
def test_a_table_of_fields_says_what_the_schema_says(title: str) -> None:
    rows = re.findall(r"^\| (`[^|]+) \| (.*) \|$", section(title), re.MULTILINE)
    fields = [
        (", ".join(f"`{prefix}{name}`" for name in field.names), field.meaning)
        for prefix, group in SECTIONS[title]
        for field in group
    ]
    assert rows == fields


def test_the_page_lists_the_codes_of_rows_and_pictures() -> None:
    said = all_codes()
    listed = set(re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", section("Codes")))
    of_rows = {each.code for each in said if each.module.removeprefix("ugembed/").startswith(OF_ROWS)}
    assert len(listed) > 40
    assert sorted(of_rows - NOT_OF_ROWS - listed) == []
    assert sorted(listed - {each.code for each in said}) == []


def blocks() -> list[dict[str, Any]]:
    return [orjson.loads(block) for block in re.findall(r"^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)]


def test_the_rows_on_the_page_are_read() -> None:
    shown, training = (decode_row(Path("page"), 1, orjson.dumps(block), as_named) for block in blocks())
    query = Turns(shown.values["messages"], "messages", *listed(shown)).item(shown)
    assert [str(path) for path in (*query.images, *query.graphs)] == ["a.jpg", "b.jpg", "a.json", "b.json"]
    pair = parse_pair(training)
    assert [len(item.images) for item in pair.positives] == [0, 1]
    assert [(len(item.images), len(item.graphs)) for item in pair.negatives] == [(1, 1)]


def as_named(name: str, _kind: str, _field: str) -> Path:
    return Path(name)


def listed(row: Row) -> tuple[Listed, Listed]:
    images, graphs = (Listed(key, row.names(key, row.values[key])) for key in ("images", "graphs"))
    return images, graphs


def test_the_example_rows_are_read_by_their_readers() -> None:
    pairs = [pair for stage in ("stage1", "stage2") for pair in read_pairs(EXAMPLES / f"{stage}.jsonl")]
    cases = {name: list(read_cases(EXAMPLES / f"{name}.jsonl")) for name in FAMILIES}
    assert [len(pair.positives) for pair in pairs] == [2, 1, 1, 1]
    assert {name: [len(case.candidates) for case in found] for name, found in cases.items()} == {
        "geolocation": [2],
        "perception": [3, 3],
        "retrieval": [2],
        "spatial_reasoning": [2],
    }
    assert all(case.place for name in ("geolocation", "perception", "spatial_reasoning") for case in cases[name])
    assert [item.text[:7] for item in read_items(EXAMPLES / "items.jsonl")] == ["a brick", "<image>", "<graph>"]
    assert all(pair_row(pair, relative_to=EXAMPLES)["images"] for pair in pairs)
    assert all(case_row(case, relative_to=EXAMPLES)["candidates"] for found in cases.values() for case in found)


def test_the_examples_have_no_problem_at_all() -> None:
    report = validate_files(ValidateConfig(paths=(EXAMPLES,), images="decode", graphs="full"))
    assert report.problems == ()
    assert report.rows == {"training": 4, "benchmark": 5, "embed": 3}
    assert (report.images, report.graphs) == (2, 2)


def test_the_example_points_pictures_and_graphs_belong_together() -> None:
    points = read_points(EXAMPLES / "points.csv")
    assert len(points) == 2
    for point in points:
        assert probe_image(EXAMPLES / point.image).format == "JPEG"
        centre = UrbanGraph.read(EXAMPLES / "graphs" / f"{point.id}.json").center_node
        assert (centre.lon, centre.lat) == (point.place.lon, point.place.lat)
