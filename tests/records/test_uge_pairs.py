"""Training rows of both stages: what is read, and what is refused where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.records.helpers import TEXT, stage1, stage2, user, write_rows
from ugembed.errors import DataError
from ugembed.records.item import Item, Place
from ugembed.records.pair import Pair
from ugembed.records.uge_jsonl import pair_row, read_pairs


def read_one(folder: Path, row: Any) -> Pair:
    (pair,) = read_pairs(write_rows(folder, row))
    return pair


def refused(folder: Path, row: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        read_one(folder, row)
    assert caught.value.hint
    return caught.value


def test_a_stage_1_row_is_read(folder: Path) -> None:
    pair = read_one(folder, stage1(id=7, place={"lon": 103.85, "lat": 1.3, "heading_deg": 360}))
    assert pair == Pair(
        query=Item("<image>Where?", (folder / "a.jpg",), id="7", place=Place(103.85, 1.3, 0.0)),
        positives=(Item("a bakery on the left"),),
        pair_type="stage1_image_only",
        group=str(folder / "a.jpg"),
        source=f"{folder / 'rows.jsonl'}:1",
    )


def test_a_stage_2_row_carries_its_graph(folder: Path) -> None:
    pair = read_one(folder, stage2(images="a.jpg", graphs="a.json", label=None))
    assert (pair.query.images, pair.query.graphs) == ((folder / "a.jpg",), (folder / "a.json",))


def test_all_positives_and_negatives_are_kept_with_their_own_files(folder: Path) -> None:
    pair = read_one(
        folder,
        stage2(
            positive_messages=[TEXT, user("<image>")],
            positive_images=[None, "b.jpg"],
            negative_messages=[user("<graph><image>"), user("<image><image>"), TEXT],
            negative_images=[["a.jpg"], ["a.jpg", "b.jpg"], []],
            negative_graphs=["b.json", None, None],
        ),
    )
    assert [item.images for item in pair.positives] == [(), (folder / "b.jpg",)]
    assert [len(item.images) for item in pair.negatives] == [1, 2, 0]
    assert [item.graphs for item in pair.negatives] == [(folder / "b.json",), (), ()]


def test_several_user_turns_are_joined_by_a_newline(folder: Path) -> None:
    messages = [*user("<image>One."), *user("Two.")]
    assert read_one(folder, stage1(messages=messages)).query.text == "<image>One.\nTwo."


def test_typed_parts_carry_their_file_or_take_the_next_of_the_list(folder: Path) -> None:
    parts = [
        {"type": "graph_url", "graph_url": "a.json"},
        {"type": "image"},
        {"type": "text", "text": " and <image>"},
        {"type": "image_url", "image_url": {"url": "b.jpg"}},
        {"type": "image", "image": "b.jpg"},
    ]
    query = read_one(folder, stage2(messages=user(parts), images=["a.jpg", "b.jpg"], graphs=None)).query
    assert query.text == "<graph><image> and <image><image><image>"
    assert [path.name for path in query.images] == ["a.jpg", "b.jpg", "b.jpg", "b.jpg"]
    assert query.graphs == (folder / "a.json",)


def test_typed_parts_keep_reading_order_before_what_is_listed(folder: Path) -> None:
    parts = [{"type": "image", "image": "b.jpg"}, {"type": "image"}]
    query = read_one(folder, stage1(messages=user(parts), images=["a.jpg"])).query
    assert [path.name for path in query.images] == ["b.jpg", "a.jpg"]


def test_a_group_of_its_own_replaces_that_of_the_first_image(folder: Path) -> None:
    assert read_one(folder, stage1(group="block-7")).group == "block-7"
    only_graph = stage2(messages=user("<graph>Where?"), images=None)
    assert read_one(folder, only_graph).group == str(folder / "a.json")
    assert read_one(folder, stage1(messages=TEXT, images=None)).group == ""


@pytest.mark.parametrize("value", [[103.85, 1.3], "(103.85, 1.3)", "103.85,1.3"])
@pytest.mark.parametrize("key", ["image_coords", "coordinates", "image_coordinates"])
def test_the_coordinate_fields_of_the_reference_are_read(folder: Path, key: str, value: Any) -> None:
    assert read_one(folder, stage1(**{key: value})).query.place == Place(103.85, 1.3)


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        (b'{"messages": ', "json-broken", "row"),
        (b"\xff{}", "json-broken", "row"),
        ([1], "row-not-object", "row"),
        (stage1(messages=None), "messages-broken", "messages"),
        (stage1(messages=[]), "messages-broken", "messages"),
        (stage1(messages=["hello"]), "messages-broken", "messages[0]"),
        (stage1(messages=[{"role": "user"}]), "messages-broken", "messages[0]"),
        (stage1(messages=[{"role": "system", "content": "x"}]), "role-unsupported", "messages[0].role"),
        (stage1(messages=[*TEXT, {"role": "assistant", "content": "x"}]), "role-unsupported", "messages[1].role"),
        (stage1(messages=user(3)), "content-broken", "messages[0].content"),
        (stage1(messages=user([{"type": "video"}])), "content-broken", "messages[0].content[0]"),
        (stage1(messages=user([{"type": "text"}])), "content-broken", "messages[0].content[0]"),
        (stage1(messages=user([{"type": ["image"]}])), "content-broken", "messages[0].content[0]"),
        (stage1(messages=user("Where?")), "tag-count", "messages"),
        (stage1(messages=user("<image><image>")), "tag-count", "messages"),
        (stage1(messages=user(" "), images=None), "empty-item", "messages"),
        (stage1(images=3), "field-type", "images"),
        (stage1(images=["gone.jpg"]), "image-missing", "images[0]"),
        (stage1(images=["../../a.jpg"]), "path-escapes", "images[0]"),
        (stage1(images=["https://example.org/a.jpg"]), "path-url", "images[0]"),
        (stage2(graphs=["gone.json"]), "graph-missing", "graphs[0]"),
        (stage1(positive_messages=None), "positive-missing", "positive_messages"),
        (stage1(positive_messages=[]), "positive-missing", "positive_messages"),
        (stage1(positive_messages=TEXT), "messages-broken", "positive_messages"),
        (stage1(positive_messages=[TEXT, []]), "messages-broken", "positive_messages[1]"),
        (stage1(positive_messages=[user("<image>")]), "tag-count", "positive_messages[0]"),
        (stage1(positive_images=["a.jpg"]), "tag-count", "positive_messages[0]"),
        (stage1(positive_images=["a.jpg", None]), "parallel-length", "positive_images"),
        (stage1(positive_images="a.jpg"), "parallel-length", "positive_images"),
        (
            stage1(positive_messages=[user("<image>")], positive_images=["c.jpg"]),
            "image-missing",
            "positive_images[0][0]",
        ),
        (stage1(label=0), "label-zero", "label"),
        (stage1(label="1"), "field-type", "label"),
        (stage1(pair_type=["x"]), "field-type", "pair_type"),
        (stage1(pair_type="stage2_image_graph"), "stage2-without-graph", "graphs"),
        (stage2(pair_type="stage1_image_only"), "stage1-with-graph", "graphs"),
        (
            stage1(positive_messages=[user("<graph>")], positive_graphs=["a.json"]),
            "stage1-with-graph",
            "graphs",
        ),
        (stage1(place={"lon": 1}), "place-broken", "place"),
        (stage1(place={"lon": 1, "lat": 2, "alt": 3}), "place-broken", "place"),
        (stage1(place={"lon": 1, "lat": 2, "heading_deg": -1}), "heading-range", "place.heading_deg"),
        (stage1(place={"lon": 1, "lat": "2"}), "field-type", "place.lat"),
        (stage1(image_coords=[1.3, 103.85]), "coordinates-range", "image_coords"),
        (stage1(image_coords="(a, b)"), "place-broken", "image_coords"),
        (stage1(image_coords=[1]), "place-broken", "image_coords"),
    ],
)
def test_a_bad_row_is_refused_with_file_line_field_and_code(folder: Path, row: Any, code: str, field: str) -> None:
    error = refused(folder, row)
    assert error.code == code
    assert error.message.startswith(f"{folder / 'rows.jsonl'}:1: {field}: ")
    assert len(error.message) < 600


def test_the_line_of_a_bad_row_counts_blank_lines(folder: Path) -> None:
    pairs = read_pairs(write_rows(folder, stage1(), b"", stage1(label=0)))
    assert next(pairs).source.endswith(":1")
    with pytest.raises(DataError, match=r"rows\.jsonl:3: label: "):
        next(pairs)


@pytest.mark.parametrize("relative", [True, False])
def test_a_written_pair_is_read_back_equal(folder: Path, relative: bool) -> None:
    row = stage2(
        id="r1",
        group="block-7",
        place={"lon": 103.85, "lat": 1.3, "heading_deg": 90},
        positive_messages=[TEXT, user("<image>")],
        positive_images=[None, "b.jpg"],
        negative_messages=[user("<graph>"), TEXT],
        negative_graphs=["b.json", None],
    )
    for original in (read_one(folder, row), read_one(folder, stage1())):
        written = pair_row(original, relative_to=folder if relative else None)
        assert read_one(folder, written) == original
        assert (written["images"] == ["a.jpg"]) == relative


def test_a_pair_that_no_row_can_hold_is_refused(folder: Path) -> None:
    pair = Pair(Item("<image>", (object(),)), (Item("x"),))
    with pytest.raises(DataError) as caught:
        pair_row(pair)
    assert caught.value.code == "unwritable"
    with pytest.raises(DataError) as caught:
        pair_row(read_one(folder, stage1()), relative_to=folder / "elsewhere")
    assert caught.value.code == "path-escapes"
