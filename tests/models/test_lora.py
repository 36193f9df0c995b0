"""Adapters sit in the language model, and nowhere else."""

from __future__ import annotations

import pytest

from tests.fixtures import model_config
from ugembed.errors import ConfigError
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.lora import check_scope


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
