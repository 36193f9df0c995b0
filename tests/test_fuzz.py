"""The inputs that `make fuzz` makes by the million, here by the hundred; and a fuzzer that notices what it should."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz import pool, run, worker
from fuzz.pool import outcomes
from fuzz.targets import ACCEPTED, TARGETS, Target, read_or_refused
from fuzz.worker import FINDING, Chunk, make
from ugembed.errors import DataError


@pytest.mark.parametrize("name", TARGETS)
def test_unsound_inputs_are_taken_or_refused(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    target, seen = TARGETS[name], set()

    # derandomize: few pickles stay sound, and every run shall meet one
    @settings(deadline=5000, max_examples=150, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(seed=st.integers(0, 2**40))
    def check(seed: int) -> None:
        seen.add(read_or_refused(target, target.make(Random(seed)), tmp_path_factory.mktemp("input")))

    check()
    assert ACCEPTED in seen
    assert len(seen) > 1


@pytest.mark.parametrize("name", TARGETS)
def test_an_input_is_a_function_of_seed_kind_and_number(name: str) -> None:
    first = [make(TARGETS[name], name, 1, number) for number in range(20)]
    assert first == [make(TARGETS[name], name, 1, number) for number in range(20)]
    assert first != [make(TARGETS[name], name, 2, number) for number in range(20)]
    assert len(set(first)) > 10


class Numbered:
    """In place of random numbers: the number of the input, from the text that seeds them."""

    def __init__(self, text: str) -> None:
        self.number = int(text.rpartition("/")[2])


@pytest.mark.parametrize(
    ("at_seven", "told"),
    [
        (lambda: 1 // 0, "ZeroDivisionError"),
        (lambda: len(b"x" * (200 << 20)), "MiB more memory"),
        (lambda: time.sleep(1.2), "took 1.2 s"),
        (lambda: time.sleep(60), "no answer"),
        (lambda: os._exit(3), "the process died (3)"),
    ],
    ids=["traceback", "memory", "slow", "silent", "dead"],
)
def test_what_goes_wrong_is_found_and_the_rest_is_read(
    at_seven: Callable[[], object], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inputs are their numbers: even ones are taken, odd ones refused, and at 7 something happens."""

    def read(data: bytes, _folder: Path) -> str:
        number = int(data)
        if number == 7:
            at_seven()
        if number % 2:
            raise DataError("odd", code="odd-number", hint="add one")
        return ACCEPTED

    monkeypatch.setattr(pool, "HANG_S", 3.0)
    monkeypatch.setattr(worker, "SLOW_S", 1.0)
    monkeypatch.setattr(worker, "GROWTH_MIB", 100)
    monkeypatch.setattr(worker, "Random", Numbered)
    targets = {"numbers": Target(1.0, lambda random: b"%d" % random.number, read)}  # type: ignore[attr-defined]
    chunks = [Chunk("numbers", 0, 10), Chunk("numbers", 10, 20)]
    found = [outcome for _, outcome in outcomes(chunks, targets, seed=0, workers=2)]
    findings = [finding for outcome in found for finding in outcome.findings]
    assert {number for number, _ in findings} == {7}
    assert any(told in what for _, what in findings)
    verdicts = sum((outcome.verdicts for outcome in found), Counter())
    assert (verdicts[ACCEPTED], verdicts["odd-number"] + verdicts[FINDING]) == (10, 10)


def test_a_run_goes_on_where_it_was(tmp_path: Path) -> None:
    first = run.fuzz(200, 5, tmp_path, only=["manifests"], workers=1)
    assert [(entry["start"], entry["stop"]) for entry in first] == [(0, 20)]
    second = run.fuzz(400, 5, tmp_path, only=["manifests"], workers=1)
    assert [(entry["start"], entry["stop"]) for entry in second] == [(0, 20), (20, 40)]
    assert run.fuzz(400, 5, tmp_path, only=["manifests"], workers=1) == second
    assert "| manifests | 40 |" in run.summary(second)
