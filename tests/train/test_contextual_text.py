"""Node texts read by the language model do not cost a run its exact resumption."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.fixtures import train_config, write_rows
from ugembed.train.config import TrainConfig
from ugembed.train.run import train


def test_a_resumed_run_reads_its_node_texts_anew_and_ends_in_the_same_bits(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "data", rows=12, stage=2)
    raw = train_config(tmp_path / "run", data, stage=2, max_steps=4, save_every=2, keep_last=3)
    raw["model"]["node_text"] = "contextual"
    config = TrainConfig.model_validate(raw)
    train(config)
    last = tmp_path / "run" / "checkpoints" / "step-0000004"
    wanted = {path.name: path.read_bytes() for path in last.rglob("*.safetensors")}
    assert {"adapter_model.safetensors", "modules.safetensors"} <= wanted.keys()
    shutil.rmtree(last)
    train(config, resume=tmp_path / "run")
    assert {path.name: path.read_bytes() for path in last.rglob("*.safetensors")} == wanted
