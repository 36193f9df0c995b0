"""Words and numbers that the terminal and the page share."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ugembed.records.overview import balance, box, by_code, facts, number, size, verdict
from ugembed.records.report import Problem, Report


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (12.0, "12"), (12.5, "12.5"), (12345.0, "12,345"), (1e9, "1,000,000,000")]
)
def test_a_number_has_its_thousands_apart_and_no_useless_decimal(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (98_123_456, "98.1 MB"),
        (2 * 10**9, "2.0 GB"),
        (10**16, "10000.0 TB"),
    ],
)
def test_a_size_is_told_in_its_unit(count: int, text: str) -> None:
    assert size(count) == text


def test_accepted_and_refused_make_all_rows() -> None:
    told = dict(facts(Report(rows={"training": 7, "benchmark": 3}, accepted=9, duplicates=2, bytes=1500)))
    assert (told["training rows"], told["benchmark rows"]) == ("7", "3")
    assert (told["accepted"], told["refused"]) == ("9", "1")
    assert (told["equal to an earlier row"], told["size of the row files"]) == ("2", "1.5 kB")


def test_graphs_alone_are_told_without_rows() -> None:
    assert [name for name, _ in facts(Report(graphs=3))] == ["distinct images", "distinct graphs"]


def test_a_balance_starts_with_the_most_frequent_and_names_what_has_no_label() -> None:
    shares = balance({"b": 1, "a": 1, "": 2})
    assert [(share.label, share.rows, share.part) for share in shares] == [
        ("none", 2, 0.5),
        ("a", 1, 0.25),
        ("b", 1, 0.25),
    ]
    assert balance({"": 5}) == balance({}) == []


def test_the_box_is_west_to_east_and_south_to_north() -> None:
    assert box(Report(box=(103.6, 1.2, 104.0, 1.45))) == "longitude 103.6000 to 104.0000, latitude 1.2000 to 1.4500"
    assert box(Report()) == ""


def problem(code: str, line: int, severity: str = "error", file: str = "a.jsonl") -> Problem:
    return Problem(code, file, line, "", "what", f"cure of {code}", severity)  # type: ignore[arg-type]


def test_problems_are_grouped_by_code_errors_first() -> None:
    problems = [
        problem("odd", 1, "warning"),
        problem("bad", 2),
        problem("worse", 3),
        problem("bad", 4, file="b.jsonl"),
        problem("bad", 5),
    ]
    groups = by_code(problems, examples=2)
    assert [(group.code, group.severity, group.count, group.files) for group in groups] == [
        ("bad", "error", 3, 2),
        ("worse", "error", 1, 1),
        ("odd", "warning", 1, 1),
    ]
    assert [example.line for example in groups[0].examples] == [2, 4]
    assert groups[0].hint == "cure of bad"


def test_what_to_do_is_said_of_a_group_when_it_is_the_same_for_all() -> None:
    typos = [replace(problem("gold-missing", line), hint=f"did you mean {line}?") for line in (1, 2)]
    (group,) = by_code(typos, examples=2)
    assert group.hint == ""
    (group,) = by_code(typos, examples=1)
    assert group.hint == "did you mean 1?"


def test_the_verdict_counts_errors_that_are_not_listed() -> None:
    report = Report((problem("bad", 1), problem("odd", 2, "warning")), left_out=1200)
    assert verdict(report) == "1,201 error(s), 1 warning(s)"
    assert verdict(Report()) == "no errors, 0 warning(s)"
