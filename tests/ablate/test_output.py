"""Tables say what was asked, what was not run, and stand between their marks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ablate.synthetic import ONE, OTHER, TWO, ablation, answers, drawn
from ugembed.ablate.answers import ALL, Group, Table, result_lines
from ugembed.ablate.output import markdown, write_into, write_results
from ugembed.ablate.tables import Report, make_report
from ugembed.errors import StoreError

KIND = "spatial_reasoning/nearest"
TABLE: Table = {
    Group("heldout", 20, name): {
        ONE: {seed: drawn(0.4, cases=40, seed=seed) for seed in (1, 2)},
        TWO: {1: answers([1, 1, 1, 0] * 10)},
    }
    for name in ("geolocation", "spatial_reasoning", KIND, ALL)
}
TABLE[Group("heldout", 100, "geolocation")] = {TWO: {1: drawn(0.8, cases=40, seed=8)}}


@pytest.fixture(scope="module")
def report() -> Report:
    goals = [{"text": "gain", "row": {"variant": "two"}, "minus": {"variant": "one", "mode": "image"}, "at_least": 10}]
    return make_report(ablation(goals=goals), TABLE, [1, 2])


def test_every_table_is_there_with_its_rows(report: Report) -> None:
    titles = [table.title for table in report.tables]
    assert titles[0] == "Goals"
    assert len(set(titles)) == len(titles)
    assert sum(title.startswith("Hit@5 on held-out images") for title in titles) == 2  # families, 100 candidates
    assert sum(title.startswith("Hit@5 in spatial reasoning") for title in titles) == 1
    families = next(table for table in report.tables if table.title.startswith("Hit@5") and table.header[-1] == "p")
    assert families.header == (
        "variant · mode", "seeds", "geolocation", "spatial reasoning", "all", "all minus two · fusion", "p",
    )  # fmt: skip
    assert [row[0] for row in families.rows] == ["stages", "one · image", "two · fusion", "chance"]
    assert families.headings == {0}
    two = families.rows[2]
    assert two[2].startswith("75.0 [")
    assert (two[-2], two[-1]) == ("", "")  # the baseline is not compared with itself
    assert families.rows[1][-2].startswith("-")
    assert set(map(len, families.rows)) == {7}


def test_what_was_not_run_is_said(report: Report) -> None:
    assert report.missing == ("two · fusion: seeds 2", "other · fusion: seeds 1, 2")
    assert "Not run: two · fusion: seeds 2; other" in markdown(report)


def test_the_page_stands_alone_and_shows_every_table(tmp_path: Path, report: Report) -> None:
    write_results(tmp_path / "small", TABLE, report)
    page = (tmp_path / "small" / "table.html").read_text(encoding="utf-8")
    assert page.count("<table>") == len(report.tables)
    assert "http" not in page.replace("http-equiv", "")
    assert '<tr class="not-met">' in page or '<tr class="met">' in page
    assert len((tmp_path / "small" / "results.jsonl").read_text().splitlines()) == len(result_lines(TABLE))


def test_a_result_line_has_means_and_numbers() -> None:
    line = next(
        line
        for line in result_lines(TABLE)
        if (line["variant"], line["seed"], line["family"], line["candidates"]) == ("two", 1, "geolocation", 20)
    )
    assert line == {
        "variant": "two", "mode": "fusion", "seed": 1, "split": "heldout", "candidates": 20, "family": "geolocation",
        "n": 40, "hit@1": 0.75, "hit@5": 0.75, "ndcg@5": 0.75, "mrr": 0.75, "chance_hit@5": 0.25,
    }  # fmt: skip
    assert not any(line["variant"] == OTHER.variant for line in result_lines(TABLE))


def test_a_page_is_changed_between_the_marks_only(tmp_path: Path, report: Report) -> None:
    page = tmp_path / "results.md"
    page.write_text("# Before\n\n<!-- ablate small -->\nold\n<!-- end of ablate small -->\n\nafter\n", encoding="utf-8")
    write_into(page, "small", report)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Before\n\n<!-- ablate small -->\n\nMeans over seeds 1, 2 with")
    assert "\n\n**Goals**\n" in text
    assert text.endswith("\n<!-- end of ablate small -->\n\nafter\n")
    assert "old" not in text
    write_into(page, "small", report)
    assert page.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("text", [None, "# Page\n", "<!-- end of ablate small -->\n<!-- ablate small -->\n"])
def test_a_page_without_its_marks_is_refused_untouched(tmp_path: Path, report: Report, text: str | None) -> None:
    page = tmp_path / "results.md"
    if text is not None:
        page.write_text(text, encoding="utf-8")
    with pytest.raises(StoreError) as caught:
        write_into(page, "small", report)
    assert caught.value.code == "ablation-markers"
    assert (page.read_text(encoding="utf-8") if page.is_file() else None) == text
