"""`ugembed show-graph`: what it writes, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
import typer
from typer.testing import CliRunner

from tests.graphs.drawing.drawn_graphs import street_scene
from tests.graphs.drawn_maps import write_map
from ugembed.archives import write_archive
from ugembed.cli.show_graph import show_graph
from ugembed.errors import UgembedError

app = typer.Typer()
app.command()(show_graph)


@pytest.fixture(autouse=True)
def graphs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a graph in a shard, beside which the command runs."""
    folder = tmp_path / "graphs"
    folder.mkdir()
    write_archive(folder / "part-0000.zip", [("v1.json", street_scene().to_bytes())])
    (folder / "index.jsonl").write_bytes(orjson.dumps({"id": "v1", "file": "part-0000.zip/v1.json"}) + b"\n")
    monkeypatch.chdir(tmp_path)
    return folder


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if done.exception is not None:
        raise done.exception
    return done.output


def refused(*arguments: object) -> str:
    with pytest.raises(UgembedError) as caught:
        run(*arguments)
    assert caught.value.hint
    return caught.value.code


def test_the_default_is_a_page_in_the_current_folder() -> None:
    assert "graph: v1.html" in run("v1", "--graphs", "graphs")
    page = Path("v1.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "Blue Cup" in page
    assert "graphs/part-0000.zip/v1.json" in page


def test_the_ending_decides_what_is_written(tmp_path: Path) -> None:
    for ending, start in ((".svg", b"<?xml"), (".PNG", b"\x89PNG"), (".html", b"<!doctype")):
        out = tmp_path / f"new/picture{ending}"
        run("graphs/part-0000.zip/v1.json", "--out", out)
        assert out.read_bytes().startswith(start)


def test_a_map_lies_beneath(tmp_path: Path) -> None:
    osm = write_map(tmp_path / "map.osm")
    run("v1", "--graphs", "graphs", "--map", osm, "--out", "v1.html")
    assert str(osm) in Path("v1.html").read_text(encoding="utf-8")
    assert refused("v1", "--graphs", "graphs", "--map", "none.osm", "--out", "other.html") == "osm-missing"


def test_a_file_is_replaced_only_if_asked() -> None:
    Path("v1.html").write_text("mine", encoding="utf-8")
    assert refused("v1", "--graphs", "graphs") == "output-exists"
    assert Path("v1.html").read_text(encoding="utf-8") == "mine"
    run("v1", "--graphs", "graphs", "--yes")
    assert "Blue Cup" in Path("v1.html").read_text(encoding="utf-8")
    Path("folder.svg").mkdir()
    assert refused("v1", "--graphs", "graphs", "--out", "folder.svg", "--yes") == "output-exists"


@pytest.mark.parametrize("out", ["picture.pdf", "picture"])
def test_other_endings_are_refused_before_anything_is_read(out: str) -> None:
    assert refused("no-such-graph.json", "--out", out) == "out-ending"


def test_what_is_not_a_graph_is_refused(graphs: Path) -> None:
    (graphs / "rows.json").write_text('{"nodes": 3}', encoding="utf-8")
    (graphs / "old.pkl").write_bytes(b"\x80\x04.")
    assert refused("v2", "--graphs", "graphs") == "graph-id-unknown"
    assert refused("v1.json") == "graph-missing"
    assert refused("graphs/rows.json") == "graph-broken"
    assert refused("graphs/old.pkl") == "graph-pickle"
    assert not list(Path().glob("*.html"))
