"""What of a language model is trained: LoRA by peft, restricted by an anchored pattern and checked, or every weight."""

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
LANGUAGE_MODEL = "language_model."
"""How the names of the language model's parameters start inside of a backbone's model."""


class LoraConfig(Config):
    """Low-rank adapters of the language model (defaults of the reference: section 4.3)."""

    rank: PositiveInt = 16
    """Rank of the update."""
    alpha: PositiveFloat = 32
    """The update is scaled by alpha / rank, with ``use_rslora`` by alpha / sqrt(rank)."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Dropout on the adapters' input while training."""
    use_rslora: bool = False
    """Rank-stabilised scaling (Kalajdzievski 2023): pays at ranks of 64 and more."""
    use_dora: bool = False
    """Train the length of each column of a weight apart from its direction (DoRA, Liu et al. 2024); slower."""
    targets: tuple[LayerName, ...] = ("q_proj", "v_proj")
    """Linear layers of every decoder layer that get an adapter."""


def add_lora(backbone: Backbone, config: LoraConfig, *, seed: int) -> nn.Module:
    """Wrap ``backbone.model`` in peft adapters (kept in float32) and return the wrapper.

    Raises:
        ConfigError: ``lora-targets``: the pattern hits nothing, or anything outside of the language model.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return wrap(backbone.model, config, pattern=backbone.language_model_pattern)


def wrap(model: nn.Module, config: LoraConfig, *, pattern: str) -> nn.Module:
    """`add_lora` for a bare model; adapters start from torch's current generator.

    Args:
        model: A transformers model; changed in place.
        config: The adapters.
        pattern: A backbone's ``language_model_pattern``.

    Raises:
        ConfigError: ``lora-targets``.
    """
    from peft import LoraConfig as PeftConfig
    from peft import get_peft_model

    targets = pattern.format(names="|".join(config.targets))
    hit = [name for name, module in model.named_modules() if re.fullmatch(targets, name)]
    if not hit or not all(isinstance(model.get_submodule(name), nn.Linear) for name in hit):
        raise ConfigError(
            f"LoRA targets {', '.join(config.targets)} match no linear layer of the language model",
            code="lora-targets",
            hint="see model.lora.targets",
        )
    settings = PeftConfig(
        r=config.rank, lora_alpha=config.alpha, lora_dropout=config.dropout, use_rslora=config.use_rslora,
        use_dora=config.use_dora, target_modules=targets, bias="none",
    )  # fmt: skip
    wrapped: nn.Module = get_peft_model(model, settings)
    check_scope(wrapped)
    return wrapped


def check_scope(wrapped: nn.Module) -> None:
    """Refuse a model whose trainable parameters are not all adapters inside the language model."""
    strangers = [
        name
        for name, parameter in wrapped.named_parameters()
        if parameter.requires_grad and not (LANGUAGE_MODEL in name and ".lora_" in name)
    ]
    if strangers:
        raise ConfigError(
            f"LoRA would also train {strangers[0]}", code="lora-targets", hint="restrict model.lora.targets"
        )


def train_language_model(model: nn.Module) -> None:
    """Unfreeze every weight of the language model, kept in float32 from here on; the vision tower stays frozen.

    Raises:
        ConfigError: ``full-training``: the model has no language model of floating-point weights.
    """
    own = [parameter for name, parameter in model.named_parameters() if name.startswith(LANGUAGE_MODEL)]
    if not own or not all(parameter.is_floating_point() for parameter in own):
        what = "is quantised" if own else "is not there"
        raise ConfigError(
            f"the language model cannot be trained as a whole: it {what}",
            code="full-training",
            hint="train adapters (model.lora), or load the weights unquantised",
        )
    for parameter in own:
        parameter.data = parameter.data.float()
        parameter.requires_grad_(True)


def trained_core(model: nn.Module) -> dict[str, nn.Parameter]:
    """Weights of a backbone's model itself, adapters left out, that are trained (none, unless it is trained whole)."""
    return {
        name: parameter
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and ".lora_" not in name
    }
