"""What tells two sets of base weights apart: a few numbers of many layers, cheap to take of any size of model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from torch import Tensor, nn

Signature: TypeAlias = dict[str, list[float]]
"""Name of a frozen weight to some of its numbers."""

LAYERS = 64
NUMBERS = 4
RELATIVE = 2**-8
"""What rounding to bfloat16 can change, so that weights are recognised in any precision."""
ABSOLUTE = 1e-7
"""What rounding to float16 can change in numbers near 0."""
_NUMBERS = "numbers_before_packing"


def base_signature(core: nn.Module) -> Signature:
    """`NUMBERS` numbers, a third into each, of up to `LAYERS` frozen weights, spread evenly over the names."""
    frozen = {name: weight for name, weight in base_weights(core).items() if not weight.requires_grad}
    packed = _remembered(core)
    names = sorted(name for name, weight in frozen.items() if weight.is_floating_point() or name in packed)
    step = max(1, len(names) / LAYERS)
    chosen = dict.fromkeys(names[int(k * step)] for k in range(min(LAYERS, len(names))))
    return {name: packed.get(name) or _numbers(frozen[name]) for name in chosen}


def remember_numbers(layer: nn.Module, weight: Tensor) -> None:
    """Let a layer whose weight is about to be packed (`models.quantize`) know its numbers as they were."""
    setattr(layer, _NUMBERS, _numbers(weight))


def _remembered(core: nn.Module) -> Signature:
    """Numbers of packed weights as they were, by the names they have without adapters."""
    layers = {name: getattr(module, _NUMBERS, None) for name, module in core.named_modules()}
    return {f"{name}.weight".replace(".base_layer.", "."): numbers for name, numbers in layers.items() if numbers}


def base_weights(core: nn.Module) -> dict[str, nn.Parameter]:
    """Weights of a backbone by the names they have without adapters."""
    return {
        name.replace(".base_layer.", "."): parameter
        for name, parameter in core.named_parameters()
        if ".lora_" not in name
    }


def first_difference(core: nn.Module, signature: Mapping[str, Any]) -> str | None:
    """The first weight that is not what ``signature`` says, in words; None when all are.

    Packed weights are compared by what they were before.
    """
    weights, packed = base_weights(core), _remembered(core)
    for name, wanted in sorted(signature.items()):
        if name not in weights:
            return f"it was trained on a model with {name}, which this one lacks"
        found = packed.get(name) or _numbers(weights[name])
        if not _close(wanted, found):
            return f"{name} holds {wanted} there, {found} here"
    return None


def _numbers(weight: Tensor) -> list[float]:
    start = weight.numel() // 3
    values: list[float] = weight.detach().reshape(-1)[start : start + NUMBERS].float().cpu().tolist()
    return values


def _close(wanted: Any, found: list[float]) -> bool:
    if not isinstance(wanted, list) or len(wanted) != len(found):
        return False
    return all(
        isinstance(a, int | float) and abs(a - b) <= RELATIVE * abs(b) + ABSOLUTE
        for a, b in zip(wanted, found, strict=True)
    )
