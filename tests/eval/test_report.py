"""The report page: self-contained, escaped, and showing what was measured."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import orjson
import pytest

from tests.eval_fixtures import WordEncoder, street_graph, write_benchmark
from ugembed.errors import DataError
from ugembed.eval.benchmark import find_benchmark
from ugembed.eval.report import Entry, write_report
from ugembed.eval.report.cards import example_card
from ugembed.eval.report.curves import MAX_POINTS, curve_charts, nice_ticks
from ugembed.eval.report.examples import choose_examples
from ugembed.eval.report.map_svg import draw_graph, node_group, node_name
from ugembed.eval.runner import EvalSettings, evaluate
from ugembed.graphs.schema import Edge, Node, UrbanGraph


class Page(HTMLParser):
    """Tags, attributes and visible text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in {"src", "href", "srcset", "action", "data"}]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_benchmark(tmp_path_factory.mktemp("report") / "benchmark")


@pytest.fixture(scope="module")
def entries(benchmark: Path) -> list[Entry]:
    files = find_benchmark([benchmark])
    return [
        Entry(run, split, evaluate(WordEncoder(), files, EvalSettings(query_mode=mode, roots=(benchmark,))))
        for split in ("held-out images", "unseen district")
        for run, mode in (("stage 1", "image"), ("stage 2", "fusion"))
    ]


def test_the_page_needs_nothing_from_outside_and_runs_nothing(entries: list[Entry], tmp_path: Path) -> None:
    page = Page(write_report(tmp_path / "report.html", title="A city", entries=entries).read_text("utf-8"))
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert page.tags.count("img") > 4
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.sources)
    html = (tmp_path / "report.html").read_text("utf-8")
    assert not re.search(r"https?://|url\(|@import", html)
    assert "default-src 'none'" in html


def test_every_run_split_and_chance_has_its_row(entries: list[Entry], tmp_path: Path) -> None:
    html = write_report(tmp_path / "r.html", title="T", entries=entries, facts={"city": "seed 7"}).read_text("utf-8")
    overall = [entry.evaluation.overall for entry in entries]
    rows = re.findall(r"<tr><td>(stage \d · \w+)</td><td>16</td>", html)
    assert rows[:4] == ["stage 1 · image", "stage 2 · fusion"] * 2
    assert html.count('<tr class="chance">') == 2 * (1 + 2)  # two splits, each with two families below
    assert f"{100 * overall[0].metrics['mrr']:.1f}" in html
    assert f"{100 * overall[0].chance['ndcg@5']:.1f}" in html
    assert "unseen district by family" in html
    assert "seed 7" in html


def test_text_from_the_data_cannot_become_markup(entries: list[Entry], tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    case = entries[0].evaluation.cases[0]
    query = case.query.model_copy(update={"text": evil})
    evaluation = entries[0].evaluation.model_copy(
        update={"cases": (case.model_copy(update={"query": query, "file": evil}),), "warnings": (evil,)}
    )
    out = write_report(
        tmp_path / "r.html", title=evil, entries=[Entry(evil, evil, evaluation)], facts={evil: evil}, queries=3
    )
    page = Page(out.read_text("utf-8"))
    assert "script" not in page.tags
    assert page.text.count(evil) >= 7


def test_examples_show_where_fusion_is_right_and_the_image_wrong(entries: list[Entry]) -> None:
    examples = choose_examples(entries, 6)
    assert len(examples) == 6
    for example in examples:
        (star, right), (baseline, wrong) = example.answered
        assert (star.label, baseline.label) == ("stage 2 · fusion", "stage 1 · image")
        assert right.rank == 1 < wrong.rank
        assert (right.file, right.line) == (wrong.file, wrong.line)
    assert {example.split for example in examples} == {"held-out images", "unseen district"}
    assert {example.answered[0][1].file for example in examples} == {"geolocation/with_graph", "retrieval/with_graph"}


def test_lost_cases_are_shown_as_well_and_never_more_than_asked(entries: list[Entry]) -> None:
    image, fusion = entries[0], entries[1]
    swapped = [
        Entry("a", "s", image.evaluation.model_copy(update={"query_mode": "fusion"})),
        Entry("b", "s", fusion.evaluation.model_copy(update={"query_mode": "image"})),
    ]
    examples = choose_examples(swapped, 6)
    assert len(examples) == 6
    assert [example.star_is_right for example in examples if example.is_contrast] == [False, False]
    assert choose_examples(entries, 0) == []
    alone = choose_examples([image], 4)
    assert [len(example.answered) for example in alone] == [1] * 4
    assert {example.star_is_right for example in alone} == {True, False}


def test_a_card_marks_the_right_answer_even_when_it_is_far_down(entries: list[Entry]) -> None:
    for example in choose_examples([entries[0]], 16):
        (column,) = example_card(example).columns
        assert sum(answer.is_right for answer in column.answers) == 1
        assert len(column.answers) in (5, 6)
        assert column.is_right == (example.answered[0][1].rank == 1)


def test_a_picture_that_is_gone_becomes_a_note(entries: list[Entry], tmp_path: Path) -> None:
    case = entries[1].evaluation.cases[0]
    query = case.query.model_copy(update={"images": ("gone.jpg",), "graphs": ("gone.json", None)})
    evaluation = entries[1].evaluation.model_copy(update={"cases": (case.model_copy(update={"query": query}),)})
    page = Page(write_report(tmp_path / "r.html", title="T", entries=[Entry("a", "b", evaluation)]).read_text("utf-8"))
    assert "gone.jpg" in page.text
    assert "gone.json" in page.text
    assert "only in memory" in page.text


def test_a_report_about_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        write_report(tmp_path / "r.html", title="T", entries=[])
    assert caught.value.code == "report-empty"
    assert not (tmp_path / "r.html").exists()


def test_curves_are_drawn_for_what_was_recorded_and_long_ones_are_thinned(tmp_path: Path) -> None:
    file = tmp_path / "metrics.jsonl"
    rows = [{"step": step, "loss": 1 / (1 + step)} for step in range(5000)]
    file.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in [*rows, {"step": 5000, "loss": None}]))
    (chart,) = curve_charts({"stage <1>": file})
    svg = ElementTree.fromstring(str(chart.svg))
    (line,) = svg.findall("polyline")
    points = [tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()]
    assert len(points) == MAX_POINTS
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert [y for _, y in points] == sorted(y for _, y in points)  # the loss falls, y grows downwards
    assert chart.legend == (("line-0", "stage <1>"),)
    assert curve_charts({}) == []


@pytest.mark.parametrize("line", [b"not json\n", b"[1]\n"])
def test_a_broken_curve_file_is_named_with_its_line(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "metrics.jsonl"
    file.write_bytes(b'{"step": 1, "loss": 1}\n' + line)
    with pytest.raises(DataError, match=r"metrics\.jsonl:2") as caught:
        curve_charts({"a": file})
    assert caught.value.code == "metrics-broken"


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0.31, 0.97), (-3, 12000), (5, 5), (0, 1e-7), (0, 0)])
def test_ticks_enclose_the_values_at_even_round_steps(low: float, high: float) -> None:
    ticks = nice_ticks(low, high)
    assert ticks[0] <= low + 1e-12
    assert ticks[-1] >= high - 1e-12
    assert 2 <= len(ticks) <= 8
    steps = {round((after - before) / (ticks[1] - ticks[0]), 6) for before, after in pairwise(ticks)}
    assert steps == {1.0}


def test_a_map_has_north_up_and_shows_names_kinds_heading_and_scale() -> None:
    drawing = draw_graph(street_graph(7))
    svg = ElementTree.fromstring(str(drawing.svg))
    dots = {node.attrib["class"].split()[1]: node.attrib for node in svg.findall("circle")}
    assert float(dots["place"]["cy"]) < float(dots["view"]["cy"])  # the shop lies north
    assert float(dots["street"]["cx"]) > float(dots["view"]["cx"])  # the street lies east
    names = [text.text for text in svg.findall("text")]
    assert {"Shop 7", "Street 7", "Park <b>&"} <= set(names)
    assert any(name and name.endswith(" m") for name in names)
    (cone,) = (path for path in svg.findall("path") if path.attrib["class"] == "cone")
    assert cone.attrib["d"].startswith("M210.0 210.0L")
    assert {line.attrib["class"] for line in svg.findall("line")} == {"way", "tie"}
    assert [css for css, _ in drawing.legend] == ["view", "street", "green", "place"]


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    nodes = [Node("0", 0.0, 0.0, "Name: a, Category: image")]
    nodes += [Node(str(n), 0.001 * n, 0.0, f"Name: n{n}, Category: shop") for n in (1, 2, 3)]
    graph = UrbanGraph(tuple(nodes), (Edge("0", "1", "near"),), "0")
    svg = ElementTree.fromstring(str(draw_graph(graph).svg))
    x = sorted(float(circle.attrib["cx"]) for circle in svg.findall("circle"))
    pixels_per_m = (x[1] - x[0]) / 111.195  # a thousandth of a degree on the equator
    (path,) = (path.attrib["d"] for path in svg.findall("path") if path.attrib["class"] == "scale")
    start, end = (float(number) for number in re.match(r"M(\S+) \S+?v5H([\d.]+)v-5", path).groups())  # type: ignore[union-attr]
    (label,) = (text.text for text in svg.findall("text") if text.text and text.text.endswith(" m"))
    assert (end - start) / pixels_per_m == pytest.approx(float(label[:-2]), rel=0.01)


def test_nodes_of_the_reference_are_understood_by_their_text() -> None:
    node = Node("77", 0, 0, "Name: Oak St, ID: 77, Category: street, Address: Oak St, Country: Singapore")
    assert (node_name(node), node_group(node)) == ("Oak St", "street")
    car_park = Node("1", 0, 0, "Name: Level 2, Category: parking", {"kind": "poi", "category": "car parking"})
    assert node_group(car_park) == "place"
    river = Node(
        "2", 0, 0, "x", {"kind": "poi", "category": "river", "name": "A very long name of a small brook indeed"}
    )
    assert node_group(river) == "water"
    assert node_name(river) == "A very long name of a small b…"
