"""Pickles become a folder of graphs that the other verbs read, whole or not at all."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import orjson
import pytest

from tests.graphs.legacy.pickles import CENTER, CLASSES, PROTOCOLS, reference_graph, touching, write_pickle
from ugembed.errors import DataError, GraphError, StoreError
from ugembed.files import read_manifest
from ugembed.graphs.legacy.find import find_pickles
from ugembed.graphs.legacy.importing import ImportGraphsConfig, ImportSummary, import_graphs
from ugembed.graphs.schema import UrbanGraph


def run(*pickles: Path, out: Path, **options: Any) -> ImportSummary:
    return import_graphs(ImportGraphsConfig(pickles=pickles, out=out, **options))


def rows(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One sound pickle at each of two depths, a broken one, a hostile one and something else."""
    folder = tmp_path / "pickles"
    write_pickle(folder / "one.pkl", {"subgraph": reference_graph(), "center_nodes": [CENTER]})
    write_pickle(folder / "deep" / f"subgraph_{CENTER}.PICKLE", reference_graph(lon=2.3, lat=48.8))
    (folder / "broken.pkl").write_bytes(b"\x80\x04" + bytes(200))
    write_pickle(folder / "evil.pkl", touching(tmp_path / "touched")["in a graph"])
    (folder / "readme.txt").write_text("not a pickle")
    (folder / "._one.pkl").write_bytes(b"left by an archive")
    return folder


def test_every_class_shape_and_protocol_comes_back_exactly(tmp_path: Path) -> None:
    sources: dict[str, nx.Graph] = {}
    for kind in CLASSES:
        for protocol in PROTOCOLS:
            graph = reference_graph(kind)
            graph.nodes[CENTER]["coords"] = np.array(graph.nodes[CENTER]["coords"])
            for shape, value in {
                "bare": nx.compose(graph, kind(central_node_id=CENTER)),
                "wrapped": {"subgraph": graph, "center_nodes": [CENTER]},
                "deep": {"subgraph_data": {"subgraph": graph}, "center_nodes": [CENTER]},
            }.items():
                name = f"{kind.__name__}-{protocol}-{shape}"
                write_pickle(tmp_path / "in" / f"{name}.pkl", value, protocol)
                sources[name] = graph
    summary = run(tmp_path / "in", out=tmp_path / "out")
    assert (summary.graphs, summary.nodes, summary.edges) == (72, 72 * 6, 72 * 10)
    assert summary.centers == {"center_nodes": 48, "central_node_id": 24}
    for name, source in sources.items():
        graph = UrbanGraph.read(tmp_path / "out" / f"{name}.json")
        assert graph.center == CENTER
        assert [(node.id, node.lon, node.lat, node.text) for node in graph.nodes] == [
            (id, *map(float, found["coords"]), found["node_text"]) for id, found in source.nodes(data=True)
        ]
        assert [(edge.source, edge.target, {"type": edge.kind, **edge.attributes}) for edge in graph.edges] == [
            (u, v, found) for u, v, found in source.edges(data=True)
        ]


def test_a_pickle_that_cannot_be_used_stops_the_import_and_nothing_is_written(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(GraphError) as caught:
        run(folder, out=tmp_path / "out")
    assert caught.value.code == "import-rejected"
    assert "2 of 4 pickles" in caught.value.message
    assert "broken.pkl: [pickle-broken]" in caught.value.message
    assert "evil.pkl: [pickle-forbidden]" in caught.value.message
    assert "--skip-broken" in caught.value.hint
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pickles"]  # neither a folder nor what the pickle asks


def test_asked_to_skip_it_writes_the_others_and_lists_the_rejected(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    summary = run(folder, out=out, skip_broken=True, drop_country=True)
    assert summary.to_json() == {
        "out": str(out),
        "pickles": 4,
        "graphs": 2,
        "rejected": {"pickle-broken": 1, "pickle-forbidden": 1},
        "nodes": 12,
        "nodes_median": 6,
        "nodes_max": 6,
        "edges": 20,
        "centers": {"center_nodes": 1, "file name": 1},
        "countries": {"Singapore": 12},
        "warnings": {"country-mismatch": 1},
    }
    assert [(row["source"], row["code"]) for row in rows(out / "rejected.jsonl")] == [
        ("broken.pkl", "pickle-broken"),
        ("evil.pkl", "pickle-forbidden"),
    ]
    assert all(row["why"] and row["hint"] for row in rows(out / "rejected.jsonl"))
    first, second = rows(out / "index.jsonl")
    assert first == {
        "id": CENTER,
        "file": "one.json",
        "lon": 103.85,
        "lat": 1.3,
        "heading_deg": None,
        "image": None,
        "nodes": 6,
        "edges": 10,
        "source": "one.pkl",
        "source_sha256": hashlib.sha256((folder / "one.pkl").read_bytes()).hexdigest(),
        "center_from": "center_nodes",
        "warnings": [],
    }
    assert (second["file"], second["center_from"]) == (f"subgraph_{CENTER}.json", "file name")
    assert [warning["code"] for warning in second["warnings"]] == ["country-mismatch"]
    graph = UrbanGraph.read(out / second["file"])
    assert graph.attributes == {"country_dropped": {"Singapore": 6}}
    assert not any("Country" in node.text for node in graph.nodes)
    assert read_manifest(out, kind="graphs", verify=True)["config"] == {"drop_country": True, "skip_broken": True}


def test_with_nothing_left_it_is_refused_even_when_asked_to_skip(tmp_path: Path) -> None:
    path = write_pickle(tmp_path / "a.pkl", "x" * 200)
    with pytest.raises(GraphError) as caught:
        run(path, out=tmp_path / "out", skip_broken=True)
    assert caught.value.code == "import-rejected"
    assert "networkx graph" in caught.value.hint


def test_the_same_pickles_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        run(folder, out=tmp_path / name, skip_broken=True)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert len(names) == 5
    assert [(tmp_path / "a" / name).read_bytes() for name in names] == [
        (tmp_path / "b" / name).read_bytes() for name in names
    ]


def test_an_existing_folder_is_refused_before_any_pickle_is_read(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        run(folder, out=folder)
    assert caught.value.code == "output-exists"


def test_files_and_folders_are_found_by_name_and_once(folder: Path) -> None:
    named = folder / "one.pkl"
    found = find_pickles((folder, named, folder / "deep"))
    assert list(found) == ["broken.json", "evil.json", "one.json", f"subgraph_{CENTER}.json"]
    other = named.rename(folder / "other.gpickle")  # a file that is named itself may end as it likes
    assert find_pickles((other,)) == {"other.json": other}


@pytest.mark.parametrize(
    ("make", "code"),
    [
        ({}, "no-pickles"),
        ({"a.pkl": b"", "b/a.pickle": b""}, "name-duplicate"),
        ({"manifest.pkl": b""}, "id-unsafe"),
        ({"a\nb.pkl": b""}, "id-unsafe"),
        ({"a\udcff.pkl": b""}, "id-unsafe"),
        ({f"{'a' * 200}.pkl": b""}, "id-unsafe"),
    ],
)
def test_names_that_cannot_be_used_are_refused(make: dict[str, bytes], code: str, tmp_path: Path) -> None:
    for name, content in make.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        find_pickles((tmp_path,))
    assert caught.value.code == code


def test_a_link_out_of_the_folder_is_refused_and_a_named_file_must_exist(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "link.pkl").symlink_to(folder / "one.pkl")
    with pytest.raises(DataError) as caught:
        find_pickles((tmp_path / "inner",))
    assert caught.value.code == "path-escapes"
    with pytest.raises(DataError) as caught:
        find_pickles((folder / "gone.pkl",))
    assert caught.value.code == "file-missing"


def test_an_interruption_stops_the_workers_and_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    for i in range(50):
        write_pickle(folder / f"more{i}.pkl", {"subgraph": reference_graph(), "center_nodes": [CENTER]})

    def interrupt(done: int, total: int, note: str = "") -> None:
        assert (done, total) == (1, 54)
        raise KeyboardInterrupt

    config = ImportGraphsConfig(pickles=(folder,), out=tmp_path / "out", skip_broken=True)
    with pytest.raises(KeyboardInterrupt):
        import_graphs(config, interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["pickles"]
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("ThreadPoolExecutor")]
