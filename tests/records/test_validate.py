"""All problems of a row file at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.records.helpers import TEXT, case, retrieval, stage1, stage2, user, write_rows
from ugembed.graphs.validate import ValidateConfig, validate_files
from ugembed.records.report import Findings, Problem, Report
from ugembed.records.validate import is_validation, row_kind


def report_of(*paths: Path, **options: Any) -> Report:
    """What is told of rows, when their pictures and graphs are there and not looked into."""
    return validate_files(ValidateConfig(paths=paths, **{"images": "none", "graphs": "none", **options}))


def problems_of(path: Path) -> tuple[Problem, ...]:
    return report_of(path).problems


def places_of(problems: tuple[Problem, ...]) -> list[tuple[int | None, str, str]]:
    return [(problem.line, problem.field, problem.code) for problem in problems]


def test_sound_rows_of_every_kind_have_no_problems(folder: Path) -> None:
    training = write_rows(folder, stage1(id=1), stage2(id=2), name="training.jsonl")
    benchmark = write_rows(folder, case(), retrieval(), name="benchmark.jsonl")
    embed = write_rows(folder, {"text": "x"}, {"images": "a.jpg"}, name="embed.jsonl")
    for path in (training, benchmark, embed):
        report = report_of(path)
        assert (dict(report.rows), report.accepted, report.problems) == ({path.stem: 2}, 2, ())


def test_every_broken_row_is_told_and_the_rest_is_still_read(folder: Path) -> None:
    path = write_rows(folder, b"{", stage1(), stage1(label=0), [], stage2(graphs=[]), stage1(images=["c.jpg"]))
    assert places_of(problems_of(path)) == [
        (1, "row", "json-broken"),
        (3, "label", "label-zero"),
        (4, "row", "row-not-object"),
        (5, "messages", "tag-count"),
        (6, "images[0]", "image-missing"),
    ]


def test_one_row_may_have_several_problems(folder: Path) -> None:
    row = stage2(images=["c.jpg"], graphs=["c.json"], positive_messages=[TEXT, user("<image>")], id="1")
    problems = problems_of(write_rows(folder, stage1(id="1"), row))
    assert places_of(problems) == [
        (2, "id", "id-duplicate"),
        (2, "images[0]", "image-missing"),
        (2, "graphs[0]", "graph-missing"),
        (2, "positive_messages[1]", "tag-count"),
    ]
    assert all(problem.hint and problem.severity == "error" for problem in problems)
    assert not problems[1].message.startswith(str(folder / "rows.jsonl"))


def test_a_broken_file_that_many_rows_name_is_told_once_and_no_such_row_is_accepted(folder: Path) -> None:
    (folder / "b.jpg").write_bytes(b"no picture")
    path = write_rows(folder, stage1(), stage1(images="b.jpg"), stage1(images="./b.jpg"), stage1(images="./a.jpg"))
    report = report_of(path, images="header")
    assert places_of(report.problems)[:1] == [(2, "images[0]", "image-broken")]
    assert (report.errors, report.images, report.accepted) == (1, 2, 2)


def test_errors_beyond_the_limit_are_counted_and_warnings_always_kept() -> None:
    findings = Findings(2)
    error = Problem("a", "f", 1, "", "m", "h")
    warning = Problem("b", "f", None, "", "m", "h", "warning")
    findings.extend([warning, error, error, error, warning], more=4)
    assert findings.problems == [warning, error, error, warning]
    assert (findings.errors, findings.left_out) == (7, 5)


def test_an_id_that_a_broken_row_has_is_taken_too(folder: Path) -> None:
    path = write_rows(folder, stage1(id="x"), stage1(id="y", label=0), stage1(id="y"), stage1(id="x", label=0))
    report = report_of(path)
    assert places_of(report.problems)[:4] == [
        (2, "label", "label-zero"),
        (3, "id", "id-duplicate"),
        (4, "id", "id-duplicate"),
        (4, "label", "label-zero"),
    ]
    assert "line 2" in report.problems[1].message
    assert report.accepted == 1


def test_unknown_fields_are_one_warning_a_file_with_the_nearest_name(folder: Path) -> None:
    rows = [stage1(messages=user(f"<image>{k}"), negative_mesages=[TEXT], summarization="x") for k in range(3)]
    (problem,) = problems_of(write_rows(folder, *rows))
    assert (problem.code, problem.severity, problem.line) == ("unknown-field", "warning", None)
    assert problem.field == "negative_mesages"
    assert "3 row(s)" in problem.message
    assert problem.hint == "did you mean 'negative_messages'?"


@pytest.mark.parametrize(
    "row",
    [
        retrieval(messages=user("<image>Find it."), images="b.jpg"),
        retrieval(messages=user("<graph>Find it."), graphs="b.json", candidate_graphs=["a.json", "b.json"]),
    ],
)
def test_a_query_that_shows_a_file_of_the_right_candidate_is_a_warning(folder: Path, row: dict[str, Any]) -> None:
    _, problem = problems_of(write_rows(folder, retrieval(), row, row))  # the first: the two rows are equal
    assert (problem.code, problem.severity) == ("gold-leak", "warning")
    assert "in 2 row(s), first on lines 2, 3" in problem.message


def test_a_file_without_rows_is_a_problem(folder: Path) -> None:
    assert [problem.code for problem in problems_of(write_rows(folder, b"", b"  "))] == ["no-rows"]


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ([stage1()], "training"),
        ([stage1(positive_messages=None)], "training"),
        ([case()], "benchmark"),
        ([retrieval(candidates=None, candidate_images=["a.jpg"])], "benchmark"),
        ([{"text": "x"}], "embed"),
        ([b"{", [1], {"text": "x"}, stage1()], "training"),
        ([b"{"], "embed"),
    ],
)
def test_the_kind_of_a_file_is_told_by_its_first_telling_row(folder: Path, rows: list[Any], kind: str) -> None:
    assert row_kind(write_rows(folder, *rows)) == kind


@pytest.mark.parametrize("name", ["val.jsonl", "paris_VAL.jsonl", "test-1.jsonl", "my.dev.jsonl", "held-out.jsonl"])
def test_files_for_validation_are_told_by_a_word_of_their_name(name: str) -> None:
    assert is_validation(Path(name))


@pytest.mark.parametrize("name", ["train.jsonl", "valley.jsonl", "contest.jsonl", "devon.jsonl", "latest.jsonl"])
def test_a_word_that_only_begins_so_does_not_count(name: str) -> None:
    assert not is_validation(Path(name))
