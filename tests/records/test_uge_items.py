"""Rows to embed, simple or with messages, and the hostile JSON that is refused line by line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.records.helpers import case, stage2, user, write_rows
from ugembed.errors import DataError
from ugembed.records.item import Item, Place
from ugembed.records.roots import Roots
from ugembed.records.uge_jsonl import read_items


def read_one(folder: Path, row: Any) -> Item:
    (item,) = read_items(write_rows(folder, row))
    return item


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"text": "a bakery"}, "a bakery"),
        ({"images": "a.jpg"}, "<image>"),
        ({"graphs": ["a.json"]}, "<graph>"),
        ({"text": "Where?", "images": ["a.jpg", "b.jpg"], "graphs": "a.json"}, "<graph><image><image>Where?"),
        ({"text": "Is <image> near?", "images": "a.jpg"}, "Is <image> near?"),
        ({"messages": user("<image>Where?"), "images": "a.jpg"}, "<image>Where?"),
    ],
)
def test_a_simple_row_gets_the_tags_it_lacks_in_front(folder: Path, row: dict[str, Any], text: str) -> None:
    assert read_one(folder, row).text == text


def test_id_and_place_are_kept(folder: Path) -> None:
    item = read_one(folder, {"id": "7", "text": "x", "place": {"lon": 1, "lat": 2}})
    assert (item.id, item.place) == ("7", Place(1, 2))


def test_of_training_and_benchmark_rows_the_query_is_embedded(folder: Path) -> None:
    items = list(read_items(write_rows(folder, stage2(), case(image_coords=[1, 2]))))
    assert [(item.text, item.place) for item in items] == [
        ("<graph><image>Where?", None),
        ("<image>Where?", Place(1, 2)),
    ]


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        ({}, "empty-item", "text"),
        ({"text": ""}, "empty-item", "text"),
        ({"text": 1.5}, "field-type", "text"),
        ({"text": "<graph>Where?", "images": "a.jpg", "graphs": "a.json"}, "tag-count", "text"),
        ({"text": "x", "messages": user("y")}, "item-both", "text"),
        ({"messages": user("Where?"), "images": "a.jpg"}, "tag-count", "messages"),
    ],
)
def test_a_bad_row_is_refused(folder: Path, row: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(DataError) as caught:
        read_one(folder, row)
    assert caught.value.code == code
    assert caught.value.message.startswith(f"{folder / 'rows.jsonl'}:1: {field}: ")


def test_names_are_looked_for_under_the_given_roots(folder: Path) -> None:
    (folder / "rows").mkdir()
    path = write_rows(folder / "rows", {"images": "a.jpg"})
    with pytest.raises(DataError, match="is missing; looked under"):
        list(read_items(path))
    (item,) = read_items(path, Roots.for_file(path, [folder]))
    assert item.images == (folder / "a.jpg",)


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        list(read_items(tmp_path / "gone.jsonl"))
    assert caught.value.code == "file-missing"


def test_json_nested_as_deep_as_the_parser_allows_is_still_refused_shortly(folder: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_one(folder, b"[" * 1000 + b"]" * 1000)
    assert caught.value.code == "row-not-object"
    assert len(caught.value.message) < 300


@pytest.mark.real_data
def test_every_line_of_the_json_test_suite_is_read_or_refused_with_a_code(shared_data: Path, tmp_path: Path) -> None:
    codes: dict[str, str] = {}
    for path in sorted((shared_data / "badinput" / "json").glob("*.json")):
        content = path.read_bytes()
        for line in content.split(b"\n"):
            if not line.strip():
                continue
            with pytest.raises(DataError) as caught:
                read_one(tmp_path, line)
            assert str(tmp_path / "rows.jsonl") in caught.value.message
            codes[path.name] = caught.value.code
    assert len([name for name in codes if name.startswith("n_")]) > 80
    assert {code for name, code in codes.items() if name.startswith("n_")} == {"json-broken"}
    assert {code for name, code in codes.items() if name.startswith("y_")} == {
        "row-not-object",
        "empty-item",
        "json-duplicate-key",
    }
    assert orjson.loads((shared_data / "badinput" / "json" / "y_object_empty.json").read_bytes()) == {}
