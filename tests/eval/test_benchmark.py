"""Which files belong to a benchmark, and what each query mode shows of a case."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.eval_fixtures import geolocation_row, write_benchmark, write_lines
from ugembed.errors import DataError
from ugembed.eval.benchmark import find_benchmark, read_benchmark_file
from ugembed.eval.tasks import apply_mode, query_shows_gold_graph
from ugembed.records.case import RankingCase
from ugembed.records.item import Item

GRAPH, OTHER_GRAPH, PICTURE = Path("g.json"), Path("h.json"), Path("p.jpg")


def case(query: Item, *candidates: Item) -> RankingCase:
    return RankingCase(query, candidates, gold=0, source="file.jsonl:3")


def test_a_folder_gives_its_files_with_names_and_families(tmp_path: Path) -> None:
    for name in (
        "geolocation/a.jsonl",
        "spatial_reasoning/by_type_paris/near_with_graph.jsonl",
        "own/b.jsonl",
        "own/notes.txt",
    ):
        write_lines(tmp_path / name, [])
    files = find_benchmark([tmp_path])
    assert [(file.name, file.family) for file in files] == [
        ("geolocation/a", "geolocation"),
        ("own/b", "own"),
        ("spatial_reasoning/by_type_paris/near_with_graph", "spatial_reasoning"),
    ]
    assert [file.name for file in find_benchmark([tmp_path], pattern="with_graph")] == [files[2].name]


def test_a_file_can_be_given_by_itself_and_counts_once(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "retrieval" / "x.jsonl", [])
    found = find_benchmark([file, tmp_path])
    assert [(one.path, one.name, one.family) for one in found] == [(file, "x", "retrieval")]


def test_files_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    for city in ("paris", "leeds"):
        write_lines(tmp_path / city / "retrieval" / "x.jsonl", [])
    names = [file.name for file in find_benchmark([tmp_path / "paris", tmp_path / "leeds"])]
    assert names == [f"{tmp_path}/paris/retrieval/x", f"{tmp_path}/leeds/retrieval/x"]


@pytest.mark.parametrize(
    ("where", "pattern", "code"), [("no", "", "benchmark-missing"), (".", "no", "benchmark-empty")]
)
def test_nothing_to_evaluate_is_an_error(tmp_path: Path, where: str, pattern: str, code: str) -> None:
    write_lines(tmp_path / "a.jsonl", [])
    with pytest.raises(DataError) as caught:
        find_benchmark([tmp_path / where], pattern=pattern)
    assert caught.value.code == code
    assert caught.value.hint


def test_the_limit_takes_the_first_rows(tmp_path: Path) -> None:
    (file,) = find_benchmark([write_benchmark(tmp_path) / "geolocation"])
    everything = read_benchmark_file(file, roots=[tmp_path])
    assert len(everything) == 8
    assert read_benchmark_file(file, roots=[tmp_path], limit=3) == everything[:3]


def test_a_file_without_rows_and_a_gold_that_is_no_candidate_are_refused(tmp_path: Path) -> None:
    write_benchmark(tmp_path)
    empty = write_lines(tmp_path / "empty.jsonl", [])
    wrong = write_lines(tmp_path / "wrong.jsonl", [{**geolocation_row(0, 8), "ground_truth": "Street 99"}])
    for path, code in ((empty, "benchmark-empty"), (wrong, "gold-missing")):
        (file,) = find_benchmark([path])
        with pytest.raises(DataError) as caught:
            read_benchmark_file(file, roots=[tmp_path])
        assert caught.value.code == code
        assert str(path) in caught.value.message


def test_fusion_shows_a_case_as_it_is_written() -> None:
    full = case(Item("<graph><image>Where?", (PICTURE,), (GRAPH,)), Item("here"))
    assert apply_mode(full, "fusion") is full


def test_image_mode_takes_out_the_graphs_of_query_and_candidates() -> None:
    full = case(Item("<graph> <image>Where?", (PICTURE,), (GRAPH,)), Item("<graph><image>", (PICTURE,), (OTHER_GRAPH,)))
    seen = apply_mode(full, "image")
    assert seen.query == Item("<image>Where?", (PICTURE,))
    assert seen.candidates == (Item("<image>", (PICTURE,)),)
    assert seen.gold == full.gold


def test_text_mode_also_takes_the_picture_of_the_query_but_candidates_stay_pictures() -> None:
    full = case(Item("<graph><image>Where?", (PICTURE,), (GRAPH,)), Item("<graph><image>", (PICTURE,), (OTHER_GRAPH,)))
    seen = apply_mode(full, "text")
    assert seen.query == Item("Where?")
    assert seen.candidates == (Item("<image>", (PICTURE,)),)


def test_a_question_in_words_alone_is_the_same_in_image_and_text_mode() -> None:
    asked = case(Item("<graph>Find the picture near the library", graphs=(GRAPH,)), Item("<image>", (PICTURE,)))
    assert apply_mode(asked, "image") == apply_mode(asked, "text")


@pytest.mark.parametrize("mode", ["image", "text"])
def test_a_mode_that_leaves_nothing_is_an_error_with_its_place(mode: str) -> None:
    with pytest.raises(DataError, match=r"file\.jsonl:3: .*query") as caught:
        apply_mode(case(Item("<graph>", graphs=(GRAPH,)), Item("here")), mode)  # type: ignore[arg-type]
    assert caught.value.code == "mode-empties-item"
    with pytest.raises(DataError, match=r"candidates\[0\]"):
        apply_mode(case(Item("where?"), Item("<graph>", graphs=(GRAPH,))), mode)  # type: ignore[arg-type]


def test_a_query_that_carries_the_gold_graph_gives_the_answer_away() -> None:
    query = Item("<graph>Find it", graphs=(GRAPH,))
    own, other = Item("<graph><image>", (PICTURE,), (GRAPH,)), Item("<graph><image>", (PICTURE,), (OTHER_GRAPH,))
    assert query_shows_gold_graph(case(query, own, other))
    assert not query_shows_gold_graph(case(query, other, own))
    assert not query_shows_gold_graph(apply_mode(case(query, own, other), "image"))
