"""Finding the graph that is meant, by path or by id."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.graphs.drawing.drawn_graphs import street_scene
from ugembed.archives import write_archive
from ugembed.errors import DataError
from ugembed.graphs.drawing.find import find_graph
from ugembed.graphs.schema import UrbanGraph


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    content = street_scene().to_bytes()
    write_archive(tmp_path / "part-0000.zip", [("oak%2F1.json", content)])
    (tmp_path / "elm-12.json").write_bytes(content)
    rows = [{"id": "oak/1", "file": "part-0000.zip/oak%2F1.json"}, {"id": "elm-12", "file": "elm-12.json", "lon": 1.0}]
    (tmp_path / "index.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return tmp_path


def test_an_id_is_looked_up_and_a_path_is_a_path(folder: Path) -> None:
    for found in (
        find_graph("oak/1", folder),
        find_graph(str(folder / "part-0000.zip" / "oak%2F1.json")),
        find_graph("elm-12", folder),
        find_graph(str(folder / "elm-12.json")),
    ):
        assert UrbanGraph.read(found).center == "camera"


def refused(*arguments: object) -> tuple[str, str]:
    with pytest.raises(DataError) as caught:
        find_graph(*arguments)  # type: ignore[arg-type]
    return caught.value.code, caught.value.hint


def test_an_unknown_id_is_answered_with_the_nearest(folder: Path) -> None:
    assert refused("elm-13", folder) == ("graph-id-unknown", "the nearest ids: elm-12")
    assert refused("zzz", folder) == ("graph-id-unknown", "it has 2 ids, the first: oak/1, elm-12")
    (folder / "index.jsonl").write_text("")
    assert refused("elm-12", folder) == ("graph-id-unknown", "the index is empty")


def test_what_is_no_graph_file_is_refused_with_a_way_out(folder: Path) -> None:
    assert refused("elm-12") == (
        "graph-missing",
        "check the path; an image's id wants its folder too: ugembed show-graph ID --graphs FOLDER",
    )
    assert f"--graphs {folder}" in refused(str(folder))[1]
    assert refused(str(folder / "part-0000.zip"))[1].endswith("it holds oak%2F1.json")
    assert refused(str(folder / "part-0000.zip" / "none.json"))[0] == "graph-missing"


@pytest.mark.parametrize("line", ["{", "[]", '{"id": 3, "file": "x"}', '{"id": "x"}', '"\xff"'])
def test_a_broken_index_is_refused_at_its_line(folder: Path, line: str) -> None:
    (folder / "index.jsonl").write_bytes(b'{"id": "a", "file": "a.json"}\n' + line.encode("latin-1"))
    with pytest.raises(DataError, match=r"index\.jsonl:2") as caught:
        find_graph("x", folder)
    assert caught.value.code == "index-broken"


def test_an_index_leads_nowhere_outside(folder: Path) -> None:
    (folder / "index.jsonl").write_text('{"id": "x", "file": "../../etc/passwd"}\n')
    assert refused("x", folder)[0] == "path-escapes"
    assert refused("x", folder / "none")[0] == "index-missing"
