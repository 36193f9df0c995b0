"""A model on disk: adapter, own modules, tokenizer and picture processor, ``model.yaml``, a card. Loaded strictly.

The folder's manifest names every file with its sha256, the format, and the first numbers of the base model's weights,
so that a damaged file or another base model is noticed before a vector is made. ``README.md`` may be edited, and in
``model.yaml`` what `MOVABLE` lists, such as where the base model lies.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import orjson
import yaml
from pydantic import ValidationError

from ugembed import __version__
from ugembed.errors import CheckpointError
from ugembed.files import MANIFEST, committed_directory, contained, read_json, read_manifest, sha256_file, write_atomic
from ugembed.models.card import BACKBONE, CARD, is_inside, model_card
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.models.hostile import refuse_hostile
from ugembed.models.lora import trained_core
from ugembed.models.signature import base_signature

if TYPE_CHECKING:
    from torch import Tensor

KIND = "model"
FORMAT = 2
MODEL_FILE = "model.yaml"
MODULES_FILE = "modules.safetensors"
ADAPTER_FILE = "adapter_model.safetensors"
LANGUAGE_FILE = "language_model.safetensors"
MOVABLE = (
    *(("backbone", name) for name in ("path", "dtype", "attention", "quantize")),
    *(("inputs", name) for name in ("cache_mb", "vectors_mb")),
)
"""Settings that may be changed in a saved ``model.yaml``: they say where and how, not what."""
EDITABLE = (MODEL_FILE, CARD)
_MAX_SETTINGS_BYTES = 2**20


def save_embedder(embedder: Embedder, folder: Path, *, data: Mapping[str, str] | None = None) -> None:
    """Write an embedder as ``folder`` in one piece, its manifest last.

    Args:
        embedder: The model.
        folder: To be made; it may exist if it is empty.
        data: sha256 of the training files by name, for the card.

    Raises:
        StoreError: ``output-exists``.
    """
    with committed_directory(folder, kind=KIND, **model_facts(embedder, embedder.config, data=data)) as scratch:
        write_model(embedder, embedder.config, scratch, data=data)
        embedder.backbone.save_text_side(scratch)


def model_facts(embedder: Embedder, config: ModelConfig, *, data: Mapping[str, str] | None) -> dict[str, Any]:
    """What the manifest of a model described by ``config`` says besides its files."""
    return {
        "format": FORMAT,
        "ugembed": __version__,
        "settings": settings_digest(config.model_dump(mode="json")),
        "base": base_signature(embedder.core),
        "data": {Path(name).name: digest for name, digest in (data or {}).items()},
    }


def write_model(embedder: Embedder, config: ModelConfig, folder: Path, *, data: Mapping[str, str] | None) -> None:
    """Write settings, trained weights and card of a model into a folder that is being committed."""
    text = yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)
    write_atomic(folder / MODEL_FILE, text.encode())
    if embedder.adapters is not None:
        embedder.adapters.peft_config["default"].base_model_name_or_path = getattr(
            config.backbone, "path", config.backbone.kind
        )
        embedder.adapters.save_pretrained(folder, save_embedding_layers=False)
    _write_tensors(folder / LANGUAGE_FILE, trained_core(embedder.core))
    _write_tensors(folder / MODULES_FILE, embedder.own_state())
    write_atomic(folder / CARD, model_card(embedder, config, data=data).encode())  # instead of peft's


def _write_tensors(file: Path, tensors: Mapping[str, Tensor]) -> None:
    from safetensors.torch import save_file

    if tensors:
        save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, file)


def settings_digest(settings: Mapping[str, Any]) -> str:
    """sha256 of what stands in ``model.yaml``, without what `MOVABLE` lists."""
    left = {
        section: {key: value for key, value in values.items() if (section, key) not in MOVABLE}
        if isinstance(values, dict)
        else values
        for section, values in settings.items()
    }
    return hashlib.sha256(orjson.dumps(left, option=orjson.OPT_SORT_KEYS)).hexdigest()


def load_embedder(path: Path | str, *, device: str | None = None) -> Embedder:
    """Load a saved model, a checkpoint (its model), or a run (its newest complete checkpoint).

    Args:
        path: The folder.
        device: Where to put it; by default the GPU if there is one.

    Raises:
        CheckpointError: nothing is there, it could run code, or weights are missing, surplus or of another shape.
        StoreError: a file is missing or differs from the manifest.
    """
    import torch

    from ugembed.models.weights import fill

    folder = model_folder(Path(path))
    facts = check_folder(folder)
    settings = _settings(folder / MODEL_FILE)
    config = _validated(settings, folder / MODEL_FILE)
    if settings_digest(settings) != facts.get("settings"):
        raise CheckpointError(
            f"{folder / MODEL_FILE}: differs from what the weights were trained with",
            code="settings-changed",
            hint="only backbone.path, dtype, attention, quantize, inputs.cache_mb and vectors_mb may be changed",
        )
    embedder = Embedder(inside(config, folder))
    fill(embedder, folder, facts)
    embedder.to(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    return embedder.eval()


def load_weights(embedder: Embedder, folder: Path, *, graph_part_may_be_new: bool = False) -> bool:
    """Copy saved weights into an embedder of the same configuration; every name and shape must agree.

    Args:
        embedder: To be filled.
        folder: A saved model.
        graph_part_may_be_new: A model saved without a graph part leaves the embedder's own as it is (stage 2 from
            stage 1).

    Returns:
        Whether a graph part was loaded.

    Raises:
        CheckpointError, StoreError: as `load_embedder`.
    """
    from ugembed.models.weights import fill

    return fill(embedder, folder, check_folder(folder), graph_part_may_be_new=graph_part_may_be_new)


def check_folder(folder: Path) -> dict[str, Any]:
    """The facts of a saved model whose every file is as it was written and that holds nothing that could run code."""
    refuse_hostile(folder)
    facts = read_manifest(folder, kind=KIND)
    if facts.get("format") != FORMAT:
        raise CheckpointError(
            f"{folder}: format {str(facts.get('format'))[:40]}, this release reads {FORMAT}",
            code="model-format",
            hint="use the release of ugembed that wrote it",
        )
    listing = read_json(folder / MANIFEST)["files"]
    weights = {path.relative_to(folder).as_posix() for path in folder.rglob("*.safetensors")}
    for name in sorted(weights - listing.keys()):
        raise _damaged(folder / name, "its manifest does not know it")
    for name, entry in listing.items():
        if name not in EDITABLE:
            _check_file(folder, name, entry)
    return facts


def _check_file(folder: Path, name: str, entry: Any) -> None:
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or not parts:
        raise _damaged(folder / MANIFEST, f"it names {name[:100]!r}, which is not in the folder")
    try:
        digest = sha256_file(folder / name)
    except (OSError, ValueError) as error:  # ValueError: a name that no file system takes
        raise CheckpointError(
            f"{folder / name[:100]}: missing ({error})", code="weights-missing", hint="use a complete model"
        ) from None
    if not isinstance(entry, dict) or digest != entry.get("sha256"):
        raise _damaged(folder / name, "it differs from its manifest")


def _damaged(file: Path, what: str) -> CheckpointError:
    return CheckpointError(f"{file}: damaged: {what}", code="damaged", hint="use another checkpoint")


def read_model_config(folder: Path) -> ModelConfig:
    """The configuration of a saved model, as it stands there.

    Raises:
        CheckpointError: ``model-broken``.
    """
    return _validated(_settings(folder / MODEL_FILE), folder / MODEL_FILE)


def _settings(file: Path) -> Any:
    try:
        if file.stat().st_size > _MAX_SETTINGS_BYTES:
            raise ValueError("longer than a configuration can be")
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: also a date like 2021-99-99
        raise _broken(file, "nested too deeply" if isinstance(error, RecursionError) else str(error)) from None


def _validated(settings: Any, file: Path) -> ModelConfig:
    try:
        return ModelConfig.model_validate(settings)
    except (ValidationError, RecursionError) as error:
        raise _broken(file, str(error)) from None


def _broken(file: Path, what: str) -> CheckpointError:
    return CheckpointError(
        f"{file}: {what}", code="model-broken", hint="the model was saved by another release, or damaged"
    )


def inside(config: ModelConfig, folder: Path) -> ModelConfig:
    """``config`` with the backbone that lies in the model's own folder, if it says so and one lies there."""
    if not is_inside(config) or not (folder / BACKBONE).is_dir():
        return config
    backbone = config.backbone.model_copy(update={"path": str(contained(folder, BACKBONE))})
    return config.model_copy(update={"backbone": backbone})


def model_folder(path: Path) -> Path:
    """The model folder meant by a path to a model, a checkpoint, or a run."""
    for folder in (path, path / "model"):
        if (folder / MODEL_FILE).is_file():
            return folder
    known = checkpoints(path)
    if not known:
        raise CheckpointError(
            f"{path}: no saved model, checkpoint or run there",
            code="model-missing",
            hint="give the folder that `ugembed train` wrote, or one of its checkpoints",
        )
    return known[-1] / "model"


def checkpoints(run: Path) -> list[Path]:
    """The complete checkpoints of a run, oldest first; ``step-0000003-0002`` is two micro-steps after step 3."""
    found = [
        (int(match[1]), int(match[2] or 0), folder)
        for folder in (run / "checkpoints").glob("step-*")
        if (match := re.fullmatch(r"step-(\d+)(?:-(\d+))?", folder.name)) and (folder / MANIFEST).is_file()
    ]
    return [folder for _, _, folder in sorted(found)]
