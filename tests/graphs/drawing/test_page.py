"""The page about a graph: it loads nothing, runs only its own script, and keeps text text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from tests.graphs.drawing.drawn_graphs import graph, many, node, street_scene
from ugembed.graphs.drawing import draw_graph
from ugembed.graphs.drawing.page import edge_groups, graph_page, node_groups
from ugembed.graphs.drawing.scene import Scene
from ugembed.graphs.schema import Edge, UrbanGraph

EVIL = "</script><script>alert('x')</script><img src=x onerror=alert(2)>&\"'"


class Tags(HTMLParser):
    """Every tag with its attributes, and the text of every script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        last = self.seen[-1][0] if self.seen else ""
        (self.scripts if last == "script" and data.strip() else self.text).append(data)


def page_of(drawn: UrbanGraph) -> str:
    return graph_page(draw_graph(drawn), small_print={"graph": "v1.json"})


@pytest.fixture(scope="module")
def page() -> str:
    return page_of(street_scene())


def test_only_its_own_script_may_run(page: str) -> None:
    policy = next(a["content"] or "" for tag, a in Tags(page).seen if tag == "meta" and "http-equiv" in a)
    assert "default-src 'none'" in policy
    data, script = Tags(page).scripts[:2]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy.partition("script-src")[2]
    assert json.loads(data)["center"] == 0


def test_it_loads_nothing(page: str) -> None:
    tags = Tags(page).seen
    assert {tag for tag, _ in tags} & {"link", "img", "iframe", "object", "base", "image"} == set()
    assert all((a.get("xlink:href") or "").startswith("#") for tag, a in tags if tag == "use")
    assert [a for _, a in tags if "src" in a or any(key.startswith("on") for key in a)] == []
    assert re.findall(r"url\((?!#)|@import|src\s*=", page) == []
    assert set(re.findall(r"https?://[^\"\s<]+", page)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }


def test_text_of_the_graph_stays_text() -> None:
    nodes = (node(EVIL, 30, 10, EVIL, category=EVIL), node("b", 40, 0, "street"))
    drawn = graph(*nodes, edges=[Edge("camera", EVIL, EVIL, {"distance": 9.0})], heading=1.0, city=EVIL[:20])
    page = page_of(drawn)
    tags = Tags(page)
    assert [tag for tag, _ in tags.seen].count("script") == 2
    assert "img" not in {tag for tag, _ in tags.seen}
    data = json.loads(tags.scripts[0])
    assert data["nodes"][1]["name"] == EVIL
    assert data["edges"] == [{"s": 0, "t": 1, "type": EVIL, "distance": 9.0, "bearing": None}]


def test_the_script_knows_where_every_node_is(page: str) -> None:
    data = json.loads(Tags(page).scripts[0])
    drawn = street_scene()
    assert [one["id"] for one in data["nodes"]] == [one.id for one in drawn.nodes]
    assert (data["nodes"][4]["e"], data["nodes"][4]["n"]) == pytest.approx((80, 10), abs=0.01)
    assert len(data["edges"]) == len(drawn.edges)
    [shown] = [a for tag, a in Tags(page).seen if a.get("class") == "map"]
    assert float(shown["data-half"] or 0) == Scene.of(drawn).frame.half_m


def test_a_crowded_graph_has_two_maps_with_ids_of_their_own() -> None:
    tags = Tags(page_of(many(300))).seen
    assert [a.get("class") for _, a in tags].count("map") == 2
    ids = [a["id"] for _, a in tags if "id" in a]
    assert len(ids) == len(set(ids))


def test_tables_count_and_measure() -> None:
    scene = Scene.of(street_scene())
    nodes = {group.kind: group for group in node_groups(scene)}
    assert [(kind, group.count) for kind, group in nodes.items()] == [
        ("image", 1), ("street", 1), ("crossing", 2), ("poi", 1), ("area", 1),
    ]  # fmt: skip
    assert nodes["area"].metres == pytest.approx((90, 90, 90), abs=0.01)
    assert [(g.kind, g.count, g.metres) for g in edge_groups(scene)] == [
        ("nearest", 1, (5.0, 5.0, 5.0)), ("near", 1, (80.6, 80.6, 80.6)), ("along_street", 1, (200.0, 200.0, 200.0)),
    ]  # fmt: skip
    [group] = edge_groups(Scene.of(graph(node("a", 1, 1), edges=[Edge("camera", "a", "", {"distance": "far"})])))
    assert (group.kind, group.metres) == ("", None)


def test_it_tells_the_facts_and_what_is_around(page: str) -> None:
    text = " ".join(" ".join(Tags(page).text).split())
    for words in ("6 nodes · 3 edges · radius 150 m · looks E (90°)", "Blue Cup cafe near 81 m E", "graph v1.json"):
        assert words in text


def test_equal_graphs_give_equal_pages(page: str) -> None:
    assert page_of(street_scene()) == page
