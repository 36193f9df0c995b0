"""Stopped runs are taken up, processes share the work, and the folder is the same to the byte."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.graphs.drawn_maps import image_at, write_map, write_points
from ugembed.errors import StoreError
from ugembed.graphs.build import BuildGraphsConfig, build_graphs, parts
from ugembed.graphs.build import run as running

POINTS = [image_at(-190 + 2 * k, -3 - k % 7, f"img{k}") for k in range(150)]
KILLED = """
import os, sys
from pathlib import Path
from ugembed.graphs.build import BuildGraphsConfig, build_graphs, parts, run

made, real = [], parts.build_part

def build_part(part):
    rows = real(part)
    made.append(part)
    if len(made) == int(sys.argv[2]):
        os.kill(os.getpid(), 9)
    return rows

parts.IMAGES = 20
run.build_part = build_part
build_graphs(BuildGraphsConfig.model_validate_json(sys.argv[1]))
"""


def config(folder: Path, **changed: object) -> BuildGraphsConfig:
    folder.mkdir(exist_ok=True)
    given = {
        "osm": write_map(folder / "map.osm"),
        "points": write_points(folder / "points.csv", POINTS),
        "out": folder / "graphs",
        "workers": 1,
    }
    return BuildGraphsConfig.model_validate(given | changed)


def content(settings: BuildGraphsConfig) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in settings.out.iterdir()}


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "IMAGES", 20)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("shard", [None, 30])
def test_more_processes_write_the_same_bytes(tmp_path: Path, shard: int | None) -> None:
    one, three = config(tmp_path / "one", shard=shard), config(tmp_path / "three", shard=shard, workers=3)
    build_graphs(one)
    build_graphs(three)
    assert len(content(one)) > 5
    assert content(three) == content(one)


@pytest.mark.usefixtures("small_parts")
def test_a_killed_run_is_taken_up_and_ends_in_the_same_bytes(tmp_path: Path) -> None:
    whole, killed = config(tmp_path / "whole"), config(tmp_path / "killed")
    assert build_graphs(whole).found_finished == 0
    for after in (1, 3):
        command = [sys.executable, "-c", KILLED, killed.model_dump_json(), str(after)]
        assert subprocess.run(command, check=False).returncode == -9
        assert not killed.out.exists()
    assert build_graphs(killed).found_finished >= 3 * 20
    assert content(killed) == content(whole)
    assert sorted(path.name for path in killed.out.parent.iterdir()) == ["graphs", "map.osm", "points.csv"]


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("shard", [None, 30])
def test_a_part_that_was_damaged_since_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shard: int | None
) -> None:
    whole, broken = config(tmp_path / "whole", shard=shard), config(tmp_path / "broken", shard=shard)
    build_graphs(whole)
    with monkeypatch.context() as patch:
        patch.setattr(running, "write_jsonl", None)  # stops at the index
        with pytest.raises(TypeError):
            build_graphs(broken)
    left = next((tmp_path / "broken" / ".graphs.unfinished" / "content").glob("*.zip" if shard else "*.json"))
    left.write_bytes(left.read_bytes()[:-9])
    assert 0 < build_graphs(broken).found_finished < len(POINTS)
    assert content(broken) == content(whole)


@pytest.mark.usefixtures("small_parts")
def test_what_another_setting_has_left_is_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = config(tmp_path / "run", recipe={"radius_m": 300})
    with monkeypatch.context() as patch:
        patch.setattr(running, "write_jsonl", None)
        with pytest.raises(TypeError):
            build_graphs(other)
    assert build_graphs(config(tmp_path / "run")).found_finished == 0


def test_two_runs_on_one_folder_are_refused(tmp_path: Path) -> None:
    settings = config(tmp_path)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import fcntl, sys, time\nfile = open(sys.argv[1], 'a')\nfcntl.flock(file, fcntl.LOCK_EX)\n"
            "print('held', flush=True)\ntime.sleep(60)",
            str(tmp_path / ".graphs.lock"),
        ],
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StoreError) as caught:
            build_graphs(settings)
        assert caught.value.code == "output-busy"
        assert not settings.out.exists()
    finally:
        holder.kill()
        holder.wait()
    build_graphs(settings)


def test_processes_that_are_killed_at_any_moment_lose_nothing(tmp_path: Path) -> None:
    """The command itself, killed after a while, again and again, then left alone."""
    whole, killed = config(tmp_path / "whole"), config(tmp_path / "killed")
    build_graphs(whole)
    program = (
        "import sys\nfrom ugembed.graphs.build import *\n"
        "build_graphs(BuildGraphsConfig.model_validate_json(sys.argv[1]))"
    )
    for patience in (0.6, 0.9, 1.2, 1.5):
        process = subprocess.Popen([sys.executable, "-c", program, killed.model_dump_json()])
        time.sleep(patience)
        process.kill()
        process.wait()
        if killed.out.exists():
            break
    if not killed.out.exists():
        build_graphs(killed)
    assert content(killed) == content(whole)
