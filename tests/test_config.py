"""Run files: who wins, where a value came from, and what is said about mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import PositiveInt

from ugembed.config import load_config
from ugembed.errors import ConfigError
from ugembed.registry import Config


class Step(Config):
    rate: float = 1.0


class Trainer(Config):
    epochs: PositiveInt = 3
    names: tuple[str, ...] = ()


class Run(Config):
    trainer: Trainer = Trainer()
    steps: tuple[Step, ...] = ()
    warm: Step | None = None
    out: str = "runs"


def written(folder: Path, text: str) -> Path:
    file = folder / "run.yaml"
    file.write_text(text)
    return file


def refused(file: Path | None, *overrides: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_config(Run, file, overrides=overrides)
    assert caught.value.hint
    return caught.value


def test_flags_win_over_set_over_file_over_defaults(tmp_path: Path) -> None:
    file = written(tmp_path, "trainer:\n  epochs: 4\nout: a\n")
    assert load_config(Run).value == Run()
    assert load_config(Run, file).value.trainer.epochs == 4
    assert load_config(Run, file, overrides=["trainer.epochs=5"]).value.trainer.epochs == 5
    resolved = load_config(Run, file, overrides=["trainer.epochs=5"], flags={"trainer.epochs": 6, "out": None})
    assert (resolved.value.trainer.epochs, resolved.value.out) == (6, "a")


def test_every_value_knows_where_it_came_from(tmp_path: Path) -> None:
    file = written(tmp_path, "# a comment\nout: a\nsteps:\n  - rate: 2\n")
    resolved = load_config(Run, file, overrides=["trainer.names=[x, y]"], flags={"trainer.epochs": 6})
    assert resolved.value.trainer.names == ("x", "y")
    origins = {key: origin for key, _, origin in resolved.flat()}
    assert origins == {
        "out": f"{file}:2",
        "steps": f"{file}:3",
        "trainer.names": "--set trainer.names",
        "trainer.epochs": "--epochs",
        "warm": "default",
    }
    assert resolved.origin("steps.0.rate") == f"{file}:4"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trainer:\n  epocs: 3\n", ":2: trainer.epocs does not exist; did you mean 'epochs'?"),
        ("trainr: {}\n", ":1: trainr does not exist; did you mean 'trainer'?"),
        ("out: x\nsteps:\n- rate: 1\n- raet: 1\n", ":4: steps.1.raet does not exist; did you mean 'rate'?"),
        ("warm:\n  raet: 1\n", ":2: warm.raet does not exist; did you mean 'rate'?"),
        ("trainer:\n\n  epochs: 0\n", ":3: trainer.epochs: Input should be greater than 0"),
        ("steps:\n  - 3\n", ":2: steps.0: Input should be a valid dictionary"),
    ],
)
def test_a_mistake_is_answered_with_its_line_and_the_nearest_key(tmp_path: Path, text: str, message: str) -> None:
    file = written(tmp_path, text)
    error = refused(file)
    assert error.code == "config-invalid"
    assert error.message.startswith(f"{file}{message}")


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    error = refused(written(tmp_path, "out: 3\ntrainer:\n  epochs: x\n"), "trainer.nmes=[]")
    assert len(error.message.splitlines()) == 3
    assert "--set trainer.nmes: trainer.nmes does not exist; did you mean 'names'?" in error.message


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: [", "config-broken"),
        ("- 1\n", "config-broken"),
        ("out: 2021-99-99\n", "config-broken"),
        ("out: " + "[" * 3000, "config-broken"),
        ("a: &x {b: *x}\n", "config-broken"),
        ("out: !!python/object/apply:os.getcwd []\n", "config-broken"),
        ("out: a\nout: b\n", "config-twice"),
        ("trainer:\n  epochs: 1\n  epochs: 2\n", "config-twice"),
    ],
)
def test_a_run_file_that_is_not_a_plain_mapping_is_refused(tmp_path: Path, text: str, code: str) -> None:
    error = refused(written(tmp_path, text))
    assert error.code == code
    assert "run.yaml" in error.message


def test_a_run_file_that_is_missing_or_not_text_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "gone.yaml").code == "config-missing"
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    assert refused(tmp_path / "binary.yaml").code == "config-broken"


@pytest.mark.parametrize("override", ["out", "=3", "trainer.epochs.deeper=1", "out={", "out=2021-99-99"])
def test_an_override_that_cannot_be_applied_is_refused(tmp_path: Path, override: str) -> None:
    assert refused(written(tmp_path, "trainer:\n  epochs: 1\n"), override).code == "bad-override"


def test_an_empty_run_file_means_all_defaults(tmp_path: Path) -> None:
    assert load_config(Run, written(tmp_path, "# nothing yet\n")).value == Run()
