"""Adapters sit in the language model, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.fixtures import item, model_config
from ugembed.errors import ConfigError
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.lora import check_scope, train_language_model, trained_core


def test_names_shared_with_the_vision_tower_are_adapted_only_in_the_language_model() -> None:
    config = model_config(graph_part=False)
    config["lora"]["targets"] = ["gate_proj", "up_proj", "down_proj"]
    embedder = Embedder(ModelConfig.model_validate(config))
    assert any("visual.blocks.0.mlp.gate_proj" in name for name, _ in embedder.named_parameters())
    adapted = [name for name in embedder.trained_parameters() if "lora_A" in name]
    assert len(adapted) == 2 * 3
    assert all(name.startswith("core.language_model.layers.") for name in adapted)


def test_a_parameter_outside_of_the_adapters_is_noticed() -> None:
    embedder = Embedder(ModelConfig.model_validate(model_config(graph_part=False)))
    embedder.core.visual.patch_embed.proj.weight.requires_grad_(True)
    with pytest.raises(ConfigError, match="visual"):
        check_scope(embedder.core)


def test_without_lora_the_language_model_is_frozen() -> None:
    config = model_config()
    config["lora"] = None
    names = Embedder(ModelConfig.model_validate(config)).trained_parameters()
    assert names
    assert all(name.startswith(("graph_encoder.", "fusion.")) for name in names)


def test_the_seed_decides_adapters_and_graph_part() -> None:
    config = ModelConfig.model_validate(model_config())
    assert Embedder(config, seed=3).fingerprint == Embedder(config, seed=3).fingerprint
    assert Embedder(config, seed=3).fingerprint != Embedder(config, seed=4).fingerprint


@pytest.mark.parametrize("variant", ["use_dora", "use_rslora"])
def test_variants_of_lora_start_without_effect_and_are_trained_in_the_language_model_only(variant: str) -> None:
    config = model_config(graph_part=False)
    frozen = Embedder(ModelConfig.model_validate({**config, "lora": None}))
    config["lora"][variant] = True
    embedder = Embedder(ModelConfig.model_validate(config))
    rows = [item(k).without_graphs() for k in range(2)]
    assert np.allclose(embedder.encode_items(rows), frozen.encode_items(rows), atol=1e-6)
    names = list(embedder.trained_parameters())
    assert len(names) == 2 * 2 * (3 if variant == "use_dora" else 2)
    assert all(name.startswith("core.language_model.layers.") and ".lora_" in name for name in names)


def test_rank_stabilised_adapters_are_scaled_by_the_root_of_the_rank() -> None:
    config = model_config(graph_part=False)
    config["lora"] |= {"rank": 16, "alpha": 8, "use_rslora": True}
    core = Embedder(ModelConfig.model_validate(config)).core
    assert core.language_model.layers[0].self_attn.q_proj.scaling["default"] == 8 / 16**0.5


def test_whole_training_reaches_every_weight_of_the_language_model_and_no_other() -> None:
    config = model_config(graph_part=False)
    config["lora"] = None
    embedder = Embedder(ModelConfig.model_validate(config))
    embedder.core.to(torch.bfloat16)
    assert trained_core(embedder.core) == {}
    train_language_model(embedder.core)
    trained = trained_core(embedder.core)
    assert trained.keys() == {
        name for name, _ in embedder.core.named_parameters() if name.startswith("language_model.")
    }
    assert {weight.dtype for weight in trained.values()} == {torch.float32}


def test_a_quantised_language_model_cannot_be_trained_whole() -> None:
    model = torch.nn.ModuleDict({"language_model": torch.nn.Linear(2, 2)})
    model["language_model"].weight = torch.nn.Parameter(torch.zeros(2, 2, dtype=torch.uint8), requires_grad=False)
    for other in (model, torch.nn.ModuleDict({"visual": torch.nn.Linear(2, 2)})):
        with pytest.raises(ConfigError) as caught:
            train_language_model(other)
        assert caught.value.code == "full-training"
