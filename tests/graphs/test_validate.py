"""Folders of rows and graphs are recognised, and every problem is gathered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from PIL import Image

from tests.records.helpers import case, retrieval, stage1, stage2, write_files, write_rows
from ugembed.errors import DataError
from ugembed.graphs.validate import ValidateConfig, validate_files
from ugembed.records.validate import Report

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(tmp_path)


def check(*paths: Path, **options: Any) -> Report:
    return validate_files(ValidateConfig(paths=paths, **options))


def codes(report: Report) -> list[tuple[str, str, str]]:
    return [(Path(problem.file).name, problem.field, problem.code) for problem in report.problems]


def test_the_examples_of_the_manual_are_sound_and_none_is_overlooked() -> None:
    report = check(EXAMPLES)
    assert report.problems == ()
    assert report.errors == 0
    assert report.rows == {"benchmark": 2, "embed": 3, "training": 4}
    assert (report.images, report.graphs, report.graph_nodes) == (2, 2, (3, 3))
    assert {path.suffix for path in EXAMPLES.rglob("*") if path.is_file()} >= {".jsonl", ".json", ".jpg"}


def test_a_folder_is_searched_through_and_manifests_and_hidden_files_are_left_out(folder: Path) -> None:
    write_rows(folder, stage1(), stage2())
    (folder / "deep").mkdir()
    write_rows(folder / "deep", {"text": "x"})
    (folder / "deep" / "manifest.json").write_text("{")
    (folder / ".half.tmp").mkdir()
    (folder / ".half.tmp" / "c.json").write_text("{")
    report = check(folder)
    assert report.problems == ()
    assert report.rows == {"training": 2, "embed": 1}
    assert (report.images, report.graphs) == (1, 2)


def test_problems_of_rows_pictures_and_graphs_come_together(folder: Path) -> None:
    (folder / "a.jpg").write_text("not a picture")
    node = {"node_id": "1", "node_text": "x"}
    (folder / "a.json").write_bytes(orjson.dumps({"nodes": [node], "edges": [], "center_node": "1"}))
    (folder / "b.json").write_text("[")
    rows = write_rows(folder, stage2(), case(ground_truth="Elm St"), retrieval())
    report = check(rows, folder)
    assert codes(report) == [
        ("rows.jsonl", "images[0]", "image-broken"),
        ("rows.jsonl", "graphs[0]", "coords-missing"),
        ("rows.jsonl", "positive_messages", "positive-missing"),
        ("rows.jsonl", "positive_messages", "positive-missing"),
        ("rows.jsonl", "candidates", "unknown-field"),
        ("rows.jsonl", "ground_truth", "unknown-field"),
        ("rows.jsonl", "query_type", "unknown-field"),
        ("b.json", "", "graph-broken"),
    ]
    assert report.errors == 5


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"nodes": []}, "", "graph-empty"),
        ({"center_node": "2"}, "", "center-missing"),
        ({"edges": [{"source": "1", "target": "9"}]}, "", "edge-dangling"),
        ({"nodes": [{"node_id": "1", "coords": [1, 2]}]}, "nodes[0].node_text", "node-text-missing"),
        ({"nodes": [{"node_id": "1", "coords": [1, 200], "node_text": "x"}]}, "nodes[0].coords", "coordinates-range"),
        ({"edges": [3]}, "edges[0]", "edge-broken"),
        ({"schema_version": 99}, "schema_version", "graph-version"),
    ],
)
def test_a_graph_file_by_itself_is_checked_in_full(
    tmp_path: Path, change: dict[str, Any], field: str, code: str
) -> None:
    node = {"node_id": "1", "coords": [103.8, 1.3], "node_text": "x"}
    sound = {"nodes": [node], "edges": [], "center_node": "1"}
    path = tmp_path / "g.json"
    path.write_bytes(orjson.dumps(sound))
    assert check(path).graph_nodes == (1,)
    path.write_bytes(orjson.dumps({**sound, **change}))
    (problem,) = check(path).problems
    assert (problem.field, problem.code, problem.line) == (field, code, None)
    assert problem.hint
    assert str(path) not in problem.message


def test_how_far_graphs_are_read_can_be_chosen(folder: Path) -> None:
    (folder / "a.json").write_text('{"nodes": [{}], "edges": [], "center_node": "1"}')
    (folder / "b.json").write_text('{"nodes": [{}]}')
    assert check(folder, graphs="none").problems == ()
    assert codes(check(folder, graphs="header")) == [("b.json", "", "graph-broken")]
    assert [code for _, _, code in codes(check(folder, graphs="full"))] == ["node-broken", "graph-broken"]


def test_how_far_pictures_are_read_can_be_chosen(folder: Path) -> None:
    Image.effect_noise((64, 64), 80).save(folder / "a.jpg")
    whole = (folder / "a.jpg").read_bytes()
    rows = write_rows(folder, stage1())
    (folder / "a.jpg").write_bytes(whole[: len(whole) // 2])
    assert check(rows, images="header").errors == 0
    assert codes(check(rows, images="decode")) == [("rows.jsonl", "images[0]", "image-broken")]
    (folder / "a.jpg").write_bytes(b"")
    assert check(rows, images="none").errors == 0
    assert check(rows, images="header").errors == 1
    (folder / "a.jpg").unlink()
    assert codes(check(rows, images="none")) == [("rows.jsonl", "images[0]", "image-missing")]


def test_pickled_graphs_are_refused_without_being_opened(folder: Path) -> None:
    (folder / "a.pkl").write_bytes(b"\x80\x04cos\nsystem\n.")
    rows = write_rows(folder, stage2(graphs="a.pkl"))
    for depth in ("none", "header", "full"):
        assert codes(check(rows, graphs=depth)) == [("rows.jsonl", "graphs[0]", "graph-pickle")]
    assert codes(check(folder / "a.pkl")) == [("a.pkl", "", "graph-pickle")]


def test_a_file_of_another_kind_is_an_error_when_named_and_a_warning_in_a_folder(folder: Path) -> None:
    (folder / "summary.json").write_text('{"score": 1}')
    (folder / "notes.txt").write_text("hello")
    report = check(folder)
    assert [problem.severity for problem in report.problems] == ["warning"]
    assert (report.errors, report.graphs, report.graph_nodes) == (0, 2, (1, 1))
    assert codes(check(folder / "summary.json", folder / "notes.txt")) == [
        ("summary.json", "", "unknown-file"),
        ("notes.txt", "", "unknown-file"),
    ]
    assert check(folder / "notes.txt").errors == 1


def test_the_limit_holds_over_all_files(folder: Path) -> None:
    for name in ("one.jsonl", "two.jsonl"):
        write_rows(folder, *[stage1(label=0)] * 3, name=name)
    report = check(folder, max_problems=4)
    assert (len(report.problems), report.left_out, report.errors) == (4, 2, 6)


def test_progress_ends_at_the_number_of_rows_and_graph_files(folder: Path) -> None:
    write_rows(folder, stage1(), b"{", b"", stage1())
    calls: list[tuple[int, int]] = []
    validate_files(ValidateConfig(paths=(folder,)), lambda done, total, note="": calls.append((done, total)))
    assert calls == [(number, 5) for number in range(1, 6)]


def test_nothing_to_check_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        check(tmp_path / "gone", tmp_path)
    assert (caught.value.code, "gone" in caught.value.message) == ("file-missing", True)
    with pytest.raises(DataError) as caught:
        check(tmp_path)
    assert caught.value.code == "nothing-to-check"


@pytest.mark.real_data
def test_hostile_json_files_are_all_problems_and_never_a_crash(shared_data: Path, tmp_path: Path) -> None:
    sources = sorted((shared_data / "badinput" / "json").glob("n_*.json"))
    for source in sources:
        (tmp_path / source.with_suffix(".jsonl").name).write_bytes(source.read_bytes())
        (tmp_path / source.name).write_bytes(source.read_bytes())
    report = check(tmp_path, max_problems=10_000)
    assert len(sources) > 80
    for source in sources:
        for name in (source.name, source.with_suffix(".jsonl").name):
            found = {problem.code for problem in report.problems if Path(problem.file).name == name}
            assert found
            assert found <= {"json-broken", "row-not-object", "graph-broken", "no-rows"}


def test_the_lists_that_build_graphs_writes_beside_its_graphs_are_not_rows(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes((EXAMPLES / "graphs" / "402100000000001.json").read_bytes())
    for name in ("index.jsonl", "rejected.jsonl"):
        (tmp_path / name).write_text('{"id": "a", "file": "a.json"}\n')
    assert check(tmp_path).rows == {"embed": 2}
    (tmp_path / "manifest.json").write_text("{}")
    report = check(tmp_path)
    assert (report.rows, report.graphs, report.problems) == ({}, 1, ())
