"""The modules of a configured embedder without their weights: shapes and precisions only, of any size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from ugembed.errors import CheckpointError
from ugembed.models.backbones.base import BackboneConfig, MarkerIds
from ugembed.models.config import ModelConfig
from ugembed.models.head import WhitenedHead
from ugembed.models.hostile import refuse_remote_code
from ugembed.models.lora import train_language_model, wrap
from ugembed.models.quantize import BITS, packed_names

LAYERS = r"language_model\.layers\.\d+\.(self_attn|mlp)\.({names})"
"""The language model's linear layers, by the names they have in every family of `ugembed.models.backbones`."""
_NO_MARKERS = MarkerIds(*([0] * len(MarkerIds.__slots__)))


def skeleton(config: ModelConfig) -> nn.ModuleDict:
    """``core``, ``graph_encoder``, ``fusion``, ``head``, named as in `ugembed.models.embedder`, on the meta device.

    Only a built-in backbone, which is small, has its weights. A weight that would be packed says so by its ``bits``.
    Tokens that a family lacks and is given are left out.

    Raises:
        CheckpointError: ``config-unreachable``, ``remote-code``, ``config-unread``.
        ConfigError: ``lora-targets``, ``full-training``.
    """
    core = _core(config.backbone)
    if getattr(config.backbone, "quantize", None) is not None:
        for name in packed_names(core, pattern=LAYERS):
            core.get_submodule(name).weight.bits = BITS
    with torch.device("meta"):
        parts = nn.ModuleDict({"core": core})
        if config.lora is not None:
            wrap(core, config.lora, pattern=LAYERS)
        elif getattr(config, "train", "adapters") == "full":
            train_language_model(core)
        if config.graph_encoder is not None and config.fusion is not None:
            width = core.get_input_embeddings().embedding_dim
            parts["graph_encoder"] = config.graph_encoder.build(hidden_size=width)
            parts["fusion"] = config.fusion.build(hidden_size=width, markers=_NO_MARKERS, scale=1.0)
        if config.train == "graph":
            core.requires_grad_(False)
        if config.head == "whitened":
            parts["head"] = WhitenedHead(core.get_input_embeddings().embedding_dim)
    return parts


def _core(backbone: BackboneConfig) -> Any:
    path = getattr(backbone, "path", None)
    if path is None:
        return backbone.build().model
    settings = _transformers_config(path)
    from transformers import AutoModel

    dtype = getattr(torch, getattr(backbone, "dtype", "float32"))
    try:
        with torch.device("meta"):
            return AutoModel.from_config(settings, dtype=dtype).requires_grad_(False)
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        raise _unread(path, error) from None


def _transformers_config(path: str) -> Any:
    """The configuration of a local folder, or of a hub name that was downloaded before; no connection is made."""
    from huggingface_hub.errors import StrictDataclassError
    from transformers import AutoConfig
    from transformers.utils import cached_file

    try:
        file = cached_file(path, "config.json", local_files_only=True)
    except (OSError, ValueError):
        file = None
    if file is None:
        raise CheckpointError(
            f"{path}: its config.json is not on this machine",
            code="config-unreachable",
            hint="download the checkpoint's config.json alone into a folder, and give it as model.backbone.path",
        )
    refuse_remote_code(Path(file))
    try:
        return AutoConfig.from_pretrained(Path(file).parent, trust_remote_code=False)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, StrictDataclassError) as error:
        raise _unread(path, error) from None


def _unread(path: str, error: Exception) -> CheckpointError:
    return CheckpointError(
        f"{path}: config.json: {(str(error) or type(error).__name__).splitlines()[0]}",
        code="config-unread",
        hint="the checkpoint must be of a family that transformers has classes for",
    )
