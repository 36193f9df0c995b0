"""Training the graph part alone: to the bit after a resumption, in small parts, from a stage 1 whose adapters stay."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.fixtures import train_config, write_rows
from tests.models.frozen_models import ENCODER, frozen_config
from ugembed.errors import DataError
from ugembed.models.embedder import Embedder
from ugembed.models.saved import load_embedder
from ugembed.train.config import TrainConfig
from ugembed.train.data import load_pairs
from ugembed.train.journal import read_metrics
from ugembed.train.run import train
from ugembed.train.whitening import fit_head


@pytest.fixture(scope="module")
def stage1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose adapters are no longer zero."""
    folder = tmp_path_factory.mktemp("stage1")
    train(_config(folder / "run", write_rows(folder / "data", rows=6, stage=1), stage=1, max_steps=2))
    return folder / "run"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_rows(tmp_path_factory.mktemp("stage2"), rows=10, stage=2)


def _config(out: Path, data: Path, *, stage: int = 2, **trainer: Any) -> TrainConfig:
    raw = train_config(out, data, stage=stage, **{"log_every": 1, "keep_last": 3, **trainer})
    if stage == 2:
        raw["model"] = frozen_config() | {"graph_encoder": ENCODER | {"dropout": 0.2}}
        raw["optimizer"] = {"lr": 5e-3, "graph_lr": 5e-3}
    return TrainConfig.model_validate(raw)


def _from(stage1: Path, config: TrainConfig) -> TrainConfig:
    return config.model_copy(update={"init_from": stage1})


def _files(run: Path, step: int) -> dict[str, bytes]:
    folder = run / "checkpoints" / f"step-{step:07d}"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("chunk_rows", [None, 3])
def test_four_steps_are_two_and_two_resumed_to_the_bit(
    tmp_path: Path, stage1: Path, data: Path, chunk_rows: int | None
) -> None:
    def config(name: str) -> TrainConfig:
        return _from(stage1, _config(tmp_path / name, data, max_steps=4, save_every=2, chunk_rows=chunk_rows))

    train(config("whole"))
    shutil.copytree(tmp_path / "whole", tmp_path / "parts")
    shutil.rmtree(tmp_path / "parts/checkpoints/step-0000004")
    train(config("parts"), resume=tmp_path / "parts")
    whole, parts = _files(tmp_path / "whole", 4), _files(tmp_path / "parts", 4)
    assert parts.keys() == whole.keys()
    assert [name for name in whole if whole[name] != parts[name]] == []


def test_adapters_stay_what_stage_1_made_them_and_are_saved(tmp_path: Path, stage1: Path, data: Path) -> None:
    train(_from(stage1, _config(tmp_path / "run", data, max_steps=2)))
    before = load_file(stage1 / "checkpoints/step-0000002/model/adapter_model.safetensors")
    after = load_file(tmp_path / "run/checkpoints/step-0000002/model/adapter_model.safetensors")
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert any(bool(tensor.any()) for name, tensor in before.items() if "lora_B" in name)
    loaded = load_embedder(tmp_path / "run", device="cpu")
    assert loaded.head is not None
    assert loaded.head.is_fitted


def test_it_learns_what_it_is_shown(tmp_path: Path, data: Path) -> None:
    train(_config(tmp_path / "run", data, max_steps=40))
    losses = [line["loss"] for line in read_metrics(tmp_path / "run/metrics.jsonl")]
    assert np.mean(losses[-5:]) < 0.4 * np.mean(losses[:5])


def test_the_head_is_fitted_once_to_documents_and_names(tmp_path: Path, data: Path) -> None:
    config = _config(tmp_path / "run", data)
    model, pairs = Embedder(config.model), load_pairs(config.data.train, config.data)
    fit_head(model, pairs, seed=0)
    assert model.head is not None
    texts = {item.text for pair in pairs for item in pair.positives}
    names = {f"place {k} {j}" for k in range(10) for j in range(3 + k % 3)}
    pooled = model.pooled_documents(sorted(texts | names))
    torch.testing.assert_close(model.head.mean, pooled.mean(dim=0), rtol=1e-4, atol=1e-5)
    white = (pooled - model.head.mean) @ model.head.map
    widths = torch.linalg.eigvalsh(torch.cov(white.T)).flip(0)
    assert widths[0] <= 1.0 + 1e-3
    assert widths[4] > 0.5  # of pooled vectors one direction outweighs all others
    fitted = model.head.map.clone()
    fit_head(model, pairs[:2], seed=1)
    assert torch.equal(model.head.map, fitted)


def test_rows_without_a_text_to_fit_to_are_refused(tmp_path: Path, data: Path) -> None:
    config = _config(tmp_path / "run", data)
    with pytest.raises(DataError) as caught:
        fit_head(Embedder(config.model), [], seed=0)
    assert caught.value.code == "whitening-vectors"
