"""Runs end, resume to the bit, start from each other, and refuse what they cannot do."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file

from tests.fixtures import item, train_config, write_rows
from ugembed.errors import CheckpointError, ConfigError, DataError, StoreError
from ugembed.models.backbones.tiny import WEIGHTS
from ugembed.models.embedder import Embedder
from ugembed.models.saved import load_embedder
from ugembed.train.config import TrainConfig
from ugembed.train.journal import read_metrics
from ugembed.train.run import Started, train


def _config(out: Path, data: Path, *, stage: int = 2, **trainer: Any) -> TrainConfig:
    return TrainConfig.model_validate(train_config(out, data, stage=stage, **trainer))


def _checkpoint_files(run: Path, step: int) -> dict[str, bytes]:
    """Every byte of a checkpoint but its manifest's facts, which say the same."""
    folder = run / "checkpoints" / f"step-{step:07d}"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("stage", [1, 2])
@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_six_steps_are_three_steps_and_three_resumed_bit_for_bit(tmp_path: Path, stage: int, dropout: float) -> None:
    data = write_rows(tmp_path / "data", rows=10, stage=stage)  # 2 steps an epoch: the resumption crosses epochs

    def config(name: str, **trainer: Any) -> TrainConfig:
        raw = train_config(tmp_path / name, data, stage=stage, max_steps=6, log_every=1, keep_last=3, **trainer)
        raw["model"]["lora"]["dropout"] = dropout
        if stage == 2:
            raw["model"]["graph_encoder"]["dropout"] = dropout
        return TrainConfig.model_validate(raw)

    train(config("whole", save_every=3))
    whole = _checkpoint_files(tmp_path / "whole", 6)
    shutil.copytree(tmp_path / "whole", tmp_path / "parts")
    shutil.rmtree(tmp_path / "parts/checkpoints/step-0000006")  # as if killed after step 3
    started: list[Started] = []
    train(config("parts", save_every=3), resume=tmp_path / "parts", on_start=started.append)
    assert started[0].resumed_step == 3
    parts = _checkpoint_files(tmp_path / "parts", 6)
    assert parts.keys() == whole.keys()
    assert [name for name in whole if whole[name] != parts[name]] == []
    measured = {"items_per_s", "elapsed_s"}
    lines = [
        [{key: value for key, value in line.items() if key not in measured} for line in read_metrics(run)]
        for run in (tmp_path / "whole/metrics.jsonl", tmp_path / "parts/metrics.jsonl")
    ]
    assert lines[0] == lines[1]
    assert [line["step"] for line in lines[0]] == [1, 2, 3, 4, 5, 6]


def test_a_run_in_small_parts_learns_what_a_run_of_whole_batches_learns_and_resumes_to_the_bit(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "data", rows=10, stage=2)

    def run(name: str, resume: Path | None = None, dropout: float = 0.0, **trainer: Any) -> Path:
        raw = train_config(tmp_path / name, data, stage=2, max_steps=4, log_every=1, keep_last=3, **trainer)
        raw["model"]["lora"]["dropout"] = dropout
        raw["data"]["validation"] = [str(data)]
        train(TrainConfig.model_validate(raw), resume=resume)
        return tmp_path / name

    whole = read_metrics(run("whole") / "metrics.jsonl")
    parts = read_metrics(run("parts", chunk_rows=3, chunk_tokens=200) / "metrics.jsonl")
    for one, two in zip(whole, parts, strict=True):
        for name in ("loss", "gradient_norm", "accuracy"):
            assert two[name] == pytest.approx(one[name], rel=1e-3)
    assert parts[-1]["validation_loss"] == pytest.approx(whole[-1]["validation_loss"], rel=1e-3)
    run("again", dropout=0.2, chunk_rows=3, save_every=2)
    last = _checkpoint_files(tmp_path / "again", 4)
    shutil.rmtree(tmp_path / "again/checkpoints/step-0000004")
    run("again", tmp_path / "again", dropout=0.2, chunk_rows=3, save_every=2)
    assert _checkpoint_files(tmp_path / "again", 4) == last


@pytest.mark.parametrize(("chunk_rows", "wanted"), [(None, True), (2, False)])
def test_activations_are_recomputed_by_themselves_where_no_part_is_computed_twice(
    tmp_path: Path, chunk_rows: int | None, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = train_config(tmp_path / "run", write_rows(tmp_path, rows=4, stage=1), stage=1, max_steps=1)
    raw["trainer"] |= {"chunk_rows": chunk_rows, "gradient_checkpointing": "auto"}
    asked: list[Any] = []
    monkeypatch.setattr(
        "transformers.modeling_utils.PreTrainedModel.gradient_checkpointing_enable",
        lambda self, **settings: asked.append(settings),
    )
    train(TrainConfig.model_validate(raw))
    assert bool(asked) is wanted


def test_training_learns_what_it_is_shown(tmp_path: Path) -> None:
    data = write_rows(tmp_path, rows=8, stage=2)
    raw = train_config(tmp_path / "run", data, stage=2, max_steps=60, log_every=1)
    raw["optimizer"] = {"lr": 5e-3, "graph_lr": 5e-3}
    train(TrainConfig.model_validate(raw))
    losses = [line["loss"] for line in read_metrics(tmp_path / "run/metrics.jsonl")]
    assert np.mean(losses[-5:]) < 0.6 * np.mean(losses[:5])


def test_a_bfloat16_backbone_trains_with_recomputed_activations(tmp_path: Path) -> None:
    """The settings of the full-size run files, on the shipped small weights."""
    data = write_rows(tmp_path, rows=8, stage=2)
    raw = train_config(tmp_path / "run", data, stage=2, max_steps=2, precision="bfloat16", gradient_checkpointing=True)
    raw["model"]["backbone"] = {"kind": "qwen2_5_vl", "path": str(WEIGHTS), "dtype": "bfloat16"}
    train(TrainConfig.model_validate(raw))
    embedder = load_embedder(tmp_path / "run", device="cpu")
    assert embedder.backbone.token_embedding().weight.dtype == torch.bfloat16
    assert {value.dtype for value in embedder.trained_parameters().values()} == {torch.float32}
    vectors = embedder.encode_items([item(0), item(1)])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("kind", ["compact", "gcn", "transformer"])
@pytest.mark.parametrize("fusion", ["tokens", "pooled", "gated"])
def test_every_narrow_encoder_trains_with_every_fusion_and_its_metric_loss(
    tmp_path: Path, kind: str, fusion: str
) -> None:
    raw = train_config(tmp_path / "run", write_rows(tmp_path, rows=8, stage=2), stage=2, max_steps=8, log_every=1)
    raw["optimizer"] = {"lr": 5e-3, "graph_lr": 5e-3}
    raw["model"] |= {"graph_encoder": {"kind": kind, "width": 16, "metric_weight": 0.5}, "fusion": {"kind": fusion}}
    train(TrainConfig.model_validate(raw))
    auxiliary = [line["auxiliary"] for line in read_metrics(tmp_path / "run/metrics.jsonl")]
    assert len(auxiliary) == 8
    assert 0 < auxiliary[-1] < auxiliary[0]


def test_every_weight_of_the_language_model_can_be_trained_and_comes_back(tmp_path: Path) -> None:
    raw = train_config(tmp_path / "run", write_rows(tmp_path, rows=8, stage=2), stage=2, max_steps=2)
    raw["model"] |= {"train": "full", "lora": None}
    train(TrainConfig.model_validate(raw))
    before = Embedder(TrainConfig.model_validate(raw).model)
    after = load_embedder(tmp_path / "run", device="cpu")
    trained = {name for name in after.trained_parameters() if ".language_model." in f".{name}"}
    assert len(trained) > 10
    old, new = dict(before.named_parameters()), dict(after.named_parameters())
    assert all(not torch.equal(old[name], new[name]) for name in trained if "norm" not in name)
    assert all(torch.equal(old[name], new[name]) for name in old if ".visual." in f".{name}")
    rows = [item(0), item(1)]
    assert np.array_equal(after.encode_items(rows), load_embedder(tmp_path / "run", device="cpu").encode_items(rows))


def test_stage_two_starts_from_stage_one_and_says_so(tmp_path: Path) -> None:
    one = write_rows(tmp_path / "one", rows=8, stage=1)
    two = write_rows(tmp_path / "two", rows=8, stage=2)
    train(_config(tmp_path / "stage1", one, stage=1, max_steps=3))
    images = [item(0).without_graphs()]
    first = load_embedder(tmp_path / "stage1", device="cpu").encode_items(images)
    for name, way in (("by-init", {"init_from": tmp_path / "stage1"}), ("by-resume", {"resume": tmp_path / "stage1"})):
        raw = train_config(tmp_path / name, two, stage=2, max_steps=1)
        raw["optimizer"] = {"lr": 1e-12, "graph_lr": 1e-12}
        raw["init_from"] = way.get("init_from")
        started: list[Started] = []
        train(TrainConfig.model_validate(raw), resume=way.get("resume"), on_start=started.append)
        assert started[0].resumed_step == 0
        assert "stage1" in started[0].weights_from
        assert "graph part new" in started[0].weights_from
        again = load_embedder(tmp_path / name, device="cpu").encode_items(images)
        assert np.abs(first - again).max() < 1e-6


def test_gradient_accumulation_averages_micro_steps(tmp_path: Path) -> None:
    """Two micro-steps of 4 rows give the mean of the two batches' losses, and one optimizer step."""
    data = write_rows(tmp_path, rows=8, stage=1)
    raw = train_config(tmp_path / "a", data, stage=1, max_steps=1, accumulation=2)
    train(TrainConfig.model_validate(raw))
    raw = train_config(tmp_path / "b", data, stage=1, max_steps=2, log_every=1)
    raw["optimizer"] = {"lr": 1e-12}
    train(TrainConfig.model_validate(raw))
    one = read_metrics(tmp_path / "a/metrics.jsonl")
    two = read_metrics(tmp_path / "b/metrics.jsonl")
    assert len(one) == 1
    assert one[0]["loss"] == pytest.approx((two[0]["loss"] + two[1]["loss"]) / 2, rel=1e-5)


def test_validation_rows_are_reported_at_every_save(tmp_path: Path) -> None:
    data = write_rows(tmp_path, rows=8, stage=2)
    raw = train_config(tmp_path / "run", data, stage=2, max_steps=2)
    raw["data"]["validation"] = [str(data)]
    train(TrainConfig.model_validate(raw))
    last = read_metrics(tmp_path / "run/metrics.jsonl")[-1]
    assert last["validation_loss"] > 0
    assert 0 <= last["validation_accuracy"] <= 1


def test_only_the_newest_checkpoints_are_kept(tmp_path: Path) -> None:
    data = write_rows(tmp_path, rows=8, stage=1)
    train(_config(tmp_path / "run", data, stage=1, max_steps=5, save_every=1, keep_last=2))
    kept = sorted(path.name for path in (tmp_path / "run/checkpoints").iterdir())
    assert kept == ["step-0000004", "step-0000005"]


@pytest.fixture
def finished(tmp_path: Path) -> tuple[Path, Path]:
    data = write_rows(tmp_path, rows=8, stage=1)
    train(_config(tmp_path / "run", data, stage=1, max_steps=1))
    return tmp_path / "run", data


def test_a_folder_that_holds_a_run_is_not_overwritten(finished: tuple[Path, Path]) -> None:
    run, data = finished
    before = _checkpoint_files(run, 1)
    with pytest.raises(StoreError) as caught:
        train(_config(run, data, stage=1, max_steps=1))
    assert caught.value.code == "output-exists"
    assert _checkpoint_files(run, 1) == before


def test_resuming_with_another_configuration_or_data_says_what_differs(finished: tuple[Path, Path]) -> None:
    run, data = finished
    with pytest.raises(CheckpointError, match=r"trainer\.batch_size: was 4, is 2") as caught:
        train(_config(run, data, stage=1, max_steps=1, batch_size=2), resume=run)
    assert caught.value.code == "resume-differs"
    data.write_bytes(data.read_bytes().replace(b"Oak", b"Elm"))
    with pytest.raises(CheckpointError, match="content changed"):
        train(_config(run, data, stage=1, max_steps=1), resume=run)


def test_stage_two_refuses_rows_without_graphs(tmp_path: Path) -> None:
    data = write_rows(tmp_path, rows=8, stage=1)
    with pytest.raises(DataError) as caught:
        train(_config(tmp_path / "run", data, stage=2, max_steps=1))
    assert caught.value.code == "no-graphs"
    assert not (tmp_path / "run").exists()


def test_stage_two_refuses_a_model_without_a_graph_part(tmp_path: Path) -> None:
    data = write_rows(tmp_path, rows=8, stage=2)
    raw = train_config(tmp_path / "run", data, stage=2, max_steps=1)
    raw["model"]["graph_encoder"] = raw["model"]["fusion"] = None
    with pytest.raises(ConfigError) as caught:
        train(TrainConfig.model_validate(raw))
    assert caught.value.code == "graph-part-missing"


def test_a_learnt_temperature_is_trained_kept_and_resumed_to_the_bit(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "data", rows=8, stage=1)

    def run(resume: Path | None = None) -> dict[str, bytes]:
        raw = train_config(tmp_path / "run", data, stage=1, max_steps=4, save_every=2, keep_last=3)
        raw["loss"] = {"kind": "matryoshka", "dimensions": [32], "inner": {"learn_temperature": True}}
        train(TrainConfig.model_validate(raw), resume=resume)
        return _checkpoint_files(tmp_path / "run", 4)

    whole = run()
    [(name, value)] = load_file(tmp_path / "run/checkpoints/step-0000004/loss.safetensors").items()
    assert name == "loss.inner.log_temperature"
    assert 1e-4 < abs(float(value) - np.log(0.01)) < 0.1
    shutil.rmtree(tmp_path / "run/checkpoints/step-0000004")
    assert run(tmp_path / "run") == whole


def test_metres_want_a_loss_that_takes_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = train_config(tmp_path / "run", tmp_path, stage=1)
    raw["stage"]["near_m"] = 50.0
    assert TrainConfig.model_validate(raw).stage.near_m == 50.0  # type: ignore[attr-defined]
    monkeypatch.setattr("ugembed.losses.info_nce.InfoNceConfig.weighs_negatives", False)
    with pytest.raises(ValidationError, match="takes no weights"):
        TrainConfig.model_validate(raw)


def test_too_few_rows_for_one_step_are_refused(tmp_path: Path) -> None:
    data = write_rows(tmp_path, rows=3, stage=1)
    with pytest.raises(DataError) as caught:
        train(_config(tmp_path / "run", data, stage=1))
    assert caught.value.code == "too-few-rows"
