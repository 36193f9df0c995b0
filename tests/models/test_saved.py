"""A saved model comes back to the bit, or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file, save_file

from tests.fixtures import item, model_config
from tests.models.saving import copied, reseal, scrambled
from ugembed.errors import CheckpointError, UgembedError
from ugembed.files import read_manifest
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.saved import ADAPTER_FILE, MODULES_FILE, load_embedder, load_weights, save_embedder
from ugembed.models.signature import base_signature, first_difference


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Embedder]:
    folder = tmp_path_factory.mktemp("model")
    embedder = scrambled(model_config())
    save_embedder(embedder, folder, data={"somewhere/rows.jsonl": "0123abcd"})
    return folder, embedder


def refused(folder: Path) -> UgembedError:
    with pytest.raises(UgembedError) as caught:
        load_embedder(folder, device="cpu")
    assert caught.value.hint
    return caught.value


def test_a_saved_model_gives_the_same_vectors(saved: tuple[Path, Embedder]) -> None:
    folder, embedder = saved
    rows = [item(k, nodes=3 + k) for k in range(3)]
    loaded = load_embedder(folder, device="cpu")
    assert np.array_equal(loaded.encode_items(rows), embedder.encode_items(rows))
    assert loaded.fingerprint == embedder.fingerprint


def test_a_saved_model_holds_no_pickle_and_no_path_of_this_machine(saved: tuple[Path, Embedder]) -> None:
    folder, _ = saved
    names = {path.name for path in folder.iterdir()}
    assert {ADAPTER_FILE, MODULES_FILE, "adapter_config.json", "model.yaml", "tokenizer.json", "manifest.json"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pkl"))]
    assert str(Path.cwd()) not in (folder / "adapter_config.json").read_text()


def test_the_card_says_what_it_is_and_what_it_was_trained_on(saved: tuple[Path, Embedder]) -> None:
    card = (saved[0] / "README.md").read_text(encoding="utf-8")
    for words in ("LoRA, rank 4", "gat encoder, tokens fusion", "| rows.jsonl | `0123abcd` |", "load_embedder", "tiny"):
        assert words in card
    assert "somewhere" not in card
    front = yaml.safe_load(card.split("---")[1])
    assert front["library_name"] == "ugembed"
    assert "license" not in front  # left to who publishes it


@pytest.mark.parametrize("file", [ADAPTER_FILE, MODULES_FILE])
@pytest.mark.parametrize("fault", ["missing", "lacks", "surplus", "both", "shape", "integers", "damaged"])
def test_weights_that_do_not_fit_are_refused(
    saved: tuple[Path, Embedder], tmp_path: Path, file: str, fault: str
) -> None:
    folder = copied(saved[0], tmp_path)
    tensors = load_file(folder / file)
    name = sorted(tensors)[0]
    if fault == "missing":
        (folder / file).unlink()
    elif fault == "damaged":
        (folder / file).write_bytes((folder / file).read_bytes()[:100])
    else:
        without = {key: value for key, value in tensors.items() if key != name}
        changed = {
            "lacks": without,
            "surplus": {**tensors, "more": torch.zeros(1)},
            "both": {**without, "more": torch.zeros(1)},
            "shape": {**tensors, name: torch.zeros(3, 3, 3)},
            "integers": {**tensors, name: torch.zeros(tensors[name].shape, dtype=torch.int64)},
        }[fault]
        save_file(changed, folder / file)
    if fault != "missing":
        reseal(folder)
    error = refused(folder)
    assert error.code == {"missing": "weights-missing", "damaged": "damaged"}.get(fault, "weights-mismatch")
    assert fault != "both" or (name in error.message and "more" in error.message)


def test_a_bit_that_flipped_is_found_before_anything_is_built(
    saved: tuple[Path, Embedder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied(saved[0], tmp_path)
    data = bytearray((folder / MODULES_FILE).read_bytes())
    data[-1] ^= 1
    (folder / MODULES_FILE).write_bytes(data)
    monkeypatch.setattr("ugembed.models.saved.Embedder", None)
    assert refused(folder).code == "damaged"


def test_settings_may_change_where_and_how_but_not_what(saved: tuple[Path, Embedder], tmp_path: Path) -> None:
    folder = copied(saved[0], tmp_path)
    text = (folder / "model.yaml").read_text()
    (folder / "model.yaml").write_text(text.replace("cache_mb: 0", "cache_mb: 1"))
    assert load_embedder(folder, device="cpu").config.inputs.cache_mb == 1
    (folder / "README.md").write_text("my own words")
    (folder / "model.yaml").write_text(text.replace("max_graph_nodes: 1000", "max_graph_nodes: 999"))
    assert refused(folder).code == "settings-changed"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("backbone: {kind: unheard_of}", "model-broken"),
        ("backbone: {kind: tiny}\nmore: 1", "model-broken"),
        ("backbone: !!python/object/apply:os.system [ls]", "model-broken"),
        ("backbone: 2021-99-99", "model-broken"),
        ("[" * 5000, "model-broken"),
        ("x" * (2**20 + 1), "model-broken"),
        ("backbone: {kind: tiny}", "settings-changed"),
        ("just words", "model-broken"),
        ("", "model-broken"),
    ],
)
def test_settings_that_are_no_settings_are_refused(
    saved: tuple[Path, Embedder], tmp_path: Path, text: str, code: str
) -> None:
    folder = copied(saved[0], tmp_path)
    (folder / "model.yaml").write_text(text)
    assert refused(folder).code == code


def test_another_base_model_of_the_same_shape_is_noticed(saved: tuple[Path, Embedder], tmp_path: Path) -> None:
    config = model_config()
    config["backbone"]["seed"] = 7
    with pytest.raises(CheckpointError) as caught:
        load_weights(Embedder(ModelConfig.model_validate(config)), saved[0])
    assert caught.value.code == "base-differs"
    folder = copied(saved[0], tmp_path)
    reseal(folder, base="none")
    assert refused(folder).code == "base-differs"
    reseal(folder, base={"language_model.norm.weight": ["a", None, 1.0, 1.0]})
    assert refused(folder).code == "base-differs"


def test_another_dimension_or_preset_is_refused_with_both_sides(saved: tuple[Path, Embedder]) -> None:
    wider = model_config()
    wider["backbone"]["width"] = 96
    higher_rank, narrower = model_config(), model_config()
    higher_rank["lora"]["rank"] = 8
    narrower["graph_encoder"]["width"] = 16
    for config in (wider, higher_rank, narrower, model_config(graph_part=False)):
        embedder = Embedder(ModelConfig.model_validate(config))
        before = {name: weight.clone() for name, weight in embedder.trained_parameters().items()}
        with pytest.raises(CheckpointError) as caught:
            load_weights(embedder, saved[0])
        assert caught.value.code in ("base-differs", "weights-mismatch")
        assert all(torch.equal(before[name], weight) for name, weight in embedder.trained_parameters().items())


def test_the_same_base_is_recognised_in_any_precision() -> None:
    core = Embedder(ModelConfig.model_validate(model_config(graph_part=False))).core
    signature = base_signature(core)
    assert len(signature) > 20
    for dtype in (torch.bfloat16, torch.float16):
        assert first_difference(core.to(dtype), signature) is None
    core.float().language_model.layers[1].mlp.up_proj.weight.data.add_(1e-3)
    assert "up_proj" in (first_difference(core, signature) or "")


def test_stage_one_weights_fill_a_stage_two_model_and_leave_its_graph_part_new(tmp_path: Path) -> None:
    first = scrambled(model_config(graph_part=False))
    save_embedder(first, tmp_path)
    second = Embedder(ModelConfig.model_validate(model_config()))
    fresh = {name: tensor.clone() for name, tensor in second.own_state().items()}
    assert not load_weights(second, tmp_path, graph_part_may_be_new=True)
    text_only = [item(0).without_graphs()]
    assert np.array_equal(first.encode_items(text_only), second.encode_items(text_only))
    assert all(torch.equal(fresh[name], tensor) for name, tensor in second.own_state().items())
    with pytest.raises(CheckpointError) as caught:
        load_weights(second, tmp_path)
    assert caught.value.code == "weights-missing"


def test_another_format_is_refused(saved: tuple[Path, Embedder], tmp_path: Path) -> None:
    folder = copied(saved[0], tmp_path)
    assert read_manifest(folder, kind="model", verify=True)["format"] == 2
    reseal(folder, format=3)
    assert refused(folder).code == "model-format"
    (folder / "manifest.json").unlink()
    assert refused(folder).code == "manifest-missing"


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError) as caught:
        load_embedder(tmp_path / "nowhere")
    assert caught.value.code == "model-missing"
