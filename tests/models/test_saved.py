"""A saved model comes back to the bit, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.fixtures import item, model_config
from ugembed.errors import CheckpointError
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.saved import ADAPTER_FILE, MODULES_FILE, load_embedder, load_weights, save_embedder


def _scrambled(config: dict[str, Any]) -> Embedder:
    """An embedder none of whose trained weights are as they were created."""
    embedder = Embedder(ModelConfig.model_validate(config))
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in embedder.trained_parameters().values():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return embedder


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Embedder]:
    folder = tmp_path_factory.mktemp("model")
    embedder = _scrambled(model_config())
    save_embedder(embedder, folder)
    return folder, embedder


def test_a_saved_model_gives_the_same_vectors(saved: tuple[Path, Embedder]) -> None:
    folder, embedder = saved
    rows = [item(k, nodes=3 + k) for k in range(3)]
    loaded = load_embedder(folder, device="cpu")
    assert np.array_equal(loaded.encode_items(rows), embedder.encode_items(rows))
    assert loaded.fingerprint == embedder.fingerprint


def test_a_saved_model_holds_no_pickle_and_no_path_of_this_machine(saved: tuple[Path, Embedder]) -> None:
    folder, _ = saved
    names = {path.name for path in folder.iterdir()}
    assert {ADAPTER_FILE, MODULES_FILE, "adapter_config.json", "model.yaml", "tokenizer.json"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pkl"))]
    assert str(Path.cwd()) not in (folder / "adapter_config.json").read_text()


@pytest.mark.parametrize("file", [ADAPTER_FILE, MODULES_FILE])
@pytest.mark.parametrize("fault", ["missing", "lacks", "surplus", "shape", "damaged"])
def test_weights_that_do_not_fit_are_refused(
    saved: tuple[Path, Embedder], tmp_path: Path, file: str, fault: str
) -> None:
    tensors = load_file(saved[0] / file)
    for path in saved[0].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    name = sorted(tensors)[0]
    if fault == "missing":
        (tmp_path / file).unlink()
    elif fault == "damaged":
        (tmp_path / file).write_bytes((tmp_path / file).read_bytes()[:100])
    else:
        changed = {
            "lacks": {key: value for key, value in tensors.items() if key != name},
            "surplus": {**tensors, "more": torch.zeros(1)},
            "shape": {**tensors, name: torch.zeros(3, 3, 3)},
        }[fault]
        save_file(changed, tmp_path / file)
    with pytest.raises(CheckpointError) as caught:
        load_embedder(tmp_path, device="cpu")
    wanted = {"missing": "weights-missing", "damaged": "damaged"}.get(fault, "weights-mismatch")
    assert caught.value.code == wanted
    assert caught.value.hint


def test_stage_one_weights_fill_a_stage_two_model_and_leave_its_graph_part_new(tmp_path: Path) -> None:
    first = _scrambled(model_config(graph_part=False))
    save_embedder(first, tmp_path)
    second = Embedder(ModelConfig.model_validate(model_config()))
    fresh = {name: tensor.clone() for name, tensor in second.own_state().items()}
    assert not load_weights(second, tmp_path, graph_part_may_be_new=True)
    text_only = [item(0).without_graphs()]
    assert np.array_equal(first.encode_items(text_only), second.encode_items(text_only))
    assert all(torch.equal(fresh[name], tensor) for name, tensor in second.own_state().items())


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError) as caught:
        load_embedder(tmp_path / "nowhere")
    assert caught.value.code == "model-missing"
