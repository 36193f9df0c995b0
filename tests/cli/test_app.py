"""The command line as a whole: what it lists, how it fails, what it prints where."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ugembed import __version__
from ugembed.cli.app import app
from ugembed.cli.errors import MAX_LINES, TRACEBACK_VARIABLE, guarded
from ugembed.errors import ConfigError, DataError


def raising(error: BaseException) -> None:
    raise error


def exit_status(error: BaseException) -> int | str | None:
    with pytest.raises(SystemExit) as caught:
        guarded(lambda: raising(error))
    return caught.value.code


def test_the_module_runs_as_the_command_does() -> None:
    run = subprocess.run([sys.executable, "-m", "ugembed", "--version"], capture_output=True, text=True, check=True)
    assert run.stdout == f"ugembed {__version__}\n"


def test_help_lists_the_verbs_in_the_order_in_which_data_flows(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        app(["--help"])
    text = capsys.readouterr().out
    assert caught.value.code == 0
    verbs = ["build-graphs", "validate-data", "train", "embed", "eval", "demo", "config", "doctor"]
    places = [text.index(f" {verb} ") for verb in verbs]
    assert places == sorted(places)


def test_a_refusal_is_one_screen_with_code_and_hint(capsys: pytest.CaptureFixture[str]) -> None:
    message = "\n".join(f"file.jsonl:{line}: [x] is wrong" for line in range(100))
    assert exit_status(DataError(message, code="row-wrong", hint="mend the rows")) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert lines[0] == "error[row-wrong]: file.jsonl:0: [x] is wrong"
    assert lines[MAX_LINES] == f"… and {100 - MAX_LINES} more"
    assert lines[MAX_LINES + 1 :] == ["hint: mend the rows"]


def test_the_exit_status_tells_bad_data_from_a_bad_command() -> None:
    assert exit_status(DataError("x", code="x")) == 1
    assert exit_status(ConfigError("x", code="x")) == 2
    assert exit_status(KeyboardInterrupt()) == 130
    assert exit_status(RuntimeError("a fault")) == 70


def test_a_fault_of_ours_shows_no_traceback_unless_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    exit_status(RuntimeError("a fault"))
    text = capsys.readouterr().err
    assert "Traceback" not in text
    assert f"{TRACEBACK_VARIABLE}=1" in text
    monkeypatch.setenv(TRACEBACK_VARIABLE, "1")
    with pytest.raises(RuntimeError, match="a fault"):
        guarded(lambda: raising(RuntimeError("a fault")))


def test_a_full_disk_is_named_with_its_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status(OSError(28, "No space left on device", "runs/x")) == 1
    assert "error[os]: No space left on device: runs/x" in capsys.readouterr().err
