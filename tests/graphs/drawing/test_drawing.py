"""What a drawing shows, in its pixels and in its SVG."""

from __future__ import annotations

import time
import warnings
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.graphs.drawing.drawn_graphs import graph, is_colour, many, node, pixels, street_scene
from ugembed.graphs.drawing import draw_graph
from ugembed.graphs.drawing.marks import length_text, round_length
from ugembed.graphs.drawing.render import DPI, POINTS
from ugembed.graphs.schema import Edge, Node, UrbanGraph

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [text.text or "" for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def camera(picture: np.ndarray) -> tuple[float, float]:
    """(column, row) of the middle of the camera on the map, which is left of the legend."""
    row, column = np.nonzero(is_colour(picture[:, : picture.shape[1] // 2], "camera"))
    return float(np.median(column)), float(np.median(row))


def test_the_same_graph_gives_the_same_bytes() -> None:
    one, other = draw_graph(many(80)), draw_graph(UrbanGraph.from_json(many(80).to_json()))
    assert one.png() == other.png()
    assert one.svg() == other.svg()
    assert one.maps() == other.maps()


@pytest.mark.parametrize(("heading", "side"), [(90.0, (1, 0)), (180.0, (0, 1)), (270.0, (-1, 0)), (0.0, (0, -1))])
def test_the_view_cone_points_where_the_camera_looks(heading: float, side: tuple[int, int]) -> None:
    plain = pixels(draw_graph(graph(node("a", 90, 90), node("b", -90, -90))).png())
    seen = pixels(draw_graph(graph(node("a", 90, 90), node("b", -90, -90), heading=heading)).png())
    column, row = camera(seen)
    step = 25 * DPI / POINTS
    at = round(row + side[1] * step), round(column + side[0] * step)
    behind = round(row - side[1] * step), round(column - side[0] * step)
    assert seen[at].tolist() != plain[at].tolist()
    assert seen[behind].tolist() == plain[behind].tolist()


def test_north_is_up_and_east_is_right() -> None:
    picture = pixels(draw_graph(street_scene()).png())
    column, row = camera(picture)
    left = picture[:, : round(picture.shape[1] * 0.6)]
    cafe_row, cafe_column = (float(np.median(axis)) for axis in np.nonzero(is_colour(left, "poi")))
    park_row, park_column = (float(np.median(axis)) for axis in np.nonzero(is_colour(left, "area")))
    assert cafe_column - column > 7 * (row - cafe_row) > 0
    assert (cafe_column - column) / (row - park_row) == pytest.approx(80 / 90, rel=0.03)
    assert abs(park_column - column) < 3


def test_texts_stay_texts_and_all_kinds_are_counted() -> None:
    words = texts(draw_graph(street_scene()).svg())
    for wanted in ("camera", "Blue Cup", "Green Park", "Oak Street", "N", "81 m E", "crossing\u20022", "near\u20021"):
        assert wanted in words
    assert any(word.startswith("6 nodes · 3 edges · radius 150 m · looks E (90°)") for word in words)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "$x^2$", "5$", "a\x01b", "新加坡 شارع", 'q" id="text_1" : #23262b']
)
def test_any_name_is_drawn_as_it_is_and_nothing_is_warned_of(name: str) -> None:
    drawing = draw_graph(graph(node(name, 30, 0), heading=0.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawing.png()
        svgs = [drawing.svg(), *(shown.svg for shown in drawing.maps())]
    assert all(name.replace("\x01", " ") in texts(svg) for svg in svgs)


def test_a_page_can_change_every_colour() -> None:
    drawing = draw_graph(street_scene())
    for svg in (drawing.maps()[0].svg, drawing.legend()):
        styles = [e.get("style", "") for e in ElementTree.fromstring(svg).iter()]
        assert any("var(--map-ink)" in style for style in styles)
        assert [style for style in styles if "#" in style.replace("url(#", "")] == []


@pytest.mark.parametrize("heading", [None, 45.0])
def test_foreign_graphs_are_drawn(heading: Any) -> None:
    nodes = [Node(str(i), 7.42 + i * 1e-4, 43.73, f"Name: n{i}, Category: x") for i in range(30)]
    edges = [Edge("0", str(i), f"type {i}" if i % 2 else "") for i in range(30)]
    words = texts(draw_graph(UrbanGraph(tuple(nodes), tuple(edges), "0", {"heading": heading})).svg())
    assert "(no kind)\u200229" in words
    assert "(no type)\u200215" in words
    assert any(word.startswith("5 other kinds") for word in words)


@pytest.mark.parametrize(("lon", "lat"), [(180.0, -17.0), (25.0, 90.0), (0.0, -89.9999)])
def test_the_ends_of_the_earth_are_like_any_other_place(lon: float, lat: float) -> None:
    around = [(lon - 360 + 0.001 if lon == 180 else lon + 120 * i, lat - 0.001 * (lat > 0)) for i in range(3)]
    nodes = (Node("c", lon, lat, "t"), *(Node(str(i), *at, f"Name: n{i}") for i, at in enumerate(around)))
    scene = draw_graph(UrbanGraph(nodes, (), "c")).scene
    assert scene.beyond <= 1
    assert scene.frame.half_m < 200


def test_a_thousand_nodes_are_quick() -> None:
    drawing = draw_graph(many(1000))
    begin = time.process_time()
    drawing.png()
    assert time.process_time() - begin < 8


@pytest.mark.parametrize(("metres", "length"), [(1, 1), (4.99, 2), (5, 5), (999, 500), (1000, 1000), (70_000, 50_000)])
def test_scale_bars_are_round(metres: float, length: float) -> None:
    assert round_length(metres) == length
    assert length_text(2000) == "2 km"
    assert length_text(50) == "50 m"


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    """The bar's path is the one with four corners in ink; the map of a page has 560 points for the frame's width."""
    shown = draw_graph(street_scene()).maps()[0]
    [bar] = [
        path.get("d", "")
        for path in ElementTree.fromstring(shown.svg).iter(f"{SVG}path")
        if "stroke: var(--map-ink)" in path.get("style", "")
    ]
    across = [float(word) for word in bar.split() if word not in "ML"][::2]
    told = next(word for word in texts(shown.svg) if word.endswith(" m"))
    assert (max(across) - min(across)) / 560 * 2 * shown.frame.half_m == pytest.approx(float(told[:-2]), rel=1e-3)
