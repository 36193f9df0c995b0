"""Real checkpoint folders of both families load by the same code, and a stranger is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import Qwen2_5_VLModel, Qwen2VLConfig, Qwen2VLModel

from tests.fixtures import graph, item, model_config
from ugembed.errors import CheckpointError
from ugembed.models.backbones.tiny import TinyConfig, qwen_config, shipped_text_side
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder

FAMILIES = ("qwen2_vl", "qwen2_5_vl")


def _folder(path: Path, family: str) -> Path:
    """A checkpoint folder as the hub holds them, with small random weights."""
    tokenizer, processor = shipped_text_side()
    torch.manual_seed(0)
    config = qwen_config(TinyConfig(width=32, vision_width=32), vocabulary=len(tokenizer))
    if family == "qwen2_vl":
        text = config.text_config.to_dict() | {"model_type": "qwen2_vl_text"}
        ids = {name: getattr(config, name) for name in ("image_token_id", "video_token_id", "vision_start_token_id")}
        vision: dict[str, Any] = {"depth": 2, "embed_dim": 32, "num_heads": 1, "hidden_size": 32, "mlp_ratio": 2}
        model: Any = Qwen2VLModel(Qwen2VLConfig(text_config=text, vision_config=vision, **ids))
    else:
        model = Qwen2_5_VLModel(config)
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    processor.save_pretrained(path)
    return path


def _embedder(path: Path, kind: str) -> Embedder:
    config = model_config() | {"backbone": {"kind": kind, "path": str(path), "dtype": "float32"}}
    return Embedder(ModelConfig.model_validate(config))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_checkpoint_folder_loads_and_keeps_graphs_apart(tmp_path: Path, family: str) -> None:
    embedder = _embedder(_folder(tmp_path, family), family)
    rows = [item(0), item(1, nodes=8), item(2)]
    before = embedder.encode_items(rows)
    rows[1] = type(rows[1])(rows[1].text, rows[1].images, (graph(9, 8),))
    moved = np.abs(embedder.encode_items(rows) - before).max(axis=1)
    assert moved[1] > 1e-4
    assert max(moved[0], moved[2]) <= 1e-6


@pytest.mark.parametrize("family", FAMILIES)
def test_a_vocabulary_without_spare_rows_grows_by_the_graph_tokens(tmp_path: Path, family: str) -> None:
    embedder = _embedder(_folder(tmp_path, family), family)
    markers = embedder.backbone.markers
    assert max(markers.graph_start, markers.graph_pad, markers.graph_end) < embedder.core.config.text_config.vocab_size


@pytest.mark.parametrize(("stored", "asked"), [FAMILIES, FAMILIES[::-1]])
def test_a_checkpoint_of_another_family_is_refused(tmp_path: Path, stored: str, asked: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        _embedder(_folder(tmp_path, stored), asked)
    assert caught.value.code == "wrong-backbone"
    assert stored in caught.value.message


@pytest.mark.parametrize("content", [None, "{", '{"model_type": "nothing"}', '{"auto_map": {"AutoModel": "x.Y"}}'])
def test_a_folder_that_is_no_checkpoint_is_refused_and_runs_nothing(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    (tmp_path / "x.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(CheckpointError) as caught:
        _embedder(tmp_path, "qwen2_5_vl")
    assert caught.value.code == "backbone-missing"
    assert not (tmp_path / "ran").exists()
