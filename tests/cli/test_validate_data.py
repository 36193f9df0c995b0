"""`ugembed validate-data` through the real door."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from tests.records.helpers import stage1, write_files, write_rows

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def ugembed(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ugembed", "validate-data", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=60, check=False)


def test_sound_files_exit_0_with_a_summary_on_stdout() -> None:
    done = ugembed(EXAMPLES)
    assert done.returncode == 0, done.stderr
    assert "training rows" in done.stdout
    assert "no errors, 0 warning(s)" in done.stdout
    assert "Traceback" not in done.stderr


def test_every_problem_is_printed_on_one_line_with_place_code_and_hint(tmp_path: Path) -> None:
    folder = write_files(tmp_path)
    rows = write_rows(folder, b"{", stage1(images=["[bold]gone" + "x" * 150 + ".jpg"]), stage1(label=0))
    done = ugembed(rows)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"{rows}:1: row: error[json-broken]: not JSON")
    assert lines[2].startswith(f"{rows}:2: images[0]: error[image-missing]: image '[bold]gonexxx")
    assert lines[2].endswith(f"looked under {folder}, .")
    assert lines[4] == f"{rows}:3: label: error[label-zero]: 0 would mark the query as a negative"
    assert all(lines[number].startswith("  hint: ") for number in (1, 3, 5))
    assert lines[-1] == "3 error(s), 0 warning(s)"
    assert "Traceback" not in done.stderr


def test_json_holds_the_whole_report(tmp_path: Path) -> None:
    folder = write_files(tmp_path)
    done = ugembed(write_rows(folder, stage1(label=0), stage1()), "--json", "--max-problems", 1)
    assert done.returncode == 1
    report = orjson.loads(done.stdout)
    assert report["errors"] == 1
    assert report["rows"] == {"training": 2}
    assert report["problems"][0]["code"] == "label-zero"


def test_a_run_file_flags_and_roots_are_taken(tmp_path: Path) -> None:
    folder = write_files(tmp_path)
    (tmp_path / "rows").mkdir()
    write_rows(tmp_path / "rows", stage1())
    (tmp_path / "run.yaml").write_text("paths: [rows]\nroots: [.]\n")
    assert ugembed("--config", "run.yaml", cwd=folder).returncode == 0
    (tmp_path / "elsewhere").mkdir()
    assert ugembed("rows", cwd=tmp_path / "rows").returncode == 1
    assert ugembed("rows.jsonl", "--root", tmp_path, "--images", "decode", cwd=tmp_path / "rows").returncode == 0
    assert ugembed("rows.jsonl", "--root", tmp_path / "elsewhere", cwd=tmp_path / "rows").returncode == 1


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["gone.jsonl"], 1, "error[file-missing]: no such file or folder: gone.jsonl"),
        ([], 2, "paths is required"),
        (["--set", "imges=none", "gone"], 2, "did you mean 'images'?"),
        (["gone", "--config", "gone.yaml"], 2, "error[config-missing]"),
        ([".", "--root", "gone"], 1, "error["),
        (["gone", "--max-problems", "0"], 2, "greater than 0"),
    ],
)
def test_a_wrong_call_is_one_message_and_no_traceback(
    tmp_path: Path, arguments: list[str], status: int, message: str
) -> None:
    done = ugembed(*arguments, cwd=tmp_path)
    assert done.returncode == status
    assert message in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert done.stdout == ""
