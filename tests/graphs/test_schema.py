"""A graph file is read exactly, comes back unchanged, or is refused with its place named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.fixtures import graph
from ugembed.errors import GraphError
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
        (_json(nodes=_json()["nodes"] * 2), "node-duplicate", "4021"),
        (_json(edges=[{"source": "4021", "target": "x"}]), "edge-dangling", "edges[0]"),
        (_json(edges=[{"source": "4021"}]), "edge-broken", "edges[0]"),
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


@pytest.mark.parametrize(
    ("content", "code"), [(b"{", "graph-broken"), (b"\x80\x04", "graph-broken"), (None, "graph-missing")]
)
def test_files_that_are_no_graph_are_refused(tmp_path: Path, content: bytes | None, code: str) -> None:
    path = tmp_path / "graph.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(GraphError) as caught:
        UrbanGraph.read(path)
    assert caught.value.code == code
