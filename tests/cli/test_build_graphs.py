"""`ugembed build-graphs` through the real door."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from tests.graphs.drawn_maps import image_at, write_map, write_points


def ugembed(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ugembed", "build-graphs", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def files(tmp_path: Path) -> list[object]:
    points = write_points(tmp_path / "points.csv", [image_at(-40, -3, "one"), image_at(5, 100, "two")])
    return ["--osm", write_map(tmp_path / "map.osm"), "--points", points, "--out", tmp_path / "graphs"]


def test_it_ends_with_a_summary_table(files: list[object], tmp_path: Path) -> None:
    done = ugembed(*files)
    assert done.returncode == 0, done.stderr
    for row in (
        "graphs",
        "nodes a graph",
        "streets of the map",
        "crossings of the map",
        "cafe",
        str(tmp_path / "graphs"),
    ):
        assert row in done.stdout
    assert "2/2" in done.stderr
    assert (tmp_path / "graphs" / "two.json").is_file()


def test_flags_run_file_and_overrides_reach_the_graphs(files: list[object], tmp_path: Path) -> None:
    run_file = tmp_path / "run.yaml"
    run_file.write_text("recipe:\n  radius_m: 120\n  max_nodes: 50\n", encoding="utf-8")
    done = ugembed(*files, "--config", run_file, "--max-nodes", 4, "--set", "recipe.near_places=1", "--json")
    assert done.returncode == 0, done.stderr
    summary = orjson.loads(done.stdout)
    assert (summary["graphs"], summary["nodes_max"]) == (2, 4)
    graph = orjson.loads((tmp_path / "graphs" / "one.json").read_bytes())
    assert graph["radius_m"] == 120
    assert sum(edge["type"] == "near" for edge in graph["edges"]) == 1


def test_a_recipe_file_gives_way_to_flags_and_settings(files: list[object], tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("streets: names\nradius_m: 150\nwalk_m: 120\nnear_places: 0\n", encoding="utf-8")
    flags = ["--recipe", recipe, "--walk", 90, "--leak-mask", "address,street.name", "--set", "recipe.near_places=1"]
    done = ugembed(*files, *flags, "--workers", 1)
    assert done.returncode == 0, done.stderr
    graph = orjson.loads((tmp_path / "graphs" / "one.json").read_bytes())
    assert (graph["radius_m"], graph["walk_m"]) == (150, 90)
    assert "street/Oak Street" in {node["node_id"] for node in graph["nodes"]}
    assert not any("Address" in node["node_text"] for node in graph["nodes"])
    assert sum(edge["type"] == "near" for edge in graph["edges"]) == 1


@pytest.mark.parametrize(
    ("text", "told"), [("radius: 5\n", "radius does not exist"), ("text: {leak_mask: [colour]}\n", "is not a field")]
)
def test_a_broken_recipe_is_refused_with_its_place(files: list[object], tmp_path: Path, text: str, told: str) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(text, encoding="utf-8")
    done = ugembed(*files, "--recipe", recipe)
    assert done.returncode == 2
    assert told in done.stderr
    assert "recipe.yaml" in done.stderr


def test_errors_are_one_screen_with_code_and_hint(files: list[object], tmp_path: Path) -> None:
    (tmp_path / "map.osm").write_text("hello", encoding="utf-8")
    done = ugembed(*files)
    assert done.returncode == 1
    assert "error[osm-broken]" in done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "graphs").exists()


def test_a_misspelt_key_is_answered_with_the_nearest(files: list[object]) -> None:
    done = ugembed(*files, "--set", "radius=5")
    assert done.returncode == 2
    assert "radius does not exist" in done.stderr


def test_help_shows_an_example() -> None:
    done = ugembed("--help")
    assert done.returncode == 0
    assert "Example: ugembed build-graphs --osm" in done.stdout
