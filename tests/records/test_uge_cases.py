"""Benchmark rows: texts or pictures as candidates, and one right answer that is really among them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.records.helpers import case, retrieval, user, write_rows
from ugembed.errors import DataError
from ugembed.records.case import RankingCase
from ugembed.records.item import Item, Place
from ugembed.records.uge_jsonl import case_row, read_cases


def read_one(folder: Path, row: Any) -> RankingCase:
    (found,) = read_cases(write_rows(folder, row))
    return found


def test_a_case_with_text_candidates_is_read(folder: Path) -> None:
    assert read_one(folder, case(id="q", image_coords=[103.85, 1.3], ground_truth_idx=1)) == RankingCase(
        query=Item("<image>Where?", (folder / "a.jpg",), id="q"),
        candidates=(Item("Oak St"), Item("Pine Rd")),
        gold=1,
        query_type="geolocation",
        place=Place(103.85, 1.3),
        source=f"{folder / 'rows.jsonl'}:1",
    )


def test_candidates_that_name_pictures_make_a_retrieval_case(folder: Path) -> None:
    found = read_one(folder, retrieval(question_type="path_reach"))
    assert found.candidates == (Item("<image>", (folder / "a.jpg",)), Item("<image>", (folder / "b.jpg",)))
    assert (found.gold, found.query_type) == (1, "path_reach")


def test_candidate_images_and_graphs_belong_to_their_candidates(folder: Path) -> None:
    row = retrieval(
        candidates=["first", "second"],
        ground_truth="first",
        candidate_images=["b.jpg", ["a.jpg"]],
        candidate_graphs=["b.json", None],
    )
    found = read_one(folder, row)
    assert found.candidates == (
        Item("<graph><image>", (folder / "b.jpg",), (folder / "b.json",)),
        Item("<image>", (folder / "a.jpg",)),
    )
    assert found.gold == 0


def test_candidate_images_alone_are_the_candidates(folder: Path) -> None:
    assert read_one(folder, retrieval(candidates=None, candidate_images=["a.jpg", "b.jpg"])).gold == 1


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        (case(ground_truth="Elm St"), "gold-missing", "ground_truth"),
        (case(ground_truth=None), "gold-missing", "ground_truth"),
        (case(ground_truth="pine rd"), "gold-missing", "ground_truth"),
        (case(ground_truth_idx=0), "gold-index", "ground_truth_idx"),
        (case(ground_truth_idx=True), "gold-index", "ground_truth_idx"),
        (case(candidates=None), "candidates-few", "candidates"),
        (case(candidates=["Pine Rd"]), "candidates-few", "candidates"),
        (case(candidates=["Pine Rd", "Oak St", "Pine Rd"]), "candidate-duplicate", "candidates[2]"),
        (case(candidates=["Pine Rd", 3]), "field-type", "candidates"),
        (case(candidates="Pine Rd"), "field-type", "candidates"),
        (case(candidates=["Pine Rd", "a.jpg"]), "candidates-mixed", "candidates"),
        (case(candidates=["Pine Rd", "<image> x"]), "tag-count", "candidates[1]"),
        (case(candidate_graphs=["a.json", "b.json"]), "candidate-graphs", "candidate_graphs"),
        (case(messages=user("Where?")), "tag-count", "messages"),
        (retrieval(candidates=["a.jpg", "gone.jpg"], ground_truth="a.jpg"), "image-missing", "candidates[1]"),
        (retrieval(candidate_images=["a.jpg"]), "parallel-length", "candidate_images"),
        (retrieval(candidate_images=["a.jpg", ["b.jpg", "a.jpg"]]), "field-type", "candidate_images[1]"),
        (retrieval(candidate_images=["a.jpg", None]), "field-type", "candidate_images[1]"),
        (retrieval(candidate_images=["a.jpg", "a.jpg"]), "candidate-duplicate", "candidate_images[1]"),
        (retrieval(candidate_graphs=["a.json", "gone.json"]), "graph-missing", "candidate_graphs[1]"),
        (retrieval(candidate_graphs="a.json"), "parallel-length", "candidate_graphs"),
        (case(image_coords=[200, 0]), "coordinates-range", "image_coords"),
        (case(query_type=["x"]), "field-type", "query_type"),
    ],
)
def test_a_bad_case_is_refused_with_file_line_field_and_code(folder: Path, row: Any, code: str, field: str) -> None:
    with pytest.raises(DataError) as caught:
        read_one(folder, row)
    assert caught.value.code == code
    assert caught.value.hint
    assert caught.value.message.startswith(f"{folder / 'rows.jsonl'}:1: {field}: ")


def test_candidates_damaged_by_the_path_rewriter_of_the_reference_are_recognised(folder: Path) -> None:
    damaged = case(
        candidates=["benchmark/benchmark_images/ shelter", "benchmark/benchmark_images/Pine Rd"],
        ground_truth="Bus stop / shelter",
    )
    with pytest.raises(DataError) as caught:
        read_one(folder, damaged)
    assert caught.value.code == "path-damaged"
    assert "'benchmark/benchmark_images/' in front of every candidate" in caught.value.message
    assert "before the paths were rewritten" in caught.value.hint


@pytest.mark.parametrize(
    "row",
    [
        case(candidates=["north/Oak St", "Pine Rd"], ground_truth="Elm St"),
        case(candidates=["Oak St", "Pine Rd"], ground_truth="Elm St"),
        case(candidates=["north/Oak St", "north/Pine Rd"], ground_truth="north/Elm St"),
        retrieval(candidates=["./a.jpg", "./b.jpg"], ground_truth="c.jpg"),
    ],
)
def test_a_missing_answer_is_not_blamed_on_the_path_rewriter_without_its_marks(
    folder: Path, row: dict[str, Any]
) -> None:
    with pytest.raises(DataError) as caught:
        read_one(folder, row)
    assert caught.value.code == "gold-missing"


@pytest.mark.parametrize("relative", [True, False])
@pytest.mark.parametrize(
    "row",
    [
        case(id="q", place={"lon": 1, "lat": 2, "heading_deg": 3}),
        retrieval(candidate_graphs=["a.json", "b.json"]),
        retrieval(candidate_graphs=[None, "b.json"], messages=user("<graph>Find"), graphs="a.json"),
    ],
)
def test_a_written_case_is_read_back_equal(folder: Path, row: dict[str, Any], relative: bool) -> None:
    original = read_one(folder, row)
    assert read_one(folder, case_row(original, relative_to=folder if relative else None)) == original


@pytest.mark.parametrize("candidate", [Item("<image> seen from north", (Path("a.jpg"),)), Item("x")])
def test_a_case_that_no_row_can_hold_is_refused(candidate: Item) -> None:
    with pytest.raises(DataError) as caught:
        case_row(RankingCase(Item("Find it"), (Item("<image>", (Path("a.jpg"),)), candidate), 0))
    assert caught.value.code == "unwritable"
