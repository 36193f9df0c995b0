"""All problems of a row file at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.records.helpers import TEXT, case, retrieval, stage1, stage2, user, write_rows
from ugembed.errors import DataError
from ugembed.records.validate import FileCheck, Findings, Problem, row_kind, validate_rows


def problems_of(path: Path, *, limit: int = 100, **checks: Callable[[Path], object]) -> list[Problem]:
    findings = Findings(limit)
    validate_rows(path, findings=findings, checks={kind: FileCheck(check) for kind, check in checks.items()})
    return findings.problems


def places_of(problems: list[Problem]) -> list[tuple[int | None, str, str]]:
    return [(problem.line, problem.field, problem.code) for problem in problems]


def test_sound_rows_of_every_kind_have_no_problems(folder: Path) -> None:
    training = write_rows(folder, stage1(id=1), stage2(id=2), name="training.jsonl")
    benchmark = write_rows(folder, case(), retrieval(), name="benchmark.jsonl")
    embed = write_rows(folder, {"text": "x"}, {"images": "a.jpg"}, name="embed.jsonl")
    for path in (training, benchmark, embed):
        findings = Findings(10)
        assert validate_rows(path, findings=findings) == (path.stem, 2)
        assert findings.problems == []


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


def test_a_file_that_many_rows_name_is_checked_once_and_told_once(folder: Path) -> None:
    seen: list[str] = []

    def check(path: Path) -> None:
        seen.append(path.name)
        if path.name == "b.jpg":
            raise DataError("broken", code="image-broken", hint="fetch it again")

    path = write_rows(folder, stage1(), stage1(images="./a.jpg"), stage1(images="b.jpg"), stage1(images="b.jpg"))
    assert places_of(problems_of(path, image=check)) == [(3, "images[0]", "image-broken")]
    assert seen == ["a.jpg", "b.jpg"]


def test_a_file_that_may_not_be_read_is_a_problem_not_a_crash(folder: Path) -> None:
    def check(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    assert places_of(problems_of(write_rows(folder, stage1()), image=check)) == [(1, "images[0]", "unreadable")]


def test_problems_beyond_the_limit_are_counted_not_kept(folder: Path) -> None:
    findings = Findings(2)
    validate_rows(write_rows(folder, *[stage1(label=0)] * 5), findings=findings)
    assert (len(findings.problems), findings.left_out) == (2, 3)


def test_unknown_fields_are_one_warning_a_file_with_the_nearest_name(folder: Path) -> None:
    (problem,) = problems_of(write_rows(folder, *[stage1(negative_mesages=[TEXT], summarization="x")] * 3))
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
    (problem,) = problems_of(write_rows(folder, retrieval(), row, row))
    assert (problem.code, problem.severity) == ("gold-leak", "warning")
    assert "in 2 case(s), the first on line 2" in problem.message


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
