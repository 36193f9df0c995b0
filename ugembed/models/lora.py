"""LoRA by peft, restricted to the language model by an anchored pattern, and checked."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import torch
from pydantic import Field, PositiveFloat, PositiveInt
from torch import nn

from ugembed.errors import ConfigError
from ugembed.models.backbones.base import Backbone
from ugembed.registry import Config

LayerName = Literal["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


class LoraConfig(Config):
    """Low-rank adapters of the language model (defaults of the reference: section 4.3)."""

    rank: PositiveInt = 16
    """Rank of the update."""
    alpha: PositiveFloat = 32
    """The update is scaled by alpha / rank."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Dropout on the adapters' input while training."""
    targets: tuple[LayerName, ...] = ("q_proj", "v_proj")
    """Linear layers of every decoder layer that get an adapter."""


def add_lora(backbone: Backbone, config: LoraConfig, *, seed: int) -> nn.Module:
    """Wrap ``backbone.model`` in peft adapters (kept in float32) and return the wrapper.

    Raises:
        ConfigError: the pattern hits nothing, or anything outside of the language model.
    """
    from peft import LoraConfig as PeftConfig
    from peft import get_peft_model

    pattern = backbone.language_model_pattern.format(names="|".join(config.targets))
    hit = [name for name, module in backbone.model.named_modules() if re.fullmatch(pattern, name)]
    if not hit or not all(isinstance(backbone.model.get_submodule(name), nn.Linear) for name in hit):
        raise ConfigError(
            f"LoRA targets {', '.join(config.targets)} match no linear layer of the language model",
            code="lora-targets",
            hint="see model.lora.targets",
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        wrapped: nn.Module = get_peft_model(
            backbone.model,
            PeftConfig(
                r=config.rank, lora_alpha=config.alpha, lora_dropout=config.dropout, target_modules=pattern, bias="none"
            ),
        )
    check_scope(wrapped)
    return wrapped


def check_scope(wrapped: nn.Module) -> None:
    """Refuse a model whose trainable parameters are not all adapters inside the language model."""
    strangers = [
        name
        for name, parameter in wrapped.named_parameters()
        if parameter.requires_grad and not ("language_model." in name and ".lora_" in name)
    ]
    if strangers:
        raise ConfigError(
            f"LoRA would also train {strangers[0]}", code="lora-targets", hint="restrict model.lora.targets"
        )
