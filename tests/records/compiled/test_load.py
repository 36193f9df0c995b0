"""Where compiled code is kept, when it is made, and that nobody pays for it who does not need it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.records.helpers import stage1
from tests.records.two_speeds import kernel
from ugembed.graphs.validate import ValidateConfig, validate_files
from ugembed.records.checking import scan
from ugembed.records.uge.compiled import load

CHECK = """
import sys
from ugembed.records.uge.compiled import load
found = load.load()
print(found is not None, sorted({"numba", "scipy", "torch"} & sys.modules.keys()))
"""


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Processes that would be started, where there is no object file yet."""
    started: list[list[str]] = []
    monkeypatch.setattr(load, "object_file", lambda: tmp_path / "cache" / "rows.o")
    monkeypatch.setattr(subprocess, "Popen", lambda command, **_: started.append(command))
    return started


def rows_of(path: Path, **options: Any) -> Any:
    return validate_files(ValidateConfig(paths=(path,), images="none", graphs="none", **options))


def test_what_is_made_is_loaded_without_numba() -> None:
    kernel()
    done = subprocess.run([sys.executable, "-c", CHECK], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "[]"]


def test_a_large_file_starts_the_compiler_once_and_is_read_meanwhile(
    begun: list[list[str]], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "COMPILED_BYTES", 100)
    path = folder / "rows.jsonl"
    path.write_bytes(orjson.dumps(stage1()))
    assert [rows_of(path).accepted for _ in range(2)] == [1, 1]
    assert [command[1:] for command in begun] == [["-m", "ugembed.records.uge.compiled.build", str(load.object_file())]]


def test_a_small_file_starts_nothing(begun: list[list[str]], folder: Path) -> None:
    path = folder / "rows.jsonl"
    path.write_bytes(orjson.dumps(stage1()))
    assert rows_of(path).accepted == 1
    assert begun == []


def test_nothing_is_started_where_nothing_can_be_kept(begun: list[list[str]]) -> None:
    load.object_file().parent.write_text("a file in the way")
    load.build(wait=False)
    assert begun == []
    assert load.load() is None


def test_other_hashes_are_never_mixed_with_pythons(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong key shows in the first hash, and without a key nothing is loaded."""
    kernel()
    monkeypatch.setattr(load, "_hash_key", lambda: (1, 2))
    assert load.load() is None
    monkeypatch.setattr(load, "_hash_key", lambda: None)
    assert load.load() is None


def test_what_the_code_is_made_from_names_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "CONSTANTS", ("other",))
    assert load.object_file.__wrapped__() != load.object_file()


@pytest.mark.parametrize("workers", [1, 2])
def test_threads_report_the_same_as_one(folder: Path, monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    """Ranges of 200 rows, in threads: doubles, broken rows and files are told alike."""
    kernel()
    path = folder / "rows.jsonl"
    rows = [
        orjson.dumps(stage1(id=str(number % 900), images=["ab"[number % 2] + ".jpg"], label=int(number % 97 > 0)))
        for number in range(1000)
    ]
    path.write_bytes(b"\n".join(rows))
    monkeypatch.setattr("ugembed.graphs.validate._RANGE_BYTES", 200 * len(rows[0]))
    expected = rows_of(path, workers=1)
    monkeypatch.setattr(scan, "COMPILED_BYTES", 0)
    assert rows_of(path, workers=workers) == expected
    assert expected.errors > 100


def test_it_can_be_told_how_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel()
    assert load.condition() == (True, load.object_file().name)
    monkeypatch.setattr(load, "object_file", lambda: tmp_path / "rows.o")
    assert load.condition() == (False, "not made yet")
    (tmp_path / "rows.begun").touch()
    assert load.condition() == (False, "being made")
    monkeypatch.setattr(load, "_hash_key", lambda: None)
    assert not load.condition().is_there


def test_a_build_that_fails_is_told_and_files_are_read_nevertheless(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "object_file", lambda: folder / "cache" / "rows.o")
    monkeypatch.setattr(load, "_BUILD", "ugembed.records.uge.compiled.no_such_module")
    monkeypatch.setattr(scan, "COMPILED_BYTES", 0)
    path = folder / "rows.jsonl"
    path.write_bytes(orjson.dumps(stage1()))
    assert rows_of(path).accepted == 1
    stop = time.monotonic() + 60
    while load.condition().what == "being made" and time.monotonic() < stop:
        time.sleep(0.05)
    is_there, what = load.condition()
    assert not is_there
    assert what.startswith("could not be made: ")
    assert "no_such_module" in what
