"""Two processes compute what one process computes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file

from tests.fixtures import train_config, write_rows
from tests.train.contrast_cases import CASES, gradients
from ugembed.train.config import TrainConfig
from ugembed.train.journal import read_metrics
from ugembed.train.run import train
from ugembed.train.strategy import Single

ROOT = Path(__file__).resolve().parents[2]


def _weights(run: Path) -> dict[str, torch.Tensor]:
    model = run / "checkpoints/step-0000004/model"
    return load_file(model / "adapter_model.safetensors") | load_file(model / "modules.safetensors")


def _two_processes(config: Path, *options: str) -> str:
    """Train stage 2 on two processes; what they said."""
    command = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone", "-m", "ugembed"]
    result = subprocess.run(
        [sys.executable, *command, "train", "stage2", "--config", str(config), *options],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    return result.stderr[-2000:]


def test_two_processes_of_two_rows_train_like_one_process_of_four(tmp_path: Path) -> None:
    """Same global batches, every query sees all four documents: equal losses and, up to rounding, equal weights."""
    data = write_rows(tmp_path / "data", rows=8, stage=2)
    single = train_config(tmp_path / "single", data, stage=2, max_steps=4, log_every=1)
    single["optimizer"] = {"lr": 1e-3, "graph_lr": 1e-3, "clip_norm": 0.5}
    train(TrainConfig.model_validate(single))
    double = {**single, "out": str(tmp_path / "double"), "trainer": {**single["trainer"], "batch_size": 2}}
    (tmp_path / "double.yaml").write_text(yaml.safe_dump(double))
    said = _two_processes(tmp_path / "double.yaml")
    lines = read_metrics(tmp_path / "double/metrics.jsonl")
    assert [line["step"] for line in lines] == [1, 2, 3, 4], said
    for one, two in zip(read_metrics(tmp_path / "single/metrics.jsonl"), lines, strict=True):
        assert two["loss"] == pytest.approx(one["loss"], rel=2e-3)
        assert two["gradient_norm"] == pytest.approx(one["gradient_norm"], rel=2e-2)
    one, two = _weights(tmp_path / "single"), _weights(tmp_path / "double")
    assert one.keys() == two.keys()
    moved = {name: (one[name] - two[name]).abs().max().item() for name in one}
    assert max(moved.values()) < 1e-3


@pytest.fixture(scope="module")
def shared_gradients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What two processes came to, case by case."""
    folder = tmp_path_factory.mktemp("gradients")
    command = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone", "tests/train/contrast_cases.py"]
    result = subprocess.run(
        [sys.executable, *command, str(folder)], cwd=ROOT, capture_output=True, text=True, timeout=120,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert len(list(folder.iterdir())) == 2 * len(CASES), result.stderr[-3000:]
    return folder


@pytest.mark.parametrize("name", CASES)
def test_two_processes_come_to_the_gradient_of_one(name: str, shared_gradients: Path) -> None:
    one = gradients(CASES[name], Single())
    largest = max(float(value.abs().max()) for value in one.values())
    assert largest > 0
    for rank in (0, 1):
        both = load_file(shared_gradients / f"{name} {rank}.safetensors")
        assert both.keys() == one.keys()
        assert max(float((one[key] - both[key]).abs().max()) for key in one) < 1e-5 * largest


def test_two_processes_go_on_with_their_own_random_streams(tmp_path: Path) -> None:
    """With dropout, two steps and two more are four, bit for bit, on both processes."""
    raw = train_config(
        tmp_path / "run", write_rows(tmp_path / "data", rows=8, stage=2), stage=2, max_steps=4, save_every=2,
        batch_size=2,
    )  # fmt: skip
    raw["model"]["lora"]["dropout"] = raw["model"]["graph_encoder"]["dropout"] = 0.2
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(raw))
    said = _two_processes(tmp_path / "run.yaml")
    last = tmp_path / "run/checkpoints/step-0000004"
    assert last.is_dir(), said
    whole = {path.relative_to(last): path.read_bytes() for path in last.rglob("*") if path.is_file()}
    streams = load_file(last / "random.safetensors")
    assert not torch.equal(streams["0|cpu"], streams["1|cpu"])
    shutil.rmtree(last)
    said = _two_processes(tmp_path / "run.yaml", "--resume")
    assert last.is_dir(), said
    again = {path.relative_to(last): path.read_bytes() for path in last.rglob("*") if path.is_file()}
    assert {name for name in whole if whole[name] != again[name]} == set()
