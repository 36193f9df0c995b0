"""Four bits for the language model, and for nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from tests.fixtures import model_config
from ugembed.errors import ConfigError
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.lora import LoraConfig, wrap
from ugembed.models.quantize import four_bits, kept_whole
from ugembed.models.skeleton import LAYERS


def test_the_vision_tower_is_kept_whole_though_it_shares_names() -> None:
    core = Embedder(ModelConfig.model_validate(model_config(graph_part=False) | {"lora": None})).core
    outside = kept_whole(core)
    assert "visual.blocks.0.mlp.gate_proj" in outside
    assert all(name.startswith("visual.") for name in outside)
    inside = {name for name, module in core.named_modules() if isinstance(module, nn.Linear)} - set(outside)
    assert len(inside) == 2 * 7


def test_a_model_without_a_language_model_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        kept_whole(nn.Sequential(nn.Linear(2, 2)))
    assert caught.value.code == "lora-targets"


def test_a_machine_without_the_library_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ugembed.models.quantize.find_spec", lambda name: None)
    with pytest.raises(ConfigError) as caught:
        four_bits(None, None, dtype=torch.float32)
    assert caught.value.code == "bitsandbytes-missing"
    assert "ugembed[gpu]" in caught.value.hint


def test_adapters_of_four_bit_weights_receive_gradients(tmp_path: Path) -> None:
    library = pytest.importorskip("bitsandbytes")
    from transformers import Qwen2_5_VLModel

    plain = Embedder(ModelConfig.model_validate(model_config(graph_part=False) | {"lora": None})).core
    plain.save_pretrained(tmp_path)
    settings = four_bits(Qwen2_5_VLModel, plain.config, dtype=torch.float32)
    model = Qwen2_5_VLModel.from_pretrained(tmp_path, quantization_config=settings, dtype=torch.float32)
    quantised = {name for name, module in model.named_modules() if isinstance(module, library.nn.Linear4bit)}
    assert len(quantised) == 2 * 7
    assert all(name.startswith("language_model.layers.") for name in quantised)
    wrapped = wrap(model.requires_grad_(False), LoraConfig(rank=4, dropout=0), pattern=LAYERS)
    states = wrapped(input_ids=torch.arange(4)[None]).last_hidden_state
    states.square().sum().backward()
    trained = {name: weight for name, weight in wrapped.named_parameters() if weight.requires_grad}
    assert len(trained) == 2 * 2 * 2
    assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in trained.values())
