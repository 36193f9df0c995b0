"""QLoRA (Dettmers et al. 2023): the language model's linear layers in four bits, everything else as it is."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Any

import torch
from torch import nn

from ugembed.errors import ConfigError
from ugembed.models.skeleton import LAYERS

_ANY_NAME = r"\w+"


def four_bits(model_class: Any, config: Any, *, dtype: torch.dtype) -> Any:
    """What ``from_pretrained`` takes as ``quantization_config`` to load a checkpoint for QLoRA.

    Layers outside of the language model are listed one by one, since their names occur inside of it as well.

    Args:
        model_class: transformers' class of the model without its head.
        config: The checkpoint's transformers configuration.
        dtype: Precision in which four-bit weights are multiplied, and of all other weights.

    Returns:
        A `transformers.BitsAndBytesConfig`: NF4 in blocks of 64 whose scales are quantised once more.

    Raises:
        ConfigError: ``bitsandbytes-missing``, ``lora-targets`` (no linear layer of a language model).
    """
    if find_spec("bitsandbytes") is None:
        raise ConfigError(
            "four-bit weights need bitsandbytes, which is not installed",
            code="bitsandbytes-missing",
            hint="pip install 'ugembed[gpu]', or leave the base model unquantised",
        )
    from transformers import BitsAndBytesConfig

    with torch.device("meta"):
        model = model_class(config)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
        llm_int8_skip_modules=kept_whole(model),
    )


def kept_whole(model: nn.Module) -> list[str]:
    """Names of the linear layers that are no decoder layers of the language model.

    Raises:
        ConfigError: ``lora-targets``.
    """
    names = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    pattern = re.compile(LAYERS.format(names=_ANY_NAME))
    outside = [name for name in names if not pattern.fullmatch(name)]
    if len(outside) == len(names):
        raise ConfigError(
            "the model has no linear layer that is known to belong to a language model",
            code="lora-targets",
            hint="load it unquantised",
        )
    return outside
