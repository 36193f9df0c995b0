"""Which graph a pickle holds, as plain JSON, and what of it is refused."""

from __future__ import annotations

import pickle
from typing import Any

import networkx as nx
import numpy as np
import orjson
import pytest

from tests.graphs.legacy.pickles import CENTER, CLASSES, PROTOCOLS, reference_graph, used
from ugembed.errors import GraphError
from ugembed.graphs.legacy import document as module
from ugembed.graphs.legacy.document import Document, document
from ugembed.graphs.legacy.machine import read_inert


def read(value: Any, protocol: int = 4) -> Document:
    return document(read_inert(pickle.dumps(value, protocol=protocol)))


def refusal(value: Any) -> GraphError:
    with pytest.raises(GraphError) as caught:
        read(value)
    assert caught.value.hint
    return caught.value


def one_node(**attributes: Any) -> nx.Graph:
    graph = nx.Graph()
    graph.add_node("a", **attributes)
    return graph


def plain(value: Any) -> Any:
    """JSON of a value by way of numpy itself: the slow twin of what the document does without it."""
    return orjson.loads(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY, default=lambda other: other.item()))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", CLASSES)
def test_nodes_edges_and_attributes_are_those_that_networkx_tells(kind: type[nx.Graph], protocol: int) -> None:
    graph = used(reference_graph(kind))
    graph.graph.update(city="singapore", radius=np.float32(0.5))
    found = read(graph, protocol)
    assert found.kind == kind.__name__
    assert found.attributes == {"city": "singapore", "radius": 0.5}
    assert found.nodes == [(id, plain(attributes)) for id, attributes in graph.nodes(data=True)]
    assert found.edges == [(u, v, plain(attributes)) for u, v, attributes in graph.edges(data=True)]
    assert len(found.edges) == 10
    assert (found.merged, found.not_numbers) == (0, 0)


@pytest.mark.parametrize("kind", [nx.DiGraph, nx.MultiDiGraph])
def test_the_way_back_of_one_type_is_merged_and_of_another_kept(kind: type[nx.Graph]) -> None:
    graph = kind()
    graph.add_edge("a", "b", type="near", distance=1)
    graph.add_edge("b", "a", type="near", distance=2)
    graph.add_edge("b", "c", type="near")
    graph.add_edge("c", "b", type="nearest")
    graph.add_edge("c", "c")
    found = read(graph)
    assert found.edges == [
        ("a", "b", {"type": "near", "distance": 1}),
        ("b", "c", {"type": "near"}),
        ("c", "b", {"type": "nearest"}),
        ("c", "c", {}),
    ]
    assert found.merged == 1


@pytest.mark.parametrize(("kind", "merged"), [(nx.MultiGraph, 1), (nx.MultiDiGraph, 1)])
def test_parallel_edges_of_one_type_are_merged_and_of_another_kept(kind: type[nx.Graph], merged: int) -> None:
    graph = kind()
    for attributes in ({"type": "near", "n": 1}, {"type": "near", "n": 2}, {"type": "crossing"}):
        graph.add_edge("a", "b", **attributes)
    found = read(graph)
    assert found.edges == [("a", "b", {"type": "near", "n": 1}), ("a", "b", {"type": "crossing"})]
    assert found.merged == merged


def test_the_dicts_of_the_reference_around_a_graph_are_understood_and_the_rest_of_them_kept() -> None:
    graph = one_node(n=1)
    graph.graph.update(central_node_id=np.int64(3), central_node="d")
    around = {"center_nodes": ["b", 7], "city": "paris"}
    centers = [("central_node_id", "3"), ("central_node", "d")]
    assert read(graph).centers == centers
    for value in ({"subgraph": graph, **around}, {"subgraph_data": {"subgraph": graph}, **around}):
        found = read(value)
        assert found.centers == [("center_nodes", "b"), ("center_nodes", "7"), *centers]
        assert found.attributes == {"city": "paris"}
        assert found.nodes == [("a", {"n": 1})]
    assert read({"subgraph": graph, "center_nodes": np.array([5, 6])}).centers[:2] == [
        ("center_nodes", "5"),
        ("center_nodes", "6"),
    ]
    assert read({"subgraph": graph, "center_nodes": "x"}).centers[0] == ("center_nodes", "x")


def test_ids_may_be_text_or_whole_numbers_of_python_and_numpy() -> None:
    graph = nx.Graph([(1, np.int64(2)), (np.str_("x"), np.uint8(3)), ("ä", 2**63)])
    assert {id for id, _ in read(graph).nodes} == {"1", "2", "x", "3", "ä", str(2**63)}


def test_values_become_json() -> None:
    value = {
        "t": (1, [2.5, None]),
        "s": {4},
        "a": np.array([1.5, 2]),
        "b": np.bool_(True),
        "u": np.str_("ü"),
        "n": np.nan,
    }
    found = read(one_node(value=value, also=float("nan")))
    want = {"t": [1, [2.5, None]], "s": [4], "a": [1.5, 2.0], "b": True, "u": "ü", "n": None}
    assert found.nodes == [("a", {"value": want, "also": None})]
    assert found.not_numbers == 2


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (float("inf"), "infinite"),
        (2**64, "64 bits"),
        (b"raw", "bytes"),
        (dict, "builtins.dict"),
        (nx.Graph(), "networkx.classes.graph.Graph"),
        ("\ud800", "surrogate"),
        ({1: 2}, "named by something else"),
        ({"\udfff": 2}, "surrogate"),
        ([[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]], "16 deep"),
        (np.dtype("f8"), "numpy.dtype"),
    ],
)
def test_values_that_json_cannot_hold_are_refused_by_name(value: Any, says: str) -> None:
    error = refusal(one_node(fine=1, odd=value))
    assert error.code == "value-unsupported"
    assert "node 'a': attribute 'odd'" in error.message
    assert says in error.message
    graph = nx.Graph()
    graph.add_edge("a", "b", odd=value)
    assert "edge 'a' 'b': attribute 'odd'" in refusal(graph).message


@pytest.mark.parametrize("id", [None, True, 1.5, 2**64, "\ud800"])
def test_ids_that_cannot_name_a_node_are_refused(id: Any) -> None:
    state = {"graph": {}, "_node": {id: {}}, "_adj": {id: {}}}
    graph = nx.Graph.__new__(nx.Graph)
    graph.__dict__.update(state)
    assert refusal(graph).code == "node-broken"


@pytest.mark.parametrize("value", [None, [], {}, "text" * 40, {"graph": nx.Graph()}, {"subgraph": None}, [nx.Graph()]])
def test_pickles_of_something_else_are_refused(value: Any) -> None:
    assert refusal(value).code == "pickle-content"


@pytest.mark.parametrize(
    "state",
    [
        None,
        {},
        {"_node": {}, "graph": {}},
        {"_node": [], "_adj": {}, "graph": {}},
        {"_node": {"a": None}, "_adj": {}, "graph": {}},
        {"_node": {"a": {}}, "_adj": {"a": []}, "graph": {}},
        {"_node": {"a": {}}, "_adj": {"a": {"a": 3}}, "graph": {}},
        {"_node": {}, "_adj": {}, "graph": []},
    ],
)
def test_graphs_that_networkx_would_not_write_are_refused(state: dict[str, Any] | None) -> None:
    graph = nx.Graph.__new__(nx.Graph)
    graph.__dict__.clear()
    graph.__dict__.update(state or {})
    assert refusal(graph).code == "pickle-broken"


def test_views_are_refused_with_what_to_do() -> None:
    error = refusal(reference_graph().subgraph([CENTER]))
    assert error.code == "pickle-forbidden"
    assert "nx.Graph(graph)" in error.hint


def test_one_attribute_with_two_values_is_refused() -> None:
    graph = one_node()
    graph.graph["city"] = "paris"
    assert read({"subgraph": graph, "city": "paris"}).attributes == {"city": "paris"}
    assert refusal({"subgraph": graph, "city": "beijing"}).code == "attribute-reserved"


def test_a_value_that_is_named_a_billion_times_is_refused() -> None:
    layer: Any = "x" * 1000
    for _ in range(9):
        layer = [layer] * 10
    error = refusal(one_node(bomb=layer))
    assert error.code == "pickle-too-large"


def test_shared_neighbours_and_attributes_are_counted_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CONTENT", 100_000)
    shared: dict[str, Any] = {}
    nodes = {str(i): shared for i in range(100)}
    graph = nx.DiGraph()
    graph.__dict__.update(_node=nodes, _adj=dict.fromkeys(nodes, nodes))
    assert refusal(graph).code == "pickle-too-large"


@pytest.mark.parametrize("kind", ["attribute", "inner", "id"])
def test_long_names_are_counted_each_time(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CONTENT", 1_000_000)
    long = "n" * 20_000
    graph = nx.MultiGraph()
    for i in range(60):
        graph.add_edge("a", long if kind == "id" else "b", type=str(i), near={long: 1} if kind == "inner" else {})
        graph.add_node(i, **({long: 1} if kind == "attribute" else {}))
    assert len(pickle.dumps(graph)) < 100_000
    assert refusal(graph).code == "pickle-too-large"


def test_a_name_that_is_no_text_is_not_written_out() -> None:
    graph = one_node()
    graph.nodes["a"][10**5000] = 1  # Python refuses to print it
    error = refusal(graph)
    assert error.code == "value-unsupported"
    assert "node 'a': attribute (int) is named by something else than text" in error.message


def test_a_centre_that_cannot_name_a_node_is_told_by_its_key() -> None:
    error = refusal({"subgraph": one_node(), "center_nodes": [None]})
    assert error.code == "node-broken"
    assert error.message.startswith("what center_nodes names is a NoneType")


def test_a_list_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert "16 deep" in refusal(one_node(loop=loop)).message
