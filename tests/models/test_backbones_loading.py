"""Checkpoint folders: what fits is loaded, what does not is refused with a code, and nothing in them is ever run."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.fixtures import picture
from tests.models.small_checkpoints import FAMILY, KINDS, write_checkpoint
from ugembed.errors import CheckpointError
from ugembed.models.backbones.base import Backbone
from ugembed.models.inputs import InputBuilder, InputsConfig
from ugembed.records.item import Item
from ugembed.registry import discover

WEIGHTS = "model.safetensors"
FAMILIES = tuple(sorted(set(FAMILY.values())))


def build(folder: Path, kind: str) -> Backbone:
    config = discover("ugembed.models.backbones")[kind]
    return config.model_validate({"path": str(folder), "dtype": "float32"}).build()  # type: ignore[attr-defined]


def test_loading_says_nothing_of_its_own(folders: dict[str, Path], capfd: pytest.CaptureFixture[str]) -> None:
    for kind in KINDS:
        build(folders[FAMILY[kind]], kind)
    assert capfd.readouterr() == ("", "")


def refused(folder: Path, kind: str) -> CheckpointError:
    with pytest.raises(CheckpointError) as caught:
        build(folder, kind)
    assert str(folder) in caught.value.message
    assert caught.value.hint
    return caught.value


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {family: write_checkpoint(tmp_path_factory.mktemp(family), family) for family in FAMILIES}


def copy_of(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target)
    return target


def edit(file: Path, **values: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


@pytest.mark.parametrize("kind", KINDS)
def test_weights_are_loaded_as_they_are_and_frozen(folders: dict[str, Path], kind: str) -> None:
    backbone = build(folders[FAMILY[kind]], kind)
    saved = load_file(folders[FAMILY[kind]] / WEIGHTS)
    name = "language_model.layers.1.mlp.down_proj.weight"
    stored = next(value for key, value in saved.items() if key.endswith("layers.1.mlp.down_proj.weight"))
    assert torch.equal(backbone.model.get_parameter(name), stored)
    assert not backbone.model.training
    assert not any(parameter.requires_grad for parameter in backbone.model.parameters())


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_written_from_a_backbone_loads_and_gives_the_same_states(
    folders: dict[str, Path], tmp_path: Path, kind: str
) -> None:
    """With the graph tokens in its tokenizer and, where they were needed, their rows in its embedding."""
    first = build(folders[FAMILY[kind]], kind)
    first.model.save_pretrained(tmp_path)
    first.save_text_side(tmp_path)
    second = build(tmp_path, kind)
    assert (second.markers, second.prompt) == (first.markers, first.prompt)
    assert second.token_embedding().num_embeddings == first.token_embedding().num_embeddings
    items = [Item("<image>Where is this?", (picture(1, (90, 61)),)), Item("only words")]
    config = InputsConfig(min_pixels=784, max_pixels=7000)
    one, other = (InputBuilder(each, config, graph_tokens=None)(items) for each in (first, second))
    assert torch.equal(one.input_ids, other.input_ids)
    with torch.no_grad():
        assert torch.equal(first.hidden_states(one), second.hidden_states(other))


@pytest.mark.parametrize("stored", FAMILIES)
def test_a_checkpoint_of_another_family_is_refused_by_every_kind(folders: dict[str, Path], stored: str) -> None:
    for kind in KINDS:
        if FAMILY[kind] != stored:
            error = refused(folders[stored], kind)
            assert error.code == "wrong-backbone"
            assert repr(stored) in error.message
            assert repr(FAMILY[kind]) in error.message


@pytest.mark.parametrize(
    "place",
    [
        {"auto_map": {"AutoConfig": "x.Y", "AutoModel": "x.Y"}},
        {"auto_map": {}},
        {"vision_config": {"auto_map": {"AutoModel": "x.Y"}}},
    ],
)
def test_remote_code_is_refused_and_not_run(folders: dict[str, Path], tmp_path: Path, place: dict[str, Any]) -> None:
    for kind in KINDS:
        folder = copy_of(folders[FAMILY[kind]], tmp_path / kind)
        (folder / "x.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Y: pass")
        edit(folder / "config.json", **place)
        assert refused(folder, kind).code == "remote-code"
    assert not (tmp_path / "ran").exists()


def test_code_named_by_tokenizer_or_processor_is_not_run(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = copy_of(folders["qwen2_5_vl"], tmp_path / "copy")
    (folder / "x.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Y: pass")
    edit(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["x.Y", "x.Y"]}, tokenizer_class="Y")
    edit(folder / "preprocessor_config.json", auto_map={"AutoImageProcessor": "x.Y"})
    with suppress(CheckpointError):  # whether such a folder loads is transformers' matter; nothing of it may run
        build(folder, "qwen2_5_vl")
    assert not (tmp_path / "ran").exists()


class Bomb:
    """Would write a file when unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "weights.pth"])
def test_pickled_weights_are_refused_unopened(folders: dict[str, Path], tmp_path: Path, name: str) -> None:
    folder = copy_of(folders["internvl"], tmp_path / "copy")
    (folder / WEIGHTS).unlink()
    torch.save({"weights": Bomb(tmp_path / "ran")}, folder / name)
    error = refused(folder, "internvl")
    assert error.code == "weights-pickled"
    assert name in error.message
    assert not (tmp_path / "ran").exists()


def test_a_pickle_beside_the_weights_is_left_alone(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = copy_of(folders["internvl"], tmp_path / "copy")
    torch.save({"weights": Bomb(tmp_path / "ran")}, folder / "pytorch_model.bin")
    build(folder, "internvl")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("kind", FAMILIES)
def test_missing_surplus_and_misshapen_weights_are_refused_by_name(
    folders: dict[str, Path], tmp_path: Path, kind: str
) -> None:
    saved = load_file(folders[kind] / WEIGHTS)
    name = next(
        name for name in sorted(saved) if name.endswith("layers.1.self_attn.q_proj.weight") and "vision" not in name
    )
    changes = {
        "missing": {key: value for key, value in saved.items() if key != name},
        "surplus": saved | {name.replace("layers.1", "layers.7"): saved[name].clone()},
        "of another shape": saved | {name: saved[name][:-1].clone()},
    }
    for what, weights in changes.items():
        folder = copy_of(folders[kind], tmp_path / what)
        save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
        error = refused(folder, kind)
        assert error.code == "weights-mismatch"
        assert f"1 weights are {what}" in error.message
        assert "self_attn.q_proj" in error.message


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_head_that_is_not_needed_is_no_surplus(folders: dict[str, Path], tmp_path: Path, kind: str) -> None:
    folder = copy_of(folders[kind], tmp_path / "copy")
    save_file(load_file(folder / WEIGHTS) | {"lm_head.weight": torch.zeros(64, 32)}, folder / WEIGHTS, {"format": "pt"})
    loaded, plain = (dict(build(one, kind).model.named_parameters()) for one in (folder, folders[kind]))
    assert loaded.keys() == plain.keys()
    assert all(torch.equal(loaded[name], plain[name]) for name in plain)


@pytest.mark.parametrize("content", [None, "{", "[]", '{"model_type": "nothing"}', "{}"])
def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    for kind in KINDS:
        assert refused(tmp_path, kind).code in ("backbone-missing", "wrong-backbone")


@pytest.mark.parametrize("missing", [WEIGHTS, "tokenizer.json", "preprocessor_config.json"])
def test_an_incomplete_folder_is_refused(folders: dict[str, Path], tmp_path: Path, missing: str) -> None:
    folder = copy_of(folders["llava_next"], tmp_path / "copy")
    (folder / missing).unlink()
    assert refused(folder, "llava_next").code == "backbone-missing"


def test_a_tokenizer_of_another_family_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = copy_of(folders["qwen2_vl"], tmp_path / "copy")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(folders["llava_next"] / name, folder / name)
    with pytest.raises(CheckpointError, match="im_start") as caught:
        build(folder, "qwen2_vl")
    assert caught.value.code == "wrong-backbone"


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("llava_next", {"crop_size": {"height": 28, "width": 28}}),
        ("llava_next", {"image_grid_pinpoints": [[56, 112]]}),
        ("internvl", {"size": {"height": 28, "width": 28}}),
    ],
)
def test_a_picture_processor_of_another_size_is_refused(
    folders: dict[str, Path], tmp_path: Path, kind: str, changed: dict[str, Any]
) -> None:
    folder = copy_of(folders[kind], tmp_path / "copy")
    edit(folder / "preprocessor_config.json", **changed)
    assert refused(folder, kind).code == "processor-mismatch"


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_model_that_means_another_token_by_a_picture_is_refused(
    folders: dict[str, Path], tmp_path: Path, kind: str
) -> None:
    folder = copy_of(folders[kind], tmp_path / "copy")
    name = "image_token_index" if kind == "llava_next" else "image_token_id"
    edit(folder / "config.json", **{name: 7})
    with pytest.raises(CheckpointError, match="of the tokenizer and 7 of the model") as caught:
        build(folder, kind)
    assert caught.value.code == "processor-mismatch"


def _mutated(file: Path, random: Random) -> None:
    """Some bytes lost, doubled or changed."""
    content = bytearray(file.read_bytes())
    at = random.randrange(min(len(content), 4000))
    for _ in range(random.randrange(1, 4)):
        how = random.randrange(3)
        if how == 0:
            del content[at : at + random.randrange(1, 9)]
        elif how == 1:
            content[at:at] = content[at : at + 8]
        else:
            content[at] = random.randrange(256)
    file.write_bytes(bytes(content))


@pytest.mark.slow
@pytest.mark.parametrize("kind", FAMILIES)
def test_a_hundred_damaged_checkpoints_load_or_are_refused_with_a_code(
    folders: dict[str, Path], tmp_path: Path, kind: str
) -> None:
    names = ("config.json", "tokenizer.json", "preprocessor_config.json", WEIGHTS, "tokenizer_config.json")
    random = Random(kind)
    outcomes = []
    for number in range(100):
        folder = copy_of(folders[kind], tmp_path / str(number))
        _mutated(folder / names[number % len(names)], random)
        try:
            build(folder, kind)
            outcomes.append("loaded")
        except CheckpointError as error:
            outcomes.append(error.code)
        shutil.rmtree(folder)
    assert len(outcomes) == 100
    assert outcomes.count("loaded") < 60
