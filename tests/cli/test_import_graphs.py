"""`ugembed import-graphs` through the real door."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from tests.graphs.legacy.pickles import CENTER, reference_graph, touching, write_pickle


def ugembed(*arguments: object, verb: str = "import-graphs") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ugembed", verb, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def pickles(tmp_path: Path) -> Path:
    value = {"subgraph": reference_graph(lon=2.3, lat=48.8), "center_nodes": [CENTER]}
    write_pickle(tmp_path / "pickles" / "paris.pkl", value)
    return tmp_path / "pickles"


def test_it_ends_with_a_summary_table(pickles: Path, tmp_path: Path) -> None:
    done = ugembed(pickles, "--out", tmp_path / "graphs")
    assert done.returncode == 0, done.stderr
    for row in (
        "6 (a graph: median 6, at most 6)",
        "centre named by center_nodes",
        "texts with Country: Singapore",
        "graphs with a warning: country-mismatch",
        "index.jsonl",
        str(tmp_path / "graphs"),
    ):
        assert row in done.stdout
    assert "1/1" in done.stderr
    assert (tmp_path / "graphs" / "paris.json").is_file()


def test_flags_run_file_and_overrides_reach_the_graphs(pickles: Path, tmp_path: Path) -> None:
    run_file = tmp_path / "run.yaml"
    run_file.write_text(f"pickles: [{pickles}]\nout: {tmp_path / 'graphs'}\n", encoding="utf-8")
    (pickles / "bad.pkl").write_bytes(bytes(200))
    done = ugembed("--config", run_file, "--set", "drop_country=true", "--skip-broken", "--json")
    assert done.returncode == 0, done.stderr
    summary = orjson.loads(done.stdout)
    assert (summary["graphs"], summary["rejected"]) == (1, {"pickle-broken": 1})
    assert b"Country: " not in (tmp_path / "graphs" / "paris.json").read_bytes()


def test_a_hostile_pickle_is_refused_on_one_screen_and_nothing_of_it_is_run(pickles: Path, tmp_path: Path) -> None:
    write_pickle(pickles / "evil.pkl", touching(tmp_path / "touched")["in a graph"])
    done = ugembed(pickles, "--out", tmp_path / "graphs")
    assert done.returncode == 1
    assert "error[import-rejected]" in done.stderr
    assert "evil.pkl: [pickle-forbidden]" in done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["pickles"]


def test_the_folder_is_one_that_validate_data_takes(pickles: Path, tmp_path: Path) -> None:
    assert ugembed(pickles, "--out", tmp_path / "graphs").returncode == 0
    done = ugembed(tmp_path / "graphs", "--json", verb="validate-data")
    assert done.returncode == 0, done.stderr
    assert orjson.loads(done.stdout)["graphs"] == 1
    assert "unknown-file" not in done.stdout
