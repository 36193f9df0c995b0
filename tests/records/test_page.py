"""The page about checked data holds everything and loads nothing."""

from __future__ import annotations

import base64
import io
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from ugembed.records.page import spread_bars, write_page
from ugembed.records.report import Problem, Report, Spread

EVIL = "<script>alert('x')</script>&\"'"
REPORT = Report(
    problems=(
        *(
            Problem("image-missing", f"{EVIL}.jsonl", line, "images[0]", f"image {EVIL} is missing", "pass --root")
            for line in range(1, 13)
        ),
        Problem("unknown-field", "a.jsonl", None, EVIL, "is not used", EVIL, "warning"),
    ),
    left_out=1500,
    rows={"training": 4000},
    accepted=2488,
    pair_types={EVIL: 3000, "": 1000},
    spreads={"query characters": Spread(4000, 10.0, 50.0, 75.0, 200.0)},
    places=((103.85, 1.3), (103.86, 1.31)),
    place_count=4000,
    box=(103.85, 1.3, 103.86, 1.31),
)


class Tags(HTMLParser):
    """The tags that are opened but not closed, all that were opened, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture
def page(tmp_path: Path) -> str:
    write_page(tmp_path / "check.html", REPORT, small_print={"checked": EVIL})
    return (tmp_path / "check.html").read_text(encoding="utf-8")


def read(page: str) -> tuple[Tags, str]:
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    return tags, " ".join(" ".join(tags.text).split())


def test_it_tells_everything(page: str) -> None:
    _, text = read(page)
    assert "1,512 error(s), 1 warning(s)" in text
    assert "12 in 1 file(s)" in text
    assert "… and 4 more like this" in text
    assert "What to do: pass --root" in text
    assert "1,500 further error(s)" in text
    assert "4,000 training rows" in text
    assert "1,512 refused" in text
    assert "4,000 row(s) tell a place: longitude 103.8500 to 103.8600, latitude 1.3000 to 1.3100" in text
    assert "3,000 · 75.0 %" in text


def test_text_of_the_data_stays_text(page: str) -> None:
    tags, text = read(page)
    assert "script" not in tags.seen
    assert text.count(EVIL) >= 12
    assert "<script" not in page


def test_it_loads_nothing(page: str) -> None:
    assert "default-src 'none'" in page
    assert re.findall(r"(?:src|href)\s*=\s*\"(?!data:image/png;base64,)", page) == []
    assert re.findall(r"url\(|@import|https?://", page) == []


def test_the_map_is_a_picture_inside_the_page(page: str) -> None:
    [data] = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        image.load()
        assert len(image.getcolors(1 << 24) or []) > 1


def test_a_bar_goes_from_least_to_95_percent_in_parts_of_the_most() -> None:
    [bar] = spread_bars(REPORT)
    assert (bar.least, bar.median, bar.p95) == (5.0, 25.0, 37.5)
    assert bar.numbers == ("10", "50", "75", "200")
    [zero] = spread_bars(Report(spreads={"graphs a row": Spread(3, 0.0, 0.0, 0.0, 0.0)}))
    assert (zero.least, zero.median, zero.p95) == (0.0, 0.0, 0.0)


def test_every_problem_has_its_own_cure_where_they_differ(tmp_path: Path) -> None:
    problems = [Problem("gold-missing", "a.jsonl", line, "", "not there", f"did you mean {line}?") for line in (1, 2)]
    write_page(tmp_path / "check.html", Report(problems=tuple(problems)), small_print={})
    _, text = read((tmp_path / "check.html").read_text(encoding="utf-8"))
    assert "not there did you mean 1?" in text
    assert "not there did you mean 2?" in text
    assert "What to do" not in text


def test_a_file_name_that_is_no_unicode_is_told(tmp_path: Path) -> None:
    problem = Problem("json-broken", os.fsdecode(b"a\xff.jsonl"), 1, "row", "not JSON", "write JSON")
    write_page(tmp_path / "check.html", Report(problems=(problem,)), small_print={})
    assert "a\\udcff.jsonl:1" in (tmp_path / "check.html").read_text(encoding="utf-8")


def test_a_report_about_nothing_wrong_is_short_and_sound(tmp_path: Path) -> None:
    write_page(tmp_path / "check.html", Report(graphs=2), small_print={})
    _, text = read((tmp_path / "check.html").read_text(encoding="utf-8"))
    assert "no errors, 0 warning(s)" in text
    assert "Problems" not in text
    assert "Where" not in text
