"""Four bits for the language model, and for nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.fixtures import item, model_config
from tests.models.saving import scrambled
from tests.models.small_checkpoints import KINDS, write_checkpoint
from ugembed.errors import CheckpointError, ConfigError
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.export.run import ExportConfig, export_model
from ugembed.models.inspect import inspect_model
from ugembed.models.quantize import BITS, pack_four_bits, packed_names
from ugembed.models.saved import load_embedder, save_embedder
from ugembed.models.signature import base_signature, first_difference
from ugembed.models.skeleton import LAYERS, skeleton


def config(folder: Path, kind: str = "qwen2_5_vl", *, quantize: str | None = "nf4", **changes: Any) -> dict[str, Any]:
    backbone = {"kind": kind, "path": str(folder), "dtype": "float32", "quantize": quantize}
    return model_config() | {"backbone": backbone} | changes


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("base"), "qwen2_5_vl")


def test_the_vision_tower_is_kept_whole_though_it_shares_names() -> None:
    core = Embedder(ModelConfig.model_validate(model_config(graph_part=False) | {"lora": None})).core
    names = packed_names(core, pattern=LAYERS)
    assert isinstance(core.get_submodule("visual.blocks.0.mlp.gate_proj"), nn.Linear)
    assert len(names) == 2 * 7
    assert all(name.startswith("language_model.layers.") for name in names)


def test_a_model_without_a_language_model_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        pack_four_bits(nn.Sequential(nn.Linear(2, 2)), pattern=LAYERS)
    assert caught.value.code == "lora-targets"


def test_a_machine_without_the_library_says_what_to_do(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ugembed.models.quantize.find_spec", lambda name: None)
    with pytest.raises(ConfigError) as caught:
        Embedder(ModelConfig.model_validate(config(base)))
    assert caught.value.code == "bitsandbytes-missing"
    assert "ugembed[gpu]" in caught.value.hint


def test_four_bits_cannot_be_trained_as_a_whole(base: Path) -> None:
    with pytest.raises(ValueError, match="do not quantize"):
        ModelConfig.model_validate(config(base, lora=None, train="full"))


def test_the_memory_of_packed_weights_is_told_without_the_library(base: Path) -> None:
    whole, packed = (inspect_model(ModelConfig.model_validate(config(base, quantize=how))) for how in (None, "nf4"))
    assert packed.parameters == whole.parameters
    modules = skeleton(ModelConfig.model_validate(config(base)))
    numbers = sum(weight.numel() for weight in modules.parameters() if hasattr(weight, "bits"))
    assert numbers == 2 * (4 * 32 * 32 + 3 * 32 * 96)
    assert whole.memory.weights - packed.memory.weights == pytest.approx(numbers * (32 - BITS) / 8, abs=1)
    assert "nf4" in packed.parts[0].dtypes


def test_a_setting_without_effect_does_not_change_the_fingerprint(base: Path) -> None:
    plain = config(base, quantize=None)
    without = plain | {"backbone": {key: value for key, value in plain["backbone"].items() if key != "quantize"}}
    assert len({Embedder(ModelConfig.model_validate(each)).fingerprint for each in (plain, without)}) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_adapters_of_four_bit_weights_are_trained_in_every_family(tmp_path: Path, kind: str) -> None:
    library = pytest.importorskip("bitsandbytes")
    whole, packed = (
        Embedder(ModelConfig.model_validate(config(write_checkpoint(tmp_path, kind), kind, quantize=how)))
        for how in (None, "nf4")
    )
    names = [name for name, module in packed.core.named_modules() if isinstance(module, library.nn.Linear4bit)]
    assert len(names) == 2 * 7
    assert all("language_model.layers." in name for name in names)
    assert base_signature(packed.core) == base_signature(whole.core)
    assert packed.fingerprint != whole.fingerprint
    rows = [item(0), item(1, nodes=8)]
    assert (packed.encode_items(rows) * whole.encode_items(rows)).sum(axis=1).min() > 0.9
    weights = torch.linspace(-1, 1, packed.dimension)
    (packed.train()(packed.prepare(rows)) * weights).sum().backward()
    assert packed.trained_parameters().keys() == whole.trained_parameters().keys()
    assert all(weight.grad is not None for weight in packed.trained_parameters().values())


def test_a_model_of_four_bit_weights_is_saved_loaded_and_put_on_whole_ones(base: Path, tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes")
    embedder = scrambled(config(base)).eval()
    rows = [item(0), item(1, nodes=8)]
    wanted = embedder.encode_items(rows)
    save_embedder(embedder, tmp_path / "model")
    again = load_embedder(tmp_path / "model", device="cpu")
    assert again.fingerprint == embedder.fingerprint
    assert np.array_equal(again.encode_items(rows), wanted)
    made = export_model(
        ExportConfig(model=tmp_path / "model", to="hub-folder", out=tmp_path / "hub", base="owner/base")
    )
    assert made.least_cosine > 0.99999
    with pytest.raises(CheckpointError) as caught:
        export_model(ExportConfig(model=tmp_path / "model", to="merged", out=tmp_path / "merged"))
    assert caught.value.code == "merge-quantised"
    file = tmp_path / "model" / "model.yaml"
    file.write_text(file.read_text().replace("quantize: nf4", "quantize: null"))
    assert (load_embedder(tmp_path / "model", device="cpu").encode_items(rows) * wanted).sum(axis=1).min() > 0.9
    assert (
        export_model(ExportConfig(model=tmp_path / "model", to="merged", out=tmp_path / "merged")).least_cosine > 0.9999
    )


def test_another_base_is_told_apart_by_weights_that_are_packed(base: Path, tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes")
    embedder = Embedder(ModelConfig.model_validate(config(base)))
    signature = base_signature(embedder.core)
    other = write_checkpoint(tmp_path / "other", "qwen2_5_vl")
    spoil_decoder(other)
    for quantize in (None, "nf4"):
        changed = Embedder(ModelConfig.model_validate(config(other, quantize=quantize)))
        found = first_difference(changed.core, signature)
        assert found is not None
        assert "language_model.layers" in found
    assert first_difference(embedder.core, signature) is None


def spoil_decoder(folder: Path) -> None:
    """Double one linear layer of the decoder."""
    from safetensors.torch import load_file, save_file

    file = folder / "model.safetensors"
    tensors = load_file(file)
    (name,) = [name for name in tensors if name.endswith("layers.0.mlp.up_proj.weight")]
    tensors[name] = 2 * tensors[name]
    save_file(tensors, file, metadata={"format": "pt"})
