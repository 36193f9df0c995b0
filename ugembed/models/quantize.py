"""QLoRA (Dettmers et al. 2023): the language model's linear layers in four bits, everything else as it is."""

from __future__ import annotations

import importlib
import re
from importlib.util import find_spec
from typing import Any

import torch
from torch import nn

from ugembed.errors import ConfigError
from ugembed.models.signature import remember_numbers

BLOCK = 64
"""Weights that share a scale."""
BITS = 4 + 8 / BLOCK + 32 / (BLOCK * 256)
"""Of a weight in memory: its own four, and its share of the scales, which are quantised themselves, 256 at a time."""
_ANY_NAME = r"\w+"


def pack_four_bits(model: nn.Module, *, pattern: str) -> None:
    """Replace the language model's linear layers by `bitsandbytes.nn.Linear4bit`, in place.

    NF4 in blocks of 64 whose scales are quantised once more; products are taken in the precision that the weights had.
    Layers outside of the language model, which have the same names, are left alone. Where there is a GPU, weights are
    packed there and stay there; without one this takes about a minute for 500 million of them.

    Args:
        model: A transformers model.
        pattern: A backbone's ``language_model_pattern``.

    Raises:
        ConfigError: ``bitsandbytes-missing``, ``lora-targets`` (no linear layer of a language model).
    """
    names = packed_names(model, pattern=pattern)
    if not names:
        raise ConfigError(
            "the model has no linear layer that is known to belong to a language model",
            code="lora-targets",
            hint="load it unquantised",
        )
    if find_spec("bitsandbytes") is None:
        raise ConfigError(
            "four-bit weights need bitsandbytes, which is not installed",
            code="bitsandbytes-missing",
            hint="pip install 'ugembed[gpu]', or leave model.backbone.quantize out",
        )
    for name in names:
        parent, _, own = name.rpartition(".")
        layer: Any = model.get_submodule(name)
        packed = _packed(layer)
        remember_numbers(packed, layer.weight)
        setattr(model.get_submodule(parent), own, packed)
    model.is_loaded_in_4bit = True  # type: ignore[assignment]  # what peft asks before it adapts such layers


def packed_names(model: nn.Module, *, pattern: str) -> list[str]:
    """Names of the linear layers that `pack_four_bits` replaces."""
    inside = re.compile(pattern.format(names=_ANY_NAME))
    return [name for name, module in model.named_modules() if isinstance(module, nn.Linear) and inside.fullmatch(name)]


def _packed(layer: nn.Linear) -> nn.Module:
    library = importlib.import_module("bitsandbytes.nn")
    made: Any = library.Linear4bit(
        layer.in_features,
        layer.out_features,
        bias=layer.bias is not None,
        compute_dtype=layer.weight.dtype,
        compress_statistics=True,
        quant_type="nf4",
        device="meta",
    )
    made.weight = library.Params4bit(
        layer.weight.data, requires_grad=False, blocksize=BLOCK, compress_statistics=True, quant_type="nf4", module=made
    )
    made.bias = layer.bias
    made.support_avx512bf16_for_cpu = False  # a form for inference that rounds scales: other numbers than in training
    packed: nn.Module = made.to("cuda" if torch.cuda.is_available() else "cpu")  # a move is what packs
    return packed
