"""Adapter, merged, exported and reloaded models give the same vectors, for every kind of graph part there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from safetensors import safe_open

from tests.fixtures import item, model_config
from tests.models.saving import scrambled
from tests.models.small_checkpoints import write_checkpoint
from ugembed.errors import CheckpointError, UgembedError
from ugembed.files import read_manifest
from ugembed.models.embedder import Embedder
from ugembed.models.export.merge import merge
from ugembed.models.export.probes import least_cosine, probe_vectors, probes
from ugembed.models.export.run import ExportConfig, Exported, export_model
from ugembed.models.saved import load_embedder, save_embedder
from ugembed.records.item import Item
from ugembed.registry import discover

LEAST = 0.99999
BACKBONES = [kind for kind, config in discover("ugembed.models.backbones").items() if "path" in config.model_fields]
OTHERS = ("sentence-transformers", "hub-folder")
LORA = {
    "dora": {"rank": 4, "alpha": 8, "use_dora": True},
    "rslora": {"rank": 8, "alpha": 8, "use_rslora": True},
    "many layers": {"rank": 4, "alpha": 8, "targets": ["q_proj", "o_proj", "up_proj", "down_proj"]},
    "frozen": None,
}


def rows() -> list[Item]:
    whole = [item(k, nodes=3 + 4 * k) for k in range(3)]
    return [*whole, *(row.without_graphs() for row in whole), Item(text="only words")]


def saved(folder: Path, config: dict[str, Any]) -> Embedder:
    embedder = scrambled(config)
    save_embedder(embedder, folder, data={"rows.jsonl": "0123abcd"})
    return embedder.eval()


def exported(folder: Path, to: str, **options: Any) -> Exported:
    return export_model(ExportConfig(model=folder, to=to, out=folder.parent / f"as-{to}", **options))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports") / "model"
    saved(folder, model_config())
    return folder


def worst_of_all_forms(folder: Path, config: dict[str, Any]) -> float:
    """The least cosine between vectors of the original, reloaded, merged, and merged and reloaded."""
    wanted = probe_vectors(saved(folder / "model", config))
    made = exported(folder / "model", "merged")  # compares the saved model, reloaded, with the merged one
    merged = load_embedder(made.folder, device="cpu")
    assert merged.adapters is None
    return min(made.least_cosine, least_cosine(wanted, probe_vectors(merged)))


@pytest.fixture(scope="module", params=BACKBONES)
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A backbone of each kind that loads checkpoints."""
    folder = write_checkpoint(tmp_path_factory.mktemp("base"), request.param)
    return {"kind": request.param, "path": str(folder), "dtype": "float32"}


@pytest.mark.parametrize("fusion", discover("ugembed.models.fusion"))
def test_all_forms_agree_for_every_backbone_and_fusion(tmp_path: Path, checkpoint: dict[str, Any], fusion: str) -> None:
    config = model_config() | {"backbone": checkpoint, "fusion": {"kind": fusion}}
    if fusion == "pointer":
        config |= {"train": "graph", "head": "whitened"}
    if fusion == "none":
        config.pop("graph_encoder")
    assert worst_of_all_forms(tmp_path, config) >= LEAST


@pytest.mark.parametrize("encoder", discover("ugembed.models.graph_encoders"))
def test_all_forms_agree_for_every_graph_encoder(tmp_path: Path, encoder: str) -> None:
    config = model_config() | {"graph_encoder": {"kind": encoder}}
    assert worst_of_all_forms(tmp_path, config) >= LEAST


@pytest.mark.parametrize(("lora", "to"), [*((name, "merged") for name in LORA), *(("dora", to) for to in OTHERS)])
def test_every_adapter_survives_every_export(tmp_path: Path, lora: str, to: str) -> None:
    config = model_config()
    config["lora"] = LORA[lora]
    wanted = saved(tmp_path / "model", config).encode_items(rows())
    loaded = load_embedder(exported(tmp_path / "model", to).folder, device="cpu")
    assert least_cosine(wanted, loaded.encode_items(rows())) >= LEAST
    assert (loaded.adapters is None) == (to != "hub-folder")


def test_adapters_had_an_effect_that_merging_could_have_lost(model: Path) -> None:
    embedder = load_embedder(model, device="cpu")
    with_adapters = probe_vectors(embedder)
    with embedder.adapters.disable_adapter():
        assert least_cosine(with_adapters, probe_vectors(embedder)) < 0.99


def test_a_merged_model_needs_nothing_but_its_folder_and_may_be_moved(model: Path, tmp_path: Path) -> None:
    folder = export_model(ExportConfig(model=model, to="merged", out=tmp_path / "merged")).folder
    wanted = probe_vectors(load_embedder(folder, device="cpu"))
    moved = folder.rename(tmp_path / "elsewhere")
    assert np.array_equal(probe_vectors(load_embedder(moved, device="cpu")), wanted)
    settings = yaml.safe_load((moved / "model.yaml").read_text())
    assert settings["lora"] is None
    place = {"kind": "qwen2_5_vl", "path": "backbone", "dtype": "float32", "attention": "sdpa", "quantize": None}
    assert settings["backbone"] == place
    assert str(tmp_path) not in "".join(path.read_text() for path in moved.rglob("*.json"))
    with safe_open(moved / "backbone" / "model.safetensors", "pt") as tensors:
        assert not [name for name in tensors.keys() if "lora" in name]  # noqa: SIM118


def test_a_merged_model_is_exported_again(model: Path, tmp_path: Path) -> None:
    export_model(ExportConfig(model=model, to="merged", out=tmp_path / "once"))
    export_model(ExportConfig(model=tmp_path / "once", to="hub-folder", out=tmp_path / "twice"))
    first, second = (probe_vectors(load_embedder(folder, device="cpu")) for folder in (model, tmp_path / "twice"))
    assert least_cosine(first, second) >= LEAST
    assert (tmp_path / "twice" / "backbone" / "model.safetensors").is_file()


def test_a_hub_folder_is_ready_to_be_uploaded(model: Path, tmp_path: Path) -> None:
    folder = export_model(ExportConfig(model=model, to="hub-folder", out=tmp_path / "hub")).folder
    names = {path.name for path in folder.iterdir()}
    assert {"README.md", ".gitattributes", "model.yaml", "adapter_config.json", "adapter_model.safetensors"} <= names
    assert "0123abcd" in (folder / "README.md").read_text()
    assert read_manifest(folder, kind="model", verify=True)["data"] == {"rows.jsonl": "0123abcd"}


def test_a_hub_folder_names_no_folder_of_this_machine(model: Path, tmp_path: Path) -> None:
    merged = export_model(ExportConfig(model=model, to="merged", out=tmp_path / "merged")).folder
    config = model_config()
    config["backbone"] = {"kind": "qwen2_5_vl", "path": str(merged / "backbone"), "dtype": "float32"}
    saved(tmp_path / "local", config)
    with pytest.raises(CheckpointError) as caught:
        export_model(ExportConfig(model=tmp_path / "local", to="hub-folder", out=tmp_path / "hub"))
    assert caught.value.code == "base-local"
    folder = export_model(
        ExportConfig(model=tmp_path / "local", to="hub-folder", out=tmp_path / "hub", base="owner/base-model")
    ).folder
    texts = "".join(path.read_text() for path in folder.iterdir() if path.suffix in (".json", ".yaml", ".md"))
    assert str(tmp_path) not in texts
    assert yaml.safe_load((folder / "README.md").read_text().split("---")[1])["base_model"] == "owner/base-model"


def test_half_precision_is_merged_in_float32_and_rounded_once(model: Path, tmp_path: Path) -> None:
    made = export_model(ExportConfig(model=model, to="merged", out=tmp_path / "half", dtype="bfloat16"))
    assert made.least_cosine >= 0.999
    embedder = load_embedder(model, device="cpu")
    layer = embedder.core.language_model.layers[0].self_attn.q_proj
    exact = layer.base_layer.weight + layer.get_delta_weight("default")
    merge(embedder, torch.bfloat16)
    assert torch.equal(embedder.core.language_model.layers[0].self_attn.q_proj.weight, exact.to(torch.bfloat16))
    assert {weight.dtype for weight in load_embedder(made.folder, device="cpu").core.parameters()} == {torch.bfloat16}


def test_an_export_with_other_vectors_is_refused_and_not_left_behind(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(embedder: Embedder, dtype: torch.dtype) -> None:
        embedder.adapters.unload()
        object.__setattr__(embedder, "adapters", None)

    monkeypatch.setattr("ugembed.models.export.run.merge", forgetful)
    with pytest.raises(CheckpointError) as caught:
        export_model(ExportConfig(model=model, to="merged", out=tmp_path / "wrong"))
    assert caught.value.code == "export-differs"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"to": "merged", "base": "owner/model"}, "export-option"),
        ({"to": "hub-folder", "dtype": "float32"}, "export-option"),
        ({"to": "merged", "model": Path("nowhere")}, "model-missing"),
        ({"to": "merged", "out": Path(__file__).parent}, "output-exists"),
    ],
)
def test_what_cannot_be_exported_is_refused(model: Path, tmp_path: Path, options: dict[str, Any], code: str) -> None:
    with pytest.raises(UgembedError) as caught:
        export_model(ExportConfig.model_validate({"model": model, "out": tmp_path / "out", **options}))
    assert caught.value.code == code
    assert not (tmp_path / "out").exists()


def test_quantised_weights_take_no_merge(model: Path) -> None:
    embedder = load_embedder(model, device="cpu")
    norm = embedder.core.language_model.norm
    norm.weight = torch.nn.Parameter(torch.zeros(64, dtype=torch.uint8), requires_grad=False)
    with pytest.raises(CheckpointError) as caught:
        merge(embedder, torch.float32)
    assert caught.value.code == "merge-quantised"


def test_probes_show_words_pictures_and_graphs() -> None:
    assert {(len(row.images), len(row.graphs)) for row in probes(graphs=True)} == {(0, 0), (1, 0), (1, 1)}
    assert {len(row.graphs) for row in probes(graphs=False)} == {0}
