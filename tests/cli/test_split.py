"""`ugembed split` as a command: flags, run file, the table, JSON, and refusals on one screen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson

from tests.records.split.towns import decoded, town, write_rows


def ugembed(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ugembed", "split", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_it_ends_with_a_table_and_says_where_the_map_is(tmp_path: Path) -> None:
    file = write_rows(tmp_path, *town(300))
    done = ugembed(file, "--by", "cell", "--level", 13, "--buffer", 100, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    for words in (
        "validation",
        "wished",
        "left out",
        "train / test: nearest places",
        str(tmp_path / "out" / "map.png"),
    ):
        assert words in done.stdout
    assert (tmp_path / "out" / "map.png").is_file()
    assert "splitting (kB)" in done.stderr


def test_flags_run_file_and_overrides_reach_the_split(tmp_path: Path) -> None:
    run_file = tmp_path / "run.yaml"
    run_file.write_text("by: image\nfractions: {left: 0.5, right: 0.5}\nseed: 4\n", encoding="utf-8")
    file, out = write_rows(tmp_path, *town(40)), tmp_path / "out"
    done = ugembed(file, "--config", run_file, "--out", out, "--set", "level=10", "--json")
    assert done.returncode == 0, done.stderr
    summary = orjson.loads(done.stdout)
    assert [part["name"] for part in summary["parts"]] == ["left", "right"]
    assert len(decoded(out / "left.jsonl")) == summary["parts"][0]["rows"] == 40
    facts = orjson.loads((out / "split.json").read_bytes())
    assert (facts["seed"], facts["level"]) == (4, 10)


def test_warnings_go_to_stderr(tmp_path: Path) -> None:
    rows = [{"text": f"corner {i}", "group": "all" if i < 3 else f"{i}"} for i in range(5)]
    done = ugembed(write_rows(tmp_path, *rows), "--by", "image", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "warning: validation has" in done.stderr
    assert "warning:" not in done.stdout


def test_errors_are_one_screen_with_code_and_hint(tmp_path: Path) -> None:
    file = write_rows(tmp_path, {"text": "nowhere"})
    done = ugembed(file, "--by", "cell", "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "error[split-place]" in done.stderr
    assert "hint:" in done.stderr
    assert ugembed(file, "--by", "image", "--fractions", "a=b", "--out", tmp_path / "out").returncode == 2
    assert not (tmp_path / "out").exists()
