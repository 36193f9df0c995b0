"""What a model consists of, read without its weights, is what it consists of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
import torch

from tests.fixtures import model_config
from tests.models.small_checkpoints import KINDS, write_checkpoint
from ugembed.errors import CheckpointError
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.inspect import as_json, inspect_model
from ugembed.models.skeleton import LAYERS, skeleton

RATES = {"core": 1e-4, "graph_encoder": 2e-4, "fusion": 3e-4}


def checkpoint_config(folder: Path, **changes: Any) -> str:
    """The folder of a Qwen2.5-VL of a few thousand weights that has a config.json and nothing else."""
    text = {
        "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 3, "num_attention_heads": 2,
        "num_key_value_heads": 2, "vocab_size": 320,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [4, 6, 6]},
    }  # fmt: skip
    vision = {"depth": 2, "hidden_size": 32, "intermediate_size": 48, "num_heads": 2, "out_hidden_size": 64}
    config = {"model_type": "qwen2_5_vl", "text_config": text, "vision_config": vision, **changes}
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_bytes(orjson.dumps(config))
    return str(folder)


def of_checkpoint(path: str, **model: Any) -> ModelConfig:
    backbone = {"kind": "qwen2_5_vl", "path": path, "dtype": "bfloat16"}
    return ModelConfig.model_validate({**model_config(), "backbone": backbone, **model})


@pytest.mark.parametrize("lora", [{"rank": 4}, {"rank": 4, "use_dora": True}, None])
def test_the_counts_are_those_of_the_embedder_itself(lora: dict[str, Any] | None) -> None:
    config = ModelConfig.model_validate({**model_config(), "lora": lora})
    embedder, found = Embedder(config), inspect_model(config, learning_rates=RATES)
    assert found.parameters == sum(weight.numel() for weight in embedder.parameters())
    trained = {name: weight.numel() for name, weight in embedder.trained_parameters().items()}
    assert found.trained == sum(trained.values()) == sum(count for _, count in found.trained_weights.values())
    assert sum(tensors for tensors, _ in found.trained_weights.values()) == len(trained)
    rates = {part.name: part.learning_rate for part in found.parts}
    assert rates == {**RATES, "core": RATES["core"] if lora else None}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_checkpoint_is_inspected_as_it_would_be_built(tmp_path: Path, kind: str) -> None:
    backbone = {"kind": kind, "path": str(write_checkpoint(tmp_path, kind)), "dtype": "float32"}
    config = ModelConfig.model_validate(model_config(graph_part=False) | {"backbone": backbone})
    embedder, found = Embedder(config), skeleton(config)
    assert embedder.backbone.language_model_pattern == LAYERS
    built = {name: weight.shape for name, weight in embedder.named_parameters()}
    planned = {name: weight.shape for name, weight in found.named_parameters()}
    rows = {name for name in built if "embed_tokens" in name}  # the graph tokens that a family is given come on top
    assert built.keys() == planned.keys()
    assert {name: shape for name, shape in built.items() if planned[name] != shape}.keys() <= rows
    trained = {name for name, weight in found.named_parameters() if weight.requires_grad}
    assert trained == embedder.trained_parameters().keys()


def test_a_checkpoint_is_inspected_from_its_config_alone(tmp_path: Path) -> None:
    config = of_checkpoint(checkpoint_config(tmp_path / "base"), lora={"rank": 4, "targets": ["q_proj"]})
    assert all(weight.device.type == "meta" for weight in skeleton(config).parameters())
    found = inspect_model(config)
    adapters = 3 * (4 * 64 + 64 * 4)
    core = found.parts[0]
    assert core.trained == adapters
    assert core.dtypes == ("bfloat16", "float32")
    assert core.learning_rate is None
    language = next(part for part in core.parts if part.name == "core.language_model")
    assert next(part.kind for part in language.parts if part.name.endswith(".layers")) == "3 x Qwen2_5_VLDecoderLayer"
    rest = found.parameters - core.parameters
    assert found.memory.weights == 2 * (core.parameters - adapters) + 4 * adapters + 4 * rest
    assert found.memory.gradients == 4 * found.trained
    assert found.memory.optimizer == 8 * found.trained
    assert as_json(found)["memory"]["training"] == sum(
        (found.memory.weights, found.memory.gradients, found.memory.optimizer)
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"auto_map": {"AutoConfig": "configuration.Config"}}, "remote-code"),
        ({"model_type": "unheard_of"}, "config-unread"),
        ({"text_config": 5}, "config-unread"),
    ],
)
def test_what_cannot_be_read_or_asks_for_code_is_refused(tmp_path: Path, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        inspect_model(of_checkpoint(checkpoint_config(tmp_path / "base", **changes)))
    assert caught.value.code == code


def test_a_checkpoint_that_is_not_here_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket.connect", None)
    with pytest.raises(CheckpointError) as caught:
        inspect_model(of_checkpoint("nobody/has-this-model"))
    assert caught.value.code == "config-unreachable"
    assert "nobody/has-this-model" in caught.value.message


def test_looking_changes_no_random_stream() -> None:
    torch.manual_seed(3)
    first = torch.rand(1)
    torch.manual_seed(3)
    inspect_model(ModelConfig.model_validate(model_config()))
    assert torch.equal(torch.rand(1), first)
