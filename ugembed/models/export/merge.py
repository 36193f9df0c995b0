"""Adapters into the weights they adapt: a model that needs neither peft nor its base model."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from ugembed.errors import CheckpointError
from ugembed.models.backbones.base import BackboneConfig
from ugembed.models.card import BACKBONE
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.registry import discover


def merge(embedder: Embedder, dtype: torch.dtype) -> None:
    """Merge the adapters, in place; nothing of the backbone is trained any more.

    The sum is taken in float32 and rounded once, to ``dtype``.

    Raises:
        CheckpointError: ``merge-quantised``: 4-bit and 8-bit weights cannot take a merge without loss.
    """
    core = embedder.core
    if not all(parameter.is_floating_point() for parameter in core.parameters()):
        raise CheckpointError(
            "the base model is quantised: adapters cannot be merged into it without loss",
            code="merge-quantised",
            hint="set backbone.quantize to null in model.yaml and export again",
        )
    if embedder.adapters is not None:
        for module in core.modules():
            if isinstance(base := getattr(module, "base_layer", None), nn.Module):
                base.float()
        merged = embedder.adapters.merge_and_unload(safe_merge=True)
        assert merged is core  # peft works in place
        object.__setattr__(embedder, "adapters", None)
    core.to(dtype).requires_grad_(False)


def merged_config(embedder: Embedder, dtype: str) -> ModelConfig:
    """The configuration of a model whose whole backbone lies in its own folder.

    Raises:
        CheckpointError: ``export-backbone``: no kind of backbone reads such a folder.
    """
    config = embedder.config
    given = config.backbone.model_dump()
    kind: type[BackboneConfig] = type(config.backbone)
    if "path" not in kind.model_fields:  # made by the package itself, of a family that has a kind of its own
        kind, given = _kind_of(embedder.backbone.model.config.model_type), {}
    given = {name: value for name, value in given.items() if name in kind.model_fields and name != "kind"}
    given.update({name: value for name, value in _place(dtype).items() if name in kind.model_fields})
    update: dict[str, Any] = {"lora": None, "train": "graph" if config.train == "graph" else "adapters"}
    return config.model_copy(update={**update, "backbone": kind.model_validate(given)})


def _place(dtype: str) -> dict[str, str]:
    return {"path": BACKBONE, "dtype": dtype}


def _kind_of(model_type: str) -> type[BackboneConfig]:
    kind = discover("ugembed.models.backbones").get(model_type)
    if kind is None or not issubclass(kind, BackboneConfig) or "path" not in kind.model_fields:
        raise CheckpointError(
            f"no kind of backbone reads a folder of {model_type!r} weights",
            code="export-backbone",
            hint="export with --to hub-folder, which leaves the base model as it is",
        )
    return kind
