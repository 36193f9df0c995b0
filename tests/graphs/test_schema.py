"""A graph file is read exactly, comes back unchanged, or is refused with its place named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures import graph
from ugembed.archives import write_archive
from ugembed.errors import GraphError
from ugembed.graphs.decode import decode
from ugembed.graphs.schema import UrbanGraph


def _json(**changes: Any) -> dict[str, Any]:
    """The documented example, two nodes and an edge, with attributes this release does not know."""
    value: dict[str, Any] = {
        "nodes": [
            {"node_id": "4021", "coords": [103.8501, 1.3002], "node_text": "Name: image", "kind": "image"},
            {"node_id": "77", "coords": [103.8503, 1.3002], "node_text": "Name: Oak St", "lanes": 2},
        ],
        "edges": [{"source": "4021", "target": "77", "type": "nearest", "distance": 22.2, "bearing": 90.0}],
        "center_node": "4021",
        "made_by": "someone",
    }
    return {**value, **changes}


def _first_node(**changes: Any) -> dict[str, Any]:
    value = _json()
    value["nodes"][0] = {**value["nodes"][0], **changes}
    return value


def test_the_documented_form_is_read() -> None:
    read = UrbanGraph.from_json(_json())
    assert read.center_node.lon == 103.8501
    assert read.center_node.lat == 1.3002
    assert read.edges[0].kind == "nearest"
    assert read.nodes[1].text == "Name: Oak St"


def test_unknown_attributes_survive_a_round_trip(tmp_path: Path) -> None:
    first = UrbanGraph.from_json(_json())
    path = tmp_path / "graph.json"
    path.write_bytes(first.to_bytes())
    again = UrbanGraph.read(path)
    assert again == first
    assert again.attributes == {"made_by": "someone"}
    assert again.nodes[1].attributes == {"lanes": 2}
    assert again.edges[0].attributes == {"distance": 22.2, "bearing": 90.0}


def test_a_built_graph_comes_back_equal() -> None:
    made = graph(3, 9)
    assert UrbanGraph.from_json(orjson.loads(made.to_bytes())) == made


@pytest.mark.parametrize("coords", ["(103.8501, 1.3002)", " 103.8501 , 1.3002 ", "(1.038501e2,1.3002)"])
def test_coordinates_may_be_the_string_that_the_references_scripts_write(coords: str) -> None:
    centre = UrbanGraph.from_json(_first_node(coords=coords)).center_node
    assert (centre.lon, centre.lat) == (103.8501, 1.3002)


def test_ids_may_be_numbers() -> None:
    value = _json(center_node=4021)
    value["nodes"][0]["node_id"] = value["edges"][0]["source"] = 4021
    assert UrbanGraph.from_json(value).center == "4021"


@pytest.mark.parametrize(
    ("value", "code", "place"),
    [
        ([], "graph-broken", "object"),
        (_json(nodes=None), "graph-broken", "nodes"),
        (_json(nodes=[]), "graph-empty", "without nodes"),
        (_json(edges={}), "graph-broken", "edges"),
        (_json(center_node=None), "center-missing", "center_node"),
        (_json(center_node=True), "center-missing", "center_node"),
        (_json(center_node="5"), "center-missing", "'5'"),
        (_json(schema_version=99), "graph-version", "99"),
        (_json(schema_version=True), "graph-version", "True"),
        (_json(nodes=_json()["nodes"] * 2), "node-duplicate", "4021"),
        (_json(edges=[{"source": "4021", "target": "x"}]), "edge-dangling", "edges[0]"),
        (_json(edges=[{"source": "4021"}]), "edge-broken", "edges[0].target"),
        (_json(edges=[{"source": "4021", "target": "77", "type": None}]), "edge-broken", "edges[0].type"),
        (_json(nodes=[3]), "node-broken", "nodes[0]"),
        (_first_node(node_id=None), "node-broken", "nodes[0]"),
        (_first_node(node_id=True), "node-broken", "nodes[0]"),
        (_first_node(node_text=None), "node-text-missing", "nodes[0].node_text"),
        (_first_node(node_text="  "), "node-text-missing", "nodes[0].node_text"),
        (_first_node(coords=None), "coords-missing", "nodes[0].coords"),
        (_first_node(coords="unavailable"), "coords-missing", "nodes[0].coords"),
        (_first_node(coords=[1]), "coords-missing", "nodes[0].coords"),
        (_first_node(coords=["1", "2"]), "coords-missing", "nodes[0].coords"),
        (_first_node(coords=[True, False]), "coords-missing", "nodes[0].coords"),
        (_first_node(coords=[10**400, 1]), "coords-missing", "nodes[0].coords"),
        (_first_node(coords=[1.3, 103.8]), "coordinates-range", "swapped"),
        (_first_node(coords=[float("nan"), 1]), "coordinates-range", "nodes[0].coords"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(value: Any, code: str, place: str) -> None:
    with pytest.raises(GraphError) as caught:
        UrbanGraph.from_json(value, source="a.json")
    assert caught.value.code == code
    assert caught.value.message.startswith("a.json: ")
    assert place in f"{caught.value.message} {caught.value.hint}"


NAMES = st.text(st.characters(codec="utf-8"), max_size=5)
NUMBERS = st.integers(-(10**40), 10**40) | st.floats(allow_nan=False, allow_infinity=False)
ATTRIBUTES = st.dictionaries(
    NAMES.filter(lambda name: name not in KNOWN),
    st.recursive(
        st.none() | st.booleans() | NUMBERS | NAMES,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)
KNOWN = {
    "nodes",
    "edges",
    "center_node",
    "schema_version",
    "node_id",
    "coords",
    "node_text",
    "source",
    "target",
    "type",
}


@settings(max_examples=200, deadline=None)
@given(of_graph=ATTRIBUTES, of_node=ATTRIBUTES, of_edge=ATTRIBUTES, lon=st.floats(-180, 180), lat=st.floats(-90, 90))
def test_whatever_else_is_known_comes_back_to_the_last_bit(
    of_graph: Any, of_node: Any, of_edge: Any, lon: float, lat: float
) -> None:
    node = {**of_node, "node_id": "1", "coords": [lon, lat], "node_text": "Žižkov 鸟"}
    value = {**of_graph, "center_node": "1", "nodes": [node], "edges": [{**of_edge, "source": "1", "target": "1"}]}
    first = UrbanGraph.from_json(decode(json.dumps(value).encode()))
    again = decode(first.to_bytes())
    assert repr(again["nodes"][0]) == repr(node)
    assert repr(again["edges"][0]) == repr({**of_edge, "source": "1", "target": "1", "type": ""})
    assert repr({key: again[key] for key in of_graph}) == repr(of_graph)
    assert UrbanGraph.from_json(again) == first


def test_an_id_of_any_size_is_read_exactly(tmp_path: Path) -> None:
    path = tmp_path / "graph.json"
    path.write_bytes(json.dumps(_json(center_node=10**30)).encode().replace(b'"4021"', b"1" + b"0" * 30))
    assert UrbanGraph.read(path).center == f"1{'0' * 30}"


def test_a_graph_in_a_shard_is_read_like_a_file(tmp_path: Path) -> None:
    made = {f"{k}.json": graph(k) for k in range(5)}
    write_archive(tmp_path / "part-0000.zip", [(name, value.to_bytes()) for name, value in made.items()])
    for name, value in made.items():
        assert UrbanGraph.read(tmp_path / "part-0000.zip" / name) == value


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "graph-broken"),
        (b"\x80\x04", "graph-broken"),
        (None, "graph-missing"),
        (b"\xef\xbb\xbf{}", "json-bom"),
        (b'{"nodes": [], "nodes": []}', "json-duplicate-key"),
    ],
)
def test_files_that_are_no_graph_are_refused(tmp_path: Path, content: bytes | None, code: str) -> None:
    path = tmp_path / "graph.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(GraphError) as caught:
        UrbanGraph.read(path)
    assert caught.value.code == code
