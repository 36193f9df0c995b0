"""Runs that are stopped, damaged, doubled or fed nonsense lose nothing and go on where they were."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.fixtures import train_config, write_rows
from ugembed.errors import CheckpointError, StoreError, UgembedError
from ugembed.files import locked
from ugembed.losses.info_nce import InfoNce
from ugembed.models.saved import checkpoints
from ugembed.train.config import TrainConfig
from ugembed.train.journal import read_metrics
from ugembed.train.run import Started, train
from ugembed.train.signals import SIGNALS, StoppedError, listening
from ugembed.train.stages.contrastive import Contrastive

STEPS, ACCUMULATION = 3, 3


def _config(folder: Path, name: str, data: Path, **trainer: Any) -> TrainConfig:
    defaults = {"batch_size": 2, "accumulation": ACCUMULATION, "max_steps": STEPS, "log_every": 1}
    raw = train_config(folder / name, data, stage=2, **{**defaults, **trainer})
    raw["model"]["lora"]["dropout"] = raw["model"]["graph_encoder"]["dropout"] = 0.2
    return TrainConfig.model_validate(raw)


def _newest(run: Path) -> dict[str, bytes]:
    folder = checkpoints(run)[-1]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _metrics(run: Path) -> list[dict[str, Any]]:
    timed = {"items_per_s", "elapsed_s"}
    return [{k: v for k, v in line.items() if k not in timed} for line in read_metrics(run / "metrics.jsonl")]


@pytest.fixture(autouse=True)
def ctrl_c() -> Iterator[None]:
    """Ctrl-C as at a terminal, also where the tests run in the background, whose jobs ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rows(tmp_path_factory.mktemp("data"), rows=8, stage=2)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """A run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    train(_config(folder, "run", data))
    return folder / "run"


def _stop_at(monkeypatch: pytest.MonkeyPatch, call: int, number: int) -> None:
    """Send this process a signal while batch ``call`` (from 1) is being prepared."""
    prepare, calls = Contrastive.prepare, [0]

    def counted(self: Contrastive, *arguments: Any, **options: Any) -> Any:
        calls[0] += 1
        if calls[0] == call:
            os.kill(os.getpid(), number)
        return prepare(self, *arguments, **options)

    monkeypatch.setattr(Contrastive, "prepare", counted)


@pytest.mark.parametrize("call", range(1, STEPS * ACCUMULATION))
def test_a_signal_within_any_micro_step_costs_nothing(
    tmp_path: Path, data: Path, whole: Path, call: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = _config(tmp_path, "run", data)
    number = SIGNALS[call % len(SIGNALS)]
    with monkeypatch.context() as patch:
        _stop_at(patch, call, number)
        with pytest.raises(StoppedError) as caught:
            train(config)
    assert caught.value.exit_status == 128 + number
    assert signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler)
    step, micro = divmod(call, ACCUMULATION)
    name = f"step-{step:07d}" + (f"-{micro:04d}" if micro else "")
    assert [folder.name for folder in checkpoints(tmp_path / "run")] == [name]
    train(config, resume=tmp_path / "run")
    assert _newest(tmp_path / "run") == _newest(whole)
    assert _metrics(tmp_path / "run") == _metrics(whole)


def test_a_signal_in_the_last_step_is_too_late(
    tmp_path: Path, data: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stop_at(monkeypatch, STEPS * ACCUMULATION, signal.SIGTERM)
    train(_config(tmp_path, "run", data))
    assert _newest(tmp_path / "run") == _newest(whole)


def test_a_second_signal_does_what_it_did_before() -> None:
    with listening() as asked:
        os.kill(os.getpid(), signal.SIGINT)
        assert asked.signal == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_a_signal_that_is_ignored_stays_so() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with listening() as asked:
        os.kill(os.getpid(), signal.SIGINT)
    assert asked.signal == 0
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN


def _damage(folder: Path) -> None:
    file = folder / "optimizer.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)


def test_a_damaged_checkpoint_is_named_and_the_one_before_it_is_used(tmp_path: Path, data: Path, whole: Path) -> None:
    config = _config(tmp_path, "run", data, save_every=1, keep_last=3)
    train(config)
    _damage(tmp_path / "run/checkpoints/step-0000003")
    (tmp_path / "run/checkpoints/step-0000002/state.json").unlink()
    started: list[Started] = []
    train(config, resume=tmp_path / "run", on_start=started.append)
    assert started[0].resumed_step == 1
    assert ["step-0000003" in fault or "step-0000002" in fault for fault in started[0].faults] == [True, True]
    assert {path.name for path in (tmp_path / "run/checkpoints").glob("*.damaged")} == {
        "step-0000002.damaged",
        "step-0000003.damaged",
    }
    ours, theirs = _newest(tmp_path / "run"), _newest(whole)
    assert {name for name in theirs if ours[name] != theirs[name]} == set()


def test_a_checkpoint_that_has_lost_its_manifest_is_set_aside(tmp_path: Path, data: Path, whole: Path) -> None:
    config = _config(tmp_path, "run", data, save_every=1, keep_last=3)
    train(config)
    (tmp_path / "run/checkpoints/step-0000003/manifest.json").unlink()
    train(config, resume=tmp_path / "run")
    assert (tmp_path / "run/checkpoints/step-0000003.damaged").is_dir()
    assert _newest(tmp_path / "run") == _newest(whole)


def test_a_run_without_a_whole_checkpoint_is_refused(tmp_path: Path, data: Path) -> None:
    config = _config(tmp_path, "run", data)
    train(config)
    _damage(tmp_path / "run/checkpoints/step-0000003")
    with pytest.raises(CheckpointError, match="step-0000003") as caught:
        train(config, resume=tmp_path / "run")
    assert caught.value.code == "checkpoint-broken"
    with pytest.raises(StoreError) as named:
        train(config, resume=tmp_path / "run/checkpoints/step-0000003")
    assert named.value.code == "damaged"


def test_what_a_killed_run_was_writing_or_removing_is_swept_away(tmp_path: Path, data: Path) -> None:
    config = _config(tmp_path, "run", data)
    train(config)
    folder = tmp_path / "run/checkpoints"
    for left in (".step-0000004.1234abcd.tmp", ".step-0000001.old"):
        shutil.copytree(folder / "step-0000003", folder / left)
    train(config, resume=tmp_path / "run")
    assert [path.name for path in folder.iterdir()] == ["step-0000003"]


def test_two_runs_do_not_share_a_folder(tmp_path: Path, data: Path) -> None:
    with locked(tmp_path / "run"), pytest.raises(StoreError) as caught:
        train(_config(tmp_path, "run", data))
    assert caught.value.code == "output-busy"
    assert not (tmp_path / "run").exists()


def test_accepted_changes_go_on_in_the_same_order(tmp_path: Path, data: Path) -> None:
    train(_config(tmp_path, "run", data, max_steps=1))
    longer = _config(tmp_path, "run", data, batch_size=3, accumulation=2)
    with pytest.raises(CheckpointError, match=r"trainer\.accumulation: was 3, is 2"):
        train(longer, resume=tmp_path / "run")
    state = train(longer, resume=tmp_path / "run", accept_changes=True)
    assert (state.step, state.rows_per_step) == (3, 6)
    with pytest.raises(CheckpointError) as caught:
        train(_config(tmp_path, "run", data, accumulation=4), resume=tmp_path / "run", accept_changes=True)
    assert caught.value.code == "resume-order"


def _broken_losses(monkeypatch: pytest.MonkeyPatch, bad: Callable[[int], bool]) -> None:
    """Make the loss of micro-steps not a number."""
    loss, calls = InfoNce.__call__, [0]

    def counted(self: InfoNce, *arguments: Tensor) -> Tensor:
        calls[0] += 1
        return loss(self, *arguments) * (torch.nan if bad(calls[0]) else 1.0)

    monkeypatch.setattr(InfoNce, "__call__", counted)


def _moved(lines: list[dict[str, Any]]) -> list[bool]:
    return ["skipped_rows" not in line for line in lines]


def test_a_step_whose_loss_is_not_finite_is_left_out_and_its_rows_are_named(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _broken_losses(monkeypatch, lambda call: call == 4)  # the first micro-step of step 2
    reports: list[Mapping[str, Any]] = []
    train(_config(tmp_path, "run", data, save_every=1, keep_last=3), on_report=reports.append)
    lines = read_metrics(tmp_path / "run/metrics.jsonl")
    assert _moved(lines) == [True, False, True]
    named = lines[1]["skipped_rows"]
    assert len(named) == 2 * ACCUMULATION
    assert all(row.startswith(f"{data}:") for row in named)
    first, second, third = (
        (folder / "model/modules.safetensors").read_bytes() for folder in checkpoints(tmp_path / "run")
    )
    assert first == second != third


def test_too_many_such_steps_in_a_row_end_the_run(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _broken_losses(monkeypatch, lambda call: call > 1 and call != 3)
    config = _config(tmp_path, "run", data, accumulation=1, max_steps=10, save_every=1, max_skipped=2)
    with pytest.raises(UgembedError, match=str(data)) as caught:
        train(config)
    assert caught.value.code == "not-finite"
    assert [folder.name for folder in checkpoints(tmp_path / "run")] == ["step-0000004", "step-0000005"]
