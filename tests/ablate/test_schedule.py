"""Tasks: what is done is found, what fails stops only what needs it, in one process and in several."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from ugembed.ablate.schedule import Outcome, Task, do_tasks
from ugembed.errors import DataError
from ugembed.progress import OnProgress, silent


def make(file: Path, needed: list[Path], on_progress: OnProgress) -> None:
    """Write a file if those that it needs are there."""
    for other in needed:
        if not other.is_file():
            raise DataError(f"{other}: not there", code="file-missing", hint="make it first")
    on_progress(1, 1, "writing")
    file.write_text("made")


def refuse(on_progress: OnProgress) -> None:
    raise DataError("never", code="never", hint="no")


def diamond(folder: Path) -> list[Task]:
    """b and c need a, d needs both, e fails, f needs it."""
    needs = {"a": "", "b": "a", "c": "a", "e": "", "d": "bc", "f": "e"}
    return [
        Task(
            name,
            tuple(before),
            partial(Path.is_file, folder / name),
            refuse if name == "e" else partial(make, folder / name, [folder / other for other in before]),
        )
        for name, before in needs.items()
    ]


@pytest.mark.parametrize("workers", [1, 2])
def test_tasks_are_done_after_what_they_need_and_only_once(tmp_path: Path, workers: int) -> None:
    told: list[tuple[int, int]] = []

    def tell(outcome: Outcome, over: int, total: int) -> None:
        told.append((over, total))

    first = {one.title: one.state for one in do_tasks(diamond(tmp_path), workers=workers, on_outcome=tell)}
    assert first == {"a": "done", "b": "done", "c": "done", "d": "done", "e": "failed", "f": "left out"}
    assert told == [(number, 6) for number in range(1, 7)]
    again = {one.title: one.state for one in do_tasks(diamond(tmp_path), workers=workers)}
    assert again == {name: "found" if state == "done" else state for name, state in first.items()}


def test_a_refusal_is_told_with_its_code(tmp_path: Path) -> None:
    lost = {one.title: one.error for one in do_tasks(diamond(tmp_path)) if one.error}
    assert lost == {"e": "[never] never", "f": "needs e"}


def test_progress_from_inside_says_which_task(tmp_path: Path) -> None:
    notes: list[str] = []
    do_tasks(diamond(tmp_path), on_progress=lambda done, total, note="": notes.append(note))
    assert notes == [f"{name}: writing" for name in "abcd"]


def test_a_fault_is_no_refusal() -> None:
    def divide(on_progress: OnProgress = silent) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        do_tasks([Task("x", (), lambda: False, divide)])
