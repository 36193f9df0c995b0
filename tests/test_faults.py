"""A few of the faults of `make faults`, and faults of the trials themselves, which they must notice."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from faults import trials
from faults.attempt import KILLED, REFUSED, UNEXPECTED, attempt, lose_power
from faults.scenes import training, training_data
from ugembed.files import committed_directory, write_atomic
from ugembed.train import checkpoint


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return training_data(tmp_path_factory.mktemp("rows"))


@pytest.mark.parametrize("first", [20, 90, 154])
def test_a_run_killed_at_a_file_operation_comes_to_the_same_bits(tmp_path: Path, data: Path, first: int) -> None:
    runs = trials.faults_at_operations(training(data), tmp_path, "kill", every=1000, first=first)
    assert list(runs) == [""] * len(trials.LOSSES)


def test_a_run_whose_disk_fails_comes_to_the_same_bits(tmp_path: Path, data: Path) -> None:
    assert list(trials.faults_at_operations(training(data), tmp_path, "io", every=1000, first=130)) == [""]


def test_a_run_killed_at_any_moment_comes_to_the_same_bits(tmp_path: Path, data: Path) -> None:
    assert list(trials.kills_at_random(training(data), tmp_path, count=2, seed=5)) == ["", ""]


def test_a_run_stopped_twice_comes_to_the_same_bits(tmp_path: Path, data: Path) -> None:
    def scene(stop_after: int) -> trials.Scene:
        return training(data, stop_after=stop_after)

    assert list(trials.stops(scene, tmp_path, steps=6, times=2, every=2)) == ["", "", ""]


def test_a_run_whose_newest_checkpoint_is_damaged_comes_to_the_same_bits(tmp_path: Path, data: Path) -> None:
    assert list(trials.damages(training(data), tmp_path, count=4)) == [""] * 4


def test_the_trials_notice_a_checkpoint_that_forgets_its_random_streams(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "_of_process", lambda tensors: {})
    findings = list(islice(trials.faults_at_operations(training(data), tmp_path, "kill", first=160), 1))
    assert "other results" in findings[0]


def test_an_attempt_dies_or_fails_where_it_should(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()

    def write() -> None:
        write_atomic(folder / "a", b"12345")

    whole = attempt(write, folder)
    assert (whole.status, whole.operations) == (0, 5)  # folder, open, sync, rename, sync of the folder
    assert whole.synced[(folder / "a").stat().st_ino] == 5
    (folder / "a").unlink()
    assert attempt(write, folder, at=4).status == KILLED
    assert [path.read_bytes() for path in folder.iterdir()] == [b"12345"]
    assert attempt(write, folder, at=2, fault="io").status == REFUSED
    assert attempt(lambda: 1 / 0, folder).status == UNEXPECTED


@pytest.mark.parametrize(("loss", "left"), [("empty", b""), ("half", b"12"), ("gone", None)])
def test_unsynced_bytes_are_lost_with_the_power(tmp_path: Path, loss: Any, left: bytes | None) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    write_atomic(folder / "old", b"safe")

    def write() -> None:
        (folder / "a").write_bytes(b"12345")
        with (folder / "old").open("ab") as file:
            file.write(b"more")

    lose_power(folder, attempt(write, folder), loss)
    assert (folder / "a").exists() == (left is not None)
    assert left is None or (folder / "a").read_bytes() == left
    assert (folder / "old").read_bytes() == (b"safemo" if loss == "half" else b"safe")


def test_a_rename_in_a_folder_that_was_not_synced_may_be_undone(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()

    def make() -> None:
        with committed_directory(folder / "out", kind="test") as scratch:
            (scratch / "a").write_bytes(b"1")
        (folder / "out").rename(folder / "moved")

    lose_power(folder, attempt(make, folder), "not renamed")
    assert [path.name for path in folder.iterdir()] == ["out"]
