"""Folders of rows and graphs are recognised, and every problem is gathered."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from PIL import Image

from tests.records.helpers import case, retrieval, stage1, stage2, write_files, write_rows
from ugembed.archives import write_archive
from ugembed.errors import DataError
from ugembed.graphs.validate import ValidateConfig, validate_files
from ugembed.records.report import Problem, Report, Spread

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
    assert report.rows == {"benchmark": 5, "embed": 3, "training": 4}
    assert (report.images, report.graphs, report.accepted) == (2, 2, sum(report.rows.values()))
    assert report.spreads["nodes a graph"] == Spread(2, 3, 3, 3, 3)
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
        ({"nodes": []}, "nodes", "graph-empty"),
        ({"center_node": "2"}, "center_node", "center-missing"),
        ({"edges": [{"source": "1", "target": "9"}]}, "edges[0].target", "edge-dangling"),
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
    report = check(path)
    assert (report.errors, report.graphs, report.spreads["nodes a graph"].most) == (0, 1, 1)
    path.write_bytes(orjson.dumps({**sound, **change}))
    (problem,) = check(path).problems
    assert (problem.field, problem.code, problem.line) == (field, code, None)
    assert problem.hint
    assert str(path) not in problem.message


def test_how_far_graphs_are_read_can_be_chosen(folder: Path) -> None:
    (folder / "a.json").write_text('{"nodes": [{}], "edges": [], "center_node": "1"}')
    (folder / "b.json").write_text('{"nodes": [{}]}')
    assert check(folder, graphs="none").problems == ()
    assert {name for name, _, _ in codes(check(folder, graphs="full"))} == {"a.json", "b.json"}
    sound = {"nodes": [{"node_id": "1", "coords": [1, 2], "node_text": ""}], "edges": [{}], "center_node": "1"}
    (folder / "a.json").write_bytes(orjson.dumps(sound))
    assert {name for name, _, _ in codes(check(folder, graphs="header"))} == {"b.json"}
    assert {name for name, _, _ in codes(check(folder, graphs="full"))} == {"a.json", "b.json"}


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
    assert (report.errors, report.graphs) == (0, 2)
    assert codes(check(folder / "summary.json", folder / "notes.txt")) == [
        ("summary.json", "", "unknown-file"),
        ("notes.txt", "", "unknown-file"),
    ]
    assert check(folder / "notes.txt").errors == 1


def test_the_limit_holds_over_all_files(folder: Path) -> None:
    for name in ("one.jsonl", "two.jsonl"):
        write_rows(folder, *[stage1(label=0)] * 3, name=name)
    report = check(folder, max_problems=4)
    assert (len(report.problems), report.left_out, report.errors, report.warnings) == (4, 2, 6, 0)


def test_progress_counts_the_bytes_of_row_and_graph_files(folder: Path) -> None:
    rows = write_rows(folder, stage1(), b"{", b"", stage1())
    calls: list[tuple[int, int]] = []
    validate_files(ValidateConfig(paths=(folder,)), lambda done, total, note="": calls.append((done, total)))
    total = sum(path.stat().st_size for path in (rows, folder / "a.json", folder / "b.json"))
    assert calls[-1] == (total, total)
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)


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
    (tmp_path / "manifest.json").write_text('{"kind": "graphs"}')
    report = check(tmp_path)
    assert (report.rows, report.graphs, report.problems) == ({}, 1, ())


def test_rows_that_a_split_left_out_are_not_checked_unless_they_are_named(tmp_path: Path) -> None:
    for part in ("train", "left-out"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "items.jsonl").write_text('{"text": "a"}\n')
    (tmp_path / "left-out.jsonl").write_text('{"text": "a"}\n')
    assert check(tmp_path).rows == {"embed": 3}
    (tmp_path / "manifest.json").write_text('{"kind": "split"}')
    assert check(tmp_path).rows == {"embed": 1}
    assert check(tmp_path / "left-out", tmp_path / "left-out.jsonl").rows == {"embed": 2}


def many_rows(folder: Path, count: int) -> Path:
    """Rows with every kind of problem among sound ones."""
    rows: list[Any] = []
    for number in range(count):
        row = stage2(id=str(number), positive_messages=[[{"role": "user", "content": f"house {number} " * 30}]])
        row["images"] = [("a.jpg", "./b.jpg", "c.jpg", "broken.jpg")[number % 4 if number % 97 == 0 else 0]]
        row["place"] = {"lon": 103.85 + number % 50 / 1000, "lat": 1.3}
        rows.append(row)
    rows[count // 3] = b'{"text"'
    rows[count // 2] = {**rows[1], "id": "1"}
    rows[count // 2 + 1] = {**rows[7], "unknown": 1}
    rows[-1] = b"[]"
    (folder / "broken.jpg").write_text("no picture")
    return write_rows(folder, *rows)


def test_any_number_of_processes_reports_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many_rows(folder, 3000)
    write_rows(folder, stage1(id="x"), stage1(id="x"), name="val.jsonl")
    (folder / "more").mkdir()
    for number in range(200):
        (folder / "more" / f"{number}.json").write_bytes((folder / "a.json").read_bytes())
    monkeypatch.setattr("ugembed.graphs.validate._RANGE_BYTES", 100_000)
    one = check(folder, workers=1)
    assert check(folder, workers=2) == one
    assert {problem.code for problem in one.problems} >= {
        *("json-broken", "row-not-object", "id-duplicate", "image-missing", "image-broken", "unknown-field"),
        *("row-duplicate", "image-in-both", "place-far-from-graph"),
    }
    monkeypatch.setattr("ugembed.graphs.validate._RANGE_BYTES", 1 << 30)
    assert check(folder, workers=1) == one


def test_every_line_is_handed_on_with_its_errors(folder: Path) -> None:
    path = many_rows(folder, 600)
    heard: list[tuple[bytes, bool, tuple[str, ...]]] = []

    def hear(file: Path, data: bytes, accepted: bool, problems: list[Problem]) -> None:
        assert file == path
        assert accepted == (not problems)
        assert all(problem.line == len(heard) + 1 for problem in problems)
        heard.append((data, accepted, tuple(problem.code for problem in problems)))

    report = validate_files(ValidateConfig(paths=(path,), max_problems=1), on_rows=hear)
    assert b"".join(data for data, _, _ in heard) == path.read_bytes()
    assert sum(accepted for _, accepted, _ in heard) == report.accepted
    told = Counter(codes for _, _, codes in heard)
    assert (told[("json-broken",)], told[("row-not-object",)], told[("id-duplicate",)]) == (1, 1, 2)
    assert told[("image-missing",)] >= 1
    assert told[("image-broken",)] >= 1
    assert len(told) == 6


def test_graphs_in_archives_are_checked_one_by_one(folder: Path) -> None:
    sound = (folder / "a.json").read_bytes()
    write_archive(folder / "part-0000.zip", [("x.json", sound), ("y.json", b"{"), ("readme.txt", b"hello")])
    row = write_rows(folder, stage2(graphs="part-0000.zip/x.json"))
    report = check(row)
    assert (report.errors, report.graphs) == (0, 1)
    report = check(folder / "part-0000.zip")
    assert (report.graphs, codes(report)) == (2, [("y.json", "", "graph-broken")])


def test_warnings_of_graphs_are_one_a_code(folder: Path) -> None:
    node = {"node_id": "1", "coords": [103.85, 1.3], "node_text": "Name: mapillary image"}
    for number in range(5):
        (folder / f"lonely{number}.json").write_bytes(orjson.dumps({"nodes": [node], "edges": [], "center_node": "1"}))
    (warning,) = check(folder).problems
    assert (warning.code, Path(warning.file).name) == ("graph-without-edges", "lonely0.json")
    assert warning.message.endswith("; the same in 4 other graph(s)")


def test_graphs_over_the_cap_are_a_warning(folder: Path) -> None:
    assert codes(check(folder / "a.json", max_graph_nodes=1)) == [("a.json", "nodes", "nodes-over-cap")]
    assert check(folder / "a.json", max_graph_nodes=2).problems == ()


def test_a_file_whose_name_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"rows-\xff.jsonl")
    path.write_bytes(b"{}\n")
    with pytest.raises(DataError) as caught:
        validate_files(ValidateConfig(paths=(tmp_path,)))
    assert caught.value.code == "file-name"
