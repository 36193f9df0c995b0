"""What a pickle holds becomes a graph; what had to be decided is told, and the rest refused."""

from __future__ import annotations

import pickle
import random
from collections import Counter
from pathlib import Path
from typing import Any

import networkx as nx
import orjson
import pytest

from tests.graphs.legacy.pickles import CENTER, CLASSES, PROTOCOLS, mutated, reference_graph, text_of
from ugembed.errors import GraphError
from ugembed.graphs.legacy.convert import Imported, convert
from ugembed.graphs.legacy.worker import read_document

NAMED = f"extended_{CENTER}_subgraph_{CENTER}.pkl"


def take(value: Any, name: str = "a.pkl", *, drop_country: bool = False) -> Imported:
    return convert(read_document(pickle.dumps(value)), Path(name), drop_country=drop_country)


def wrapped(graph: Any, *centers: Any) -> dict[str, Any]:
    return {"subgraph": graph, "center_nodes": list(centers)}


def codes(imported: Imported) -> list[str]:
    return [problem.code for problem in imported.warnings]


def refusal(value: Any, name: str = "a.pkl") -> GraphError:
    with pytest.raises(GraphError) as caught:
        take(value, name)
    assert caught.value.message.startswith(name)
    assert caught.value.hint
    return caught.value


def test_nodes_edges_and_attributes_are_those_of_networkx() -> None:
    source = reference_graph()
    source.graph["city"] = "singapore"
    imported = take(wrapped(source, CENTER))
    graph = imported.graph
    assert [(node.id, (node.lon, node.lat), node.text) for node in graph.nodes] == [
        (id, attributes["coords"], attributes["node_text"]) for id, attributes in source.nodes(data=True)
    ]
    assert [(edge.source, edge.target, {"type": edge.kind, **edge.attributes}) for edge in graph.edges] == [
        (u, v, attributes) for u, v, attributes in source.edges(data=True)
    ]
    assert (graph.center, imported.center_from, graph.attributes) == (CENTER, "center_nodes", {"city": "singapore"})
    assert imported.warnings == ()


@pytest.mark.parametrize(
    ("ids", "attributes", "name", "center", "origin"),
    [
        ([CENTER], {}, "a.pkl", CENTER, "center_nodes"),
        (["no", 71, CENTER], {}, "a.pkl", "71", "center_nodes"),
        ([], {"central_node_id": 72}, NAMED, "72", "central_node_id"),
        ([], {"central_node": "73"}, "a.pkl", "73", "central_node"),
        ([], {}, NAMED, CENTER, "file name"),
        ([], {}, f"subgraph_{CENTER}.pickle", CENTER, "file name"),
        (["no"], {"central_node": None}, NAMED, CENTER, "file name"),
    ],
)
def test_the_centre_is_the_first_name_that_is_a_node(
    ids: list[Any], attributes: dict[str, Any], name: str, center: str, origin: str
) -> None:
    graph = reference_graph()
    graph.graph.update(attributes)
    imported = take(wrapped(graph, *ids), name)
    assert (imported.graph.center, imported.center_from) == (center, origin)
    assert ("center-ambiguous" in codes(imported)) == (len(ids) > 1 or ids == ["no"])
    assert not any(key.startswith("central") for key in imported.graph.attributes)


@pytest.mark.parametrize("name", ["a.pkl", "extended_1_subgraph_2.pkl", f"extended_{CENTER}_subgraph_71.pkl"])
def test_a_graph_without_a_centre_is_refused(name: str) -> None:
    assert refusal(reference_graph(), name).code == "center-missing"
    error = refusal(wrapped(reference_graph(), "gone"), name)
    assert error.code == "center-missing"
    assert "'gone'" in error.message


def test_missing_coords_are_taken_from_the_text_and_told() -> None:
    graph = reference_graph()
    for id in ("71", "72"):
        del graph.nodes[id]["coords"]
    graph.nodes["73"]["coords"] = None
    graph.nodes["74"]["coords"] = "(103.9, 1.25)"
    imported = take(wrapped(graph, CENTER))
    places = {node.id: (node.lon, node.lat) for node in imported.graph.nodes}
    assert places["71"] == (103.8501, 1.3001)
    assert places["72"] == (103.8502, 1.3002)
    assert places["74"] == (103.9, 1.25)
    assert codes(imported) == ["coords-from-text"]
    assert "3 of 6 nodes" in imported.warnings[0].message


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"node_text": "Coordinates: unavailable"}, "coords-missing"),
        ({"node_text": "Name: x"}, "coords-missing"),
        ({"node_text": "Coordinates: (1, 2)", "coords": (float("nan"), 2.0)}, "coords-missing"),
        ({"node_text": "Coordinates: (1, 2)", "coords": (1.0, 2.0, 3.0)}, "coords-missing"),
        ({"node_text": "Coordinates: (1, 2)", "coords": "here"}, "coords-missing"),
        ({"node_text": "Coordinates: (1, 200)"}, "coordinates-range"),
        ({"node_text": "x", "coords": (1.3, 103.8)}, "coordinates-range"),
        ({"coords": (1.0, 2.0)}, "node-text-missing"),
        ({"coords": (1.0, 2.0), "node_text": None}, "node-text-missing"),
        ({"coords": (1.0, 2.0), "node_text": "x", "node_id": "other"}, "attribute-reserved"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(attributes: dict[str, Any], code: str) -> None:
    graph = nx.Graph()
    graph.add_node("a", **attributes)
    graph.add_edge("a", "a")
    assert refusal({**wrapped(graph, "a"), "note": "so that it is long enough" * 3}).code == code


def test_reserved_attributes_are_refused_unless_they_say_the_same() -> None:
    graph = reference_graph()
    graph.nodes["71"]["node_id"] = 71
    graph.edges[CENTER, "71"].update(source=CENTER, target="71")
    assert take(wrapped(graph, CENTER)).graph.edges[0].attributes["id2"] == "71"
    graph.edges[CENTER, "71"]["source"] = "osm"
    assert refusal(wrapped(graph, CENTER)).code == "attribute-reserved"
    assert refusal({**wrapped(reference_graph(), CENTER), "nodes": 6}).code == "attribute-reserved"


def test_ids_that_read_the_same_are_refused() -> None:
    graph = nx.Graph()
    for id in (1, "1"):
        graph.add_node(id, coords=(1.0, 2.0), node_text="Name: a place that has a name of some length")
    assert refusal(wrapped(graph, 1)).code == "node-duplicate"


def test_a_type_of_none_is_none() -> None:
    graph = reference_graph()
    graph.edges[CENTER, "71"]["type"] = None
    graph.edges[CENTER, "72"]["type"] = float("nan")
    imported = take(wrapped(graph, CENTER))
    assert [edge.kind for edge in imported.graph.edges[:3]] == ["", "", "near"]
    assert codes(imported) == ["nan-as-null"]
    graph.edges[CENTER, "71"]["type"] = 3
    assert refusal(wrapped(graph, CENTER)).code == "edge-broken"


def test_merged_edges_are_told() -> None:
    graph = reference_graph(nx.DiGraph)
    graph.add_edge("71", CENTER, type="near")
    imported = take(wrapped(graph, CENTER))
    assert codes(imported) == ["edges-merged"]
    assert len(imported.graph.edges) == 10


PLACES = {"Singapore": (103.85, 1.3), "USA": (-74.0, 40.7), "France": (2.35, 48.85), "China": (116.4, 39.9)}


@pytest.mark.parametrize("says", PLACES)
@pytest.mark.parametrize("stands", PLACES)
def test_the_country_of_another_city_is_told(says: str, stands: str) -> None:
    lon, lat = PLACES[stands]
    graph = reference_graph(lon=lon, lat=lat)
    for id, attributes in graph.nodes(data=True):
        attributes["node_text"] = text_of(id, *attributes["coords"], says)
    imported = take(wrapped(graph, CENTER))
    assert imported.countries == {says: 6}
    assert codes(imported) == ([] if says == stands else ["country-mismatch"])
    assert says in imported.graph.nodes[0].text


def test_an_unknown_country_is_counted_and_not_judged() -> None:
    graph = reference_graph()
    graph.nodes[CENTER]["node_text"] = "Name: Cross Country: Ski, Country: Atlantis"
    imported = take(wrapped(graph, CENTER))
    assert imported.countries == {"Atlantis": 1, "Singapore": 5}
    assert imported.warnings == ()


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("Name: a, Country: USA, , Coordinates: (1, 2)", "Name: a, , Coordinates: (1, 2)"),
        ("Name: a, Country: USA", "Name: a"),
        ("Country: USA, Name: a", "Name: a"),
        ("Country: USA, Country: USA, Name: a", "Name: a"),
        ("Name: Cross Country: Ski, ID: 3", "Name: Cross Country: Ski, ID: 3"),
    ],
)
def test_the_country_goes_when_asked_and_the_graph_says_so(text: str, without: str) -> None:
    graph = reference_graph()
    graph.nodes[CENTER]["node_text"] = text
    imported = take(wrapped(graph, CENTER), drop_country=True)
    assert imported.graph.nodes[0].text == without
    assert not any(", Country: " in node.text for node in imported.graph.nodes)
    assert imported.graph.attributes["country_dropped"]["Singapore"] == 5


def test_nothing_is_recorded_where_there_was_no_country() -> None:
    graph = reference_graph()
    for _, attributes in graph.nodes(data=True):
        attributes["node_text"] = "Name: x"
    assert take(wrapped(graph, CENTER), drop_country=True).graph.attributes == {}


def test_two_thousand_damaged_pickles_become_graphs_or_are_refused_with_a_code() -> None:
    chance = random.Random(20)
    values = [wrapped(reference_graph(kind), CENTER) for kind in CLASSES]
    sound = [pickle.dumps(value, protocol) for value in values for protocol in PROTOCOLS]
    codes: Counter[str] = Counter()
    for i in range(2_000):
        data = mutated(sound[i % len(sound)], chance)
        try:
            content = orjson.loads(orjson.dumps(read_document(data)))  # as it comes from the worker
            convert(content, Path("a.pkl"), drop_country=True).graph.to_bytes()
        except GraphError as error:
            codes[error.code if error.hint else "without a hint"] += 1
        else:
            codes["accepted"] += 1
    assert "without a hint" not in codes
    assert min(codes[code] for code in ("accepted", "pickle-broken", "pickle-forbidden")) > 100
    assert len(codes) > 8
