"""A model on disk: peft adapter, own modules, tokenizer and picture processor, and ``model.yaml``. Loaded strictly."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ugembed.errors import CheckpointError
from ugembed.files import write_atomic
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder

MODEL_FILE = "model.yaml"
MODULES_FILE = "modules.safetensors"
ADAPTER_FILE = "adapter_model.safetensors"


def save_embedder(embedder: Embedder, folder: Path) -> None:
    """Write an embedder into ``folder`` (part of a committed folder; see `files.committed_directory`)."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(embedder.config.model_dump(mode="json"), sort_keys=False)
    write_atomic(folder / MODEL_FILE, text.encode())
    if embedder.adapters is not None:
        embedder.adapters.peft_config["default"].base_model_name_or_path = getattr(
            embedder.config.backbone, "path", embedder.config.backbone.kind
        )
        embedder.adapters.save_pretrained(folder, save_embedding_layers=False)
    if embedder.graph_encoder is not None:
        save_file({name: tensor.contiguous() for name, tensor in embedder.own_state().items()}, folder / MODULES_FILE)
    embedder.backbone.save_text_side(folder)


def load_embedder(path: Path | str, *, device: str | None = None) -> Embedder:
    """Load a saved model, a checkpoint (its model), or a run (its newest complete checkpoint).

    Args:
        path: The folder.
        device: Where to put it; by default the GPU if there is one.

    Raises:
        CheckpointError: nothing is there, or weights are missing, surplus or of another shape.
    """
    import torch

    folder = model_folder(Path(path))
    embedder = Embedder(read_model_config(folder))
    load_weights(embedder, folder)
    embedder.to(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    return embedder.eval()


def read_model_config(folder: Path) -> ModelConfig:
    """The configuration of a saved model."""
    try:
        return ModelConfig.model_validate(yaml.safe_load((folder / MODEL_FILE).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise CheckpointError(
            f"{folder / MODEL_FILE}: {error}",
            code="model-broken",
            hint="the model was saved by another release, or damaged",
        ) from None


def model_folder(path: Path) -> Path:
    """The model folder meant by a path to a model, a checkpoint, or a run."""
    for folder in (path, path / "model"):
        if (folder / MODEL_FILE).is_file():
            return folder
    newest = newest_checkpoint(path)
    if newest is None:
        raise CheckpointError(
            f"{path}: no saved model, checkpoint or run there",
            code="model-missing",
            hint="give the folder that `ugembed train` wrote, or one of its checkpoints",
        )
    return newest / "model"


def newest_checkpoint(run: Path) -> Path | None:
    """The complete checkpoint of a run with the highest step, if any."""
    steps = {
        int(match[1]): folder
        for folder in (run / "checkpoints").glob("step-*")
        if (match := re.fullmatch(r"step-(\d+)", folder.name)) and (folder / "manifest.json").is_file()
    }
    return steps[max(steps)] if steps else None


def load_weights(embedder: Embedder, folder: Path, *, graph_part_may_be_new: bool = False) -> bool:
    """Copy saved weights into an embedder of the same configuration; every name and shape must agree.

    Args:
        embedder: To be filled.
        folder: A saved model.
        graph_part_may_be_new: A model saved without a graph part leaves the embedder's own as it is (stage 2 from
            stage 1).

    Returns:
        Whether a graph part was loaded.
    """
    if embedder.adapters is not None:
        _load_adapter(embedder, folder)
    elif (folder / ADAPTER_FILE).is_file():
        raise _mismatch(folder, "it has a LoRA adapter, the configuration has none")
    has_modules = (folder / MODULES_FILE).is_file()
    if embedder.graph_encoder is None:
        if has_modules:
            raise _mismatch(folder, "it has a graph part, the configuration has none")
        return False
    if not has_modules and graph_part_may_be_new:
        return False
    saved = _tensors(folder / MODULES_FILE)
    _copy(embedder.own_state(), saved, folder / MODULES_FILE)
    return True


def _load_adapter(embedder: Embedder, folder: Path) -> None:
    from peft import get_peft_model_state_dict

    own = get_peft_model_state_dict(embedder.adapters, save_embedding_layers=False)
    _copy(own, _tensors(folder / ADAPTER_FILE), folder / ADAPTER_FILE)


def _copy(own: dict[str, Any], saved: dict[str, Any], source: Path) -> None:
    import torch

    missing, surplus = sorted(own.keys() - saved.keys()), sorted(saved.keys() - own.keys())
    if missing or surplus:
        name, what = (missing[0], "lacks") if missing else (surplus[0], "has surplus")
        raise _mismatch(source, f"it {what} {name} ({len(missing)} missing, {len(surplus)} surplus)")
    with torch.no_grad():
        for name, tensor in own.items():
            if tensor.shape != saved[name].shape:
                raise _mismatch(source, f"{name} is {tuple(saved[name].shape)}, wanted {tuple(tensor.shape)}")
            tensor.copy_(saved[name])


def _tensors(file: Path) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors: dict[str, Any] = load_file(file)
    except FileNotFoundError:
        raise CheckpointError(f"{file}: missing", code="weights-missing", hint="use a complete checkpoint") from None
    except SafetensorError as error:
        raise CheckpointError(f"{file}: damaged: {error}", code="damaged", hint="use another checkpoint") from None
    return tensors


def _mismatch(source: Path, what: str) -> CheckpointError:
    return CheckpointError(
        f"{source} does not fit this model: {what}",
        code="weights-mismatch",
        hint="use the configuration the weights were trained with",
    )
