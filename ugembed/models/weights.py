"""Saved weights into an embedder: every name and every shape must agree, and the base model must be the same."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ugembed.errors import CheckpointError
from ugembed.models.embedder import Embedder
from ugembed.models.lora import trained_core
from ugembed.models.saved import ADAPTER_FILE, LANGUAGE_FILE, MODULES_FILE
from ugembed.models.signature import first_difference


def fill(embedder: Embedder, folder: Path, facts: Mapping[str, Any], *, graph_part_may_be_new: bool = False) -> bool:
    """Copy the weights of a checked folder; nothing is copied unless everything fits.

    Args:
        embedder: To be filled.
        folder: A saved model.
        facts: Of its manifest.
        graph_part_may_be_new: A model saved without a graph part leaves the embedder's own as it is.

    Returns:
        Whether a graph part was loaded.

    Raises:
        CheckpointError: ``base-differs``, ``weights-missing``, ``weights-mismatch``, ``damaged``.
    """
    _check_base(embedder, folder, facts.get("base"))
    parts = _parts(embedder)
    loaded = False
    fitting: list[tuple[Mapping[str, Tensor], Mapping[str, Tensor]]] = []
    for name, (what, own) in parts.items():
        file = folder / name
        is_there = file.is_file()
        if not own and is_there:
            raise _mismatch(file, f"it has {what}, the configuration has none")
        if not own or (name == MODULES_FILE and not is_there and graph_part_may_be_new):
            continue
        fitting.append((own, read_tensors(file)))
        _compare(*fitting[-1], file)
        loaded = loaded or name == MODULES_FILE
    with torch.no_grad():
        for part, saved in fitting:
            for key, tensor in part.items():
                tensor.copy_(saved[key])
    return loaded


def _parts(embedder: Embedder) -> dict[str, tuple[str, Mapping[str, Tensor]]]:
    """File to what it holds, in words, and the embedder's own tensors of that part."""
    adapters: Mapping[str, Tensor] = {}
    if embedder.adapters is not None:
        from peft import get_peft_model_state_dict

        adapters = get_peft_model_state_dict(embedder.adapters, save_embedding_layers=False)
    return {
        ADAPTER_FILE: ("a LoRA adapter", adapters),
        LANGUAGE_FILE: ("a language model trained whole", trained_core(embedder.core)),
        MODULES_FILE: ("a graph part", embedder.own_state()),
    }


def _check_base(embedder: Embedder, folder: Path, signature: Any) -> None:
    difference = "its manifest does not describe the base model"
    if isinstance(signature, dict):
        found = first_difference(embedder.core, signature)
        if found is None:
            return
        difference = found
    here = getattr(embedder.config.backbone, "path", embedder.config.backbone.kind)
    raise CheckpointError(
        f"{folder} was trained on another base model than {here}: {difference}",
        code="base-differs",
        hint="give the base model it was trained on as backbone.path",
    )


def _compare(own: Mapping[str, Tensor], saved: Mapping[str, Tensor], source: Path) -> None:
    missing, surplus = sorted(own.keys() - saved.keys()), sorted(saved.keys() - own.keys())
    if missing or surplus:
        lacks = f"it lacks {len(missing)} weights of the configuration (first: {missing[0]})" if missing else ""
        has = f"it has {len(surplus)} weights too many (first: {surplus[0]})" if surplus else ""
        raise _mismatch(source, "; ".join(part for part in (lacks, has) if part))
    for name, tensor in own.items():
        found = saved[name]
        if tensor.shape != found.shape or not found.is_floating_point():
            raise _mismatch(
                source, f"{name} is {found.dtype} {tuple(found.shape)} there, {tuple(tensor.shape)} in the model"
            )


def read_tensors(file: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file.

    Raises:
        CheckpointError: ``weights-missing``, ``damaged``.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors: dict[str, Tensor] = load_file(file)
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
