"""Graph files are accepted at a glance or explained in full, with the verdict of the slow and obvious way."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.fixtures import graph
from tests.graphs.mutants import LAT, LON, is_good, mutant, sample
from ugembed.archives import write_archive
from ugembed.errors import GraphError
from ugembed.geo.geodesy import from_local_metres
from ugembed.graphs.check import MOST_FAULTS, GraphCheck, GraphFacts, check_graph_file
from ugembed.graphs.columns import accepted, columns_of
from ugembed.graphs.decode import decode
from ugembed.graphs.faults import faults
from ugembed.graphs.schema import UrbanGraph

MUTANTS = 10_000


def check(folder: Path, value: Any, *, depth: Any = "full", max_nodes: int = 1000) -> GraphCheck:
    path = folder / "graph.json"
    path.write_bytes(value if isinstance(value, bytes) else orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY))
    return check_graph_file(path, depth, max_nodes=max_nodes)


def warned(folder: Path, value: dict[str, Any], **how: Any) -> dict[str, tuple[str, str]]:
    """Field and message of every warning by code; there are no errors."""
    checked = check(folder, value, **how)
    assert checked.facts is not None
    assert {problem.severity for problem in checked.problems} <= {"warning"}
    assert len({problem.code for problem in checked.problems}) == len(checked.problems)
    assert all(problem.hint and problem.file.endswith("graph.json") for problem in checked.problems)
    return {problem.code: (problem.field, problem.message) for problem in checked.problems}


def moved(value: dict[str, Any], node: int, **changes: Any) -> dict[str, Any]:
    value["nodes"][node] |= changes
    return value


@pytest.mark.parametrize("depth", ["header", "full"])
def test_a_clean_file_gives_its_facts_and_nothing_else(tmp_path: Path, depth: str) -> None:
    assert check(tmp_path, sample(), depth=depth) == GraphCheck(GraphFacts(4, 3, LON, LAT), ())
    as_strings = moved(sample(), 0, coords=f"({LON}, {LAT})")
    assert check(tmp_path, as_strings, depth=depth) == GraphCheck(GraphFacts(4, 3, LON, LAT), ())
    centre_last = sample() | {"nodes": sample()["nodes"][::-1], "schema_version": 1}
    assert check(tmp_path, centre_last, depth=depth) == GraphCheck(GraphFacts(4, 3, LON, LAT), ())


@pytest.mark.parametrize("depth", ["header", "full"])
def test_a_graph_in_a_shard_is_checked_like_a_file(tmp_path: Path, depth: Any) -> None:
    write_archive(tmp_path / "part-0000.zip", [("a.json", orjson.dumps(sample())), ("b.json", b"{")])
    assert check_graph_file(tmp_path / "part-0000.zip" / "a.json", depth, max_nodes=9).facts is not None
    (problem,) = check_graph_file(tmp_path / "part-0000.zip" / "b.json", depth, max_nodes=9).problems
    assert (problem.code, problem.file) == ("graph-broken", str(tmp_path / "part-0000.zip" / "b.json"))


def test_every_fault_of_a_file_is_told_with_its_place(tmp_path: Path) -> None:
    value = moved(moved(sample(), 1, coords=[LON], node_text=" "), 2, node_id="901", coords=[LAT, LON])
    del value["nodes"][3]["node_text"]
    value["edges"] += [{"source": "900"}, {"source": "x", "target": "y", "type": 3}, 7]
    value |= {"schema_version": 2, "center_node": "899"}
    checked = check(tmp_path, value)
    assert checked.facts is None
    assert [(problem.field, problem.code) for problem in checked.problems] == [
        ("schema_version", "graph-version"),
        ("nodes[1].coords", "coords-missing"),
        ("nodes[1].node_text", "node-text-missing"),
        ("nodes[2]", "node-duplicate"),
        ("nodes[2].coords", "coordinates-range"),
        ("nodes[3].node_text", "node-text-missing"),
        ("center_node", "center-missing"),
        ("edges[1].target", "edge-dangling"),
        ("edges[3].target", "edge-broken"),
        ("edges[4].source", "edge-dangling"),
        ("edges[4].target", "edge-dangling"),
        ("edges[4].type", "edge-broken"),
        ("edges[5]", "edge-broken"),
    ]
    assert all(problem.message and problem.hint and problem.severity == "error" for problem in checked.problems)


def test_what_only_follows_from_a_node_without_id_is_not_told(tmp_path: Path) -> None:
    value = sample()
    del value["nodes"][0]["node_id"]
    assert [problem.code for problem in check(tmp_path, value).problems] == ["node-broken"]


def test_at_most_so_many_faults_of_a_file_are_told(tmp_path: Path) -> None:
    checked = check(tmp_path, sample() | {"edges": [None] * 100})
    assert len(checked.problems) == MOST_FAULTS == 20


@pytest.mark.parametrize("depth", ["header", "full"])
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "graph-broken"),
        (b"[]", "graph-broken"),
        (b"\xef\xbb\xbf" + orjson.dumps(sample()), "json-bom"),
        (orjson.dumps(sample() | {"nodes": []}), "graph-empty"),
        (orjson.dumps(sample() | {"center_node": "1"}), "center-missing"),
        (orjson.dumps(sample() | {"edges": None}), "graph-broken"),
        (orjson.dumps(moved(sample(), 0, coords=[200, 0])), "coordinates-range"),
        (orjson.dumps(sample() | {"schema_version": 2}), "graph-version"),
        (b"[" * 1_000_000, "json-depth"),
    ],
)
def test_a_header_that_is_not_in_order_is_explained(tmp_path: Path, depth: str, content: bytes, code: str) -> None:
    checked = check(tmp_path, content, depth=depth)
    assert checked.facts is None
    assert code in {problem.code for problem in checked.problems}


def test_files_that_cannot_be_read_are_problems_not_errors(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"no archive")
    for name, code in (
        ("a.pkl", "graph-pickle"),
        ("a.json", "graph-missing"),
        ("", "graph-missing"),
        ("a.zip/b.json", "archive-broken"),
    ):
        checked = check_graph_file(tmp_path / name, "full", max_nodes=9)
        assert checked.facts is None
        assert [problem.code for problem in checked.problems] == [code]
        assert not checked.problems[0].message.startswith(str(tmp_path / name) + ":")
    assert "ugembed import-graphs" in check_graph_file(tmp_path / "a.pkl", "header", max_nodes=9).problems[0].hint


def test_more_nodes_than_a_model_keeps_are_a_warning_of_both_depths(tmp_path: Path) -> None:
    for depth in ("header", "full"):
        assert warned(tmp_path, sample(), max_nodes=4, depth=depth) == {}
        (warning,) = warned(tmp_path, sample(), max_nodes=3, depth=depth).items()
        assert warning[0] == "nodes-over-cap"
        assert "4 nodes, more than 3" in warning[1][1]


def test_a_graph_without_edges_is_a_warning_of_both_depths(tmp_path: Path) -> None:
    for depth in ("header", "full"):
        assert list(warned(tmp_path, sample() | {"edges": []}, depth=depth)) == ["graph-without-edges"]


def test_a_centre_without_edges_is_told(tmp_path: Path) -> None:
    loop = {"source": "900", "target": "900", "type": "self"}
    edges = [{"source": "901", "target": "902"}, {"source": "902", "target": "903"}]
    assert list(warned(tmp_path, sample() | {"edges": edges})) == ["center-isolated"]
    assert list(warned(tmp_path, sample() | {"edges": [*edges, loop]})) == ["edge-loop", "center-isolated"]


@pytest.mark.parametrize("lost", [0, 1, 2, 3])
def test_a_tenth_of_the_nodes_may_be_cut_off_from_the_centre(tmp_path: Path, lost: int) -> None:
    made = graph(3, 20).to_json()
    made["edges"] = made["edges"][: 19 - lost]
    expected = {"graph-disconnected": (f"nodes[{20 - lost}]", f"{lost} of 20 nodes are on no path from the centre")}
    assert warned(tmp_path, made) == (expected if lost > 2 else {})


def test_reach_is_what_a_search_over_all_pairs_finds(tmp_path: Path) -> None:
    rng = random.Random(1)
    seen = set()
    for _ in range(200):
        value = graph(rng.randrange(10**6), 8).to_json()
        value["edges"] = [
            {"source": str(rng.randrange(8)), "target": str(rng.randrange(8))} for _ in range(rng.randint(1, 10))
        ]
        joined = {frozenset((edge["source"], edge["target"])) for edge in value["edges"]}
        reached = {"0"}
        for _ in range(8):
            reached |= {b for pair in joined if pair & reached for b in pair}
        code = "center-isolated" if len(reached) == 1 else "graph-disconnected" if len(reached) < 8 else ""
        assert {"center-isolated", "graph-disconnected"} & warned(tmp_path, value).keys() == ({code} if code else set())
        seen.add(code)
    assert len(seen) == 3


def test_loops_and_repeated_edges_are_counted(tmp_path: Path) -> None:
    value = sample()
    value["edges"] += [
        {"source": "901", "target": "900", "type": "near"},  # the first edge the other way round
        {"source": "900", "target": "901", "type": "nearest"},  # another relation
        {"source": "900", "target": "903", "type": "near", "distance": 1},
        {"source": "902", "target": "902"},
    ]
    told = warned(tmp_path, value)
    assert told["edge-duplicate"][0] == "edges[3]"
    assert told["edge-duplicate"][1].startswith("2 edge(s)")
    assert told["edge-loop"][0] == "edges[6]"
    assert told["edge-loop"][1].startswith("1 edge(s)")


@pytest.mark.parametrize(
    ("east_km", "code"), [(0.7, None), (32, None), (49.9, None), (50.1, "nodes-far"), (3000, "nodes-far")]
)
@pytest.mark.parametrize(("lon", "lat"), [(LON, LAT), (179.999, -16.8), (9.18, 48.77), (-74.0, 40.7)])
def test_nodes_far_from_the_centre_are_told(
    tmp_path: Path, east_km: float, code: str | None, lon: float, lat: float
) -> None:
    value = sample()
    for k, node in enumerate(value["nodes"]):
        x, y = from_local_metres(10.0 * k, 0, lon0=lon, lat0=lat)
        node["coords"] = [float(x), float(y)]
    x, y = from_local_metres(east_km * 1000, 0, lon0=lon, lat0=lat)
    told = warned(tmp_path, moved(value, 2, coords=[float(x), float(y)]))
    assert set(told) == ({code} if code else set())
    if code:
        assert told[code][0] == "nodes[2].coords"
        assert told[code][1].startswith("1 of 4 nodes")


def test_swapped_coordinates_are_told_as_such(tmp_path: Path) -> None:
    value = sample()
    for k, node in enumerate(value["nodes"]):
        node["coords"] = [9.18 + k / 1000, 48.77]
    told = warned(tmp_path, moved(value, 3, coords=[48.77, 9.18]))
    assert list(told) == ["coords-swapped"]
    assert told["coords-swapped"][0] == "nodes[3].coords"


@pytest.mark.parametrize(
    ("text", "leaks"),
    [
        ("Name: Oak St, ID: 77, Category: street", True),
        ("Name: Oak St, Category: street, Coordinates: (103.850300, 1.300200)", True),
        ("Name: mapillary image 402100000000001", True),
        ("Name: image", False),
        ("Name: Coordinates Bar, ID: unknown, Coordinates: unavailable", False),
        ("Name: Bus stop 77", False),  # a number as short as a house number
    ],
)
def test_ids_and_coordinates_in_texts_are_told(tmp_path: Path, text: str, leaks: bool) -> None:
    value = sample()
    value["nodes"][2] |= {"node_id": "402100000000001" if "402100000000001" in text else "77", "node_text": text}
    value["edges"][1]["target"] = value["nodes"][2]["node_id"]
    told = warned(tmp_path, value)
    assert set(told) == ({"node-text-leak"} if leaks else set())
    if leaks:
        assert told["node-text-leak"][0] == "nodes[2].node_text"


@pytest.mark.parametrize(
    ("country", "lon", "lat", "is_wrong"),
    [
        ("Singapore", 103.85, 1.3, False),
        ("Singapore", 2.35, 48.85, True),
        ("Singapore", 116.4, 39.9, True),
        ("USA", -73.98, 40.75, False),
        ("USA", -157.86, 21.3, False),
        ("USA", -149.9, 61.2, False),
        ("USA", 103.85, 1.3, True),
        ("France", 103.85, 1.3, False),  # the reference writes France for Paris only
    ],
)
def test_the_country_of_another_city_is_told(
    tmp_path: Path, country: str, lon: float, lat: float, is_wrong: bool
) -> None:
    value = sample()
    for node in value["nodes"]:
        node["coords"] = [lon, lat]
    told = warned(tmp_path, moved(value, 1, node_text=f"Name: Oak, Country: {country}, , city=x"))
    assert set(told) == ({"country-mismatch"} if is_wrong else set())
    if is_wrong:
        assert told["country-mismatch"][0] == "nodes[1].node_text"


def test_both_speeds_and_the_reader_come_to_the_verdict_of_the_obvious_way(tmp_path: Path) -> None:
    rng = random.Random(11)
    tally: Counter[str] = Counter()
    for k in range(MUTANTS):
        data = mutant(rng)
        path = tmp_path / f"{k}.json"  # a new one each time: overwriting waits for the disk
        path.write_bytes(data)
        full, header = (check_graph_file(path, depth, max_nodes=1000) for depth in ("full", "header"))
        assert (full.facts is not None) == is_good(data), data
        tally.update({problem.code for problem in full.problems})
        if full.facts is None:
            assert {problem.severity for problem in full.problems} == {"error"}
            with pytest.raises(GraphError) as caught:
                UrbanGraph.read(path)
            assert caught.value.code == full.problems[0].code, data
            continue
        read = UrbanGraph.read(path)
        assert (
            header.facts
            == full.facts
            == GraphFacts(len(read.nodes), len(read.edges), read.center_node.lon, read.center_node.lat)
        )
        assert UrbanGraph.from_json(decode(read.to_bytes())) == read
        value = decode(data)
        assert next(faults(value), None) is None
        quick = accepted(value)
        assert quick is None or quick == columns_of(read)
        tally["at a glance" if quick else "after a closer look"] += 1
    assert tally["at a glance"] > 1000
    assert tally["after a closer look"] > 100
    assert {code for code, count in tally.items() if count >= 3} >= {
        "graph-broken", "graph-version", "node-broken", "node-duplicate", "node-text-missing", "coords-missing",
        "coordinates-range", "edge-broken", "edge-dangling", "center-missing", "graph-empty", "json-duplicate-key",
        "json-depth",
    }  # fmt: skip
