"""GraphML: what osmnx writes, defaults and namespaces, and files made to do harm."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from tests.graphs.maps.written_maps import graphml
from ugembed.errors import GraphError
from ugembed.graphs.maps.graphml import read_graphml
from ugembed.graphs.maps.source import MapSource
from ugembed.graphs.maps.streets import read_streets

KEYS = """<key id="x" for="node" attr.name="x"/><key id="y" for="node" attr.name="y"/>
<key id="n" for="edge" attr.name="name"/><key id="crs" for="graph" attr.name="crs"/>"""
NODES = """<node id="1"><data key="x">9.0</data><data key="y">48.0</data></node>
<node id="2"><data key="x">9.001</data><data key="y">48.0</data></node>"""
EDGE = '<edge source="1" target="2"><data key="n">Oak &amp; Elm</data></edge>'


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "streets.graphml"
    path.write_text(text, encoding="utf-8")
    return path


def document(inside: str, keys: str = KEYS) -> str:
    return f'<graphml xmlns="http://graphml.graphdrawing.org/xmlns">{keys}<graph>{inside}</graph></graphml>'


def test_an_edge_without_geometry_is_straight(tmp_path: Path) -> None:
    (link,) = read_streets(written(tmp_path, document(NODES + EDGE)))
    assert (link.name, link.start, link.end, link.id) == ("Oak & Elm", "1", "2", "edge/1/2")
    assert link.points.tolist() == [[9.0, 48.0], [9.001, 48.0]]


def test_edges_may_come_before_their_nodes_and_prefixes_are_ignored(tmp_path: Path) -> None:
    prefixed = document(EDGE + NODES)
    for tag in ("graphml", "key", "graph", "node", "edge", "data"):
        prefixed = prefixed.replace(f"<{tag}", f"<g:{tag}").replace(f"</{tag}", f"</g:{tag}")
    prefixed = prefixed.replace("xmlns=", "xmlns:g=")
    assert [link.name for link in read_streets(written(tmp_path, prefixed))] == ["Oak & Elm"]


def test_the_default_of_a_key_stands_where_an_edge_says_nothing(tmp_path: Path) -> None:
    keys = KEYS.replace('attr.name="name"/>', 'attr.name="name"><default>Unknown Road</default></key>')
    edges = '<edge source="1" target="2"/>' + EDGE
    names = {edge[2]["name"] for edge in read_graphml(written(tmp_path, document(NODES + edges, keys)), SOURCE).edges}
    assert names == {"Unknown Road", "Oak & Elm"}


SOURCE = MapSource("streets.graphml", "streets")
LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10 if i else "ha"}">' for i in range(12))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"<!DOCTYPE graphml [{LAUGHS}]>" + document(NODES + EDGE.replace("Oak", "&l11;")), "document type"),
        ('<!DOCTYPE g [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + document(EDGE), "document type"),
        ('<!DOCTYPE g SYSTEM "http://127.0.0.1:9/g.dtd">' + document(EDGE), "document type"),
        (document(NODES + EDGE)[:-20], "not sound GraphML"),
        ("", "not sound GraphML"),
        ("<?xml version='1.0' encoding='no-such'?><graphml/>", "not sound GraphML"),
        ("<osm version='0.6'/>", "no element 'graph'"),
        (document("<node/>"), "line 2: <node> has no attribute 'id'"),
        (document('<edge source="1"/>'), "line 2: <edge> has no attribute 'target'"),
        (document(NODES + EDGE.replace('"2"', '"3"')), "edge 1 to 3: it leads to a node that is not there"),
        (document(NODES.replace("48.0", "north") + EDGE), "node 1: no position"),
        (document('<node id="1"/>'), "node 1: no position"),
        (document(NODES.replace("9.0<", "nan<")), "node 1: its position is not in degrees"),
    ],
)
def test_what_is_no_graph_of_streets_is_refused(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(GraphError) as caught:
        read_streets(written(tmp_path, text))
    assert why in caught.value.message
    assert caught.value.code in ("streets-broken", "streets-projected")


def test_a_million_elements_inside_each_other_are_passed_over(tmp_path: Path) -> None:
    deep = "<a>" * 200_000 + "</a>" * 200_000
    assert len(read_streets(written(tmp_path, document(deep + NODES + EDGE)))) == 1


def test_geometry_that_is_no_line_is_refused(tmp_path: Path) -> None:
    values = {"u": "1", "v": "2"}
    good = graphml(tmp_path / "a.graphml", [(shapely.LineString([(9, 48), (9.1, 48)]), values)]).read_text()
    for wkt in ("POINT (9 48)", "LINESTRING (9 48", "LINESTRING EMPTY", "GEOMETRYCOLLECTION(" * 10**5, "nonsense"):
        with pytest.raises(GraphError, match="edge 1 to 2: ") as caught:
            read_streets(written(tmp_path, good.replace("LINESTRING (9 48, 9.1 48)", wkt)))
        assert caught.value.code == "streets-broken"


@pytest.mark.real_data
def test_osmnxs_own_fixture_is_read(shared_data: Path) -> None:
    """One node, no edge."""
    assert read_streets(shared_data / "osm" / "osmnx-fixtures" / "short.graphml") == ()
