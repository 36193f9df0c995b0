"""The page on data formats and its examples say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ugembed.graphs.schema import UrbanGraph
from ugembed.records.images import probe_image
from ugembed.records.points import read_points
from ugembed.records.uge.cases import CASE_FIELDS
from ugembed.records.uge.items import ITEM_FIELDS
from ugembed.records.uge.pairs import PAIR_FIELDS
from ugembed.records.uge_jsonl import case_row, pair_row, read_cases, read_items, read_pairs

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "data_format.md").read_text()
EXAMPLES = ROOT / "docs" / "examples"
SOURCES = [
    *(ROOT / "ugembed" / "records").rglob("*.py"),
    *(ROOT / "ugembed" / "graphs" / name for name in ("schema.py", "validate.py")),
]


def test_the_page_names_every_example_and_every_example_exists() -> None:
    linked = set(re.findall(r"\(examples/([^)]+)\)", PAGE))
    row_files = {path.name for path in EXAMPLES.glob("*.*")}
    assert {name for name in linked if "/" not in name} == row_files
    assert all((EXAMPLES / name).is_file() for name in linked)
    assert len(row_files) == 6


@pytest.mark.parametrize("fields", [PAIR_FIELDS, CASE_FIELDS, ITEM_FIELDS])
def test_the_page_names_every_field(fields: frozenset[str]) -> None:
    assert [field for field in sorted(fields) if f"`{field}`" not in PAGE and f'"{field}"' not in PAGE] == []


def test_the_page_names_every_code_of_rows_pictures_and_graphs_and_no_other() -> None:
    codes: set[str] = set()
    for path in SOURCES:
        if path.name not in ("points.py", "writing.py"):
            codes |= set(re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"', path.read_text()))
    codes |= {"image-missing", "graph-missing", "file-missing", "unreadable"}
    listed = set(re.findall(r"`([a-z0-9-]+)`", PAGE.partition("## Codes")[2]))
    assert len(listed) > 40
    assert codes == listed


def test_the_example_rows_are_read_by_their_readers() -> None:
    pairs = [pair for stage in ("stage1", "stage2") for pair in read_pairs(EXAMPLES / f"{stage}.jsonl")]
    cases = [case for name in ("geolocation", "retrieval") for case in read_cases(EXAMPLES / f"{name}.jsonl")]
    assert [len(pair.positives) for pair in pairs] == [2, 1, 1, 1]
    assert [len(case.candidates) for case in cases] == [2, 2]
    assert [item.text[:7] for item in read_items(EXAMPLES / "items.jsonl")] == ["a brick", "<image>", "<graph>"]
    assert all(pair_row(pair, relative_to=EXAMPLES)["images"] for pair in pairs)
    assert all(case_row(case, relative_to=EXAMPLES)["candidates"] for case in cases)


def test_the_example_points_pictures_and_graphs_belong_together() -> None:
    points = read_points(EXAMPLES / "points.csv")
    assert len(points) == 2
    for point in points:
        assert probe_image(EXAMPLES / point.image).format == "JPEG"
        centre = UrbanGraph.read(EXAMPLES / "graphs" / f"{point.id}.json").center_node
        assert (centre.lon, centre.lat) == (point.place.lon, point.place.lat)
