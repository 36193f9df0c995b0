"""What a model consists of: modules, parameters, what is trained at which learning rate, and the memory that takes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from ugembed.models.config import ModelConfig
from ugembed.models.skeleton import skeleton

DEPTH = 3
FORMULA = (
    "weights: parameters x bytes of their precision (0.52 where packed in four bits); gradients: the same of what is "
    "trained; AdamW: two float32 numbers for each trained parameter. Activations and the memory of kernels come on top."
)
_ADAM_BYTES = 2 * 4


@dataclass(frozen=True, slots=True)
class Part:
    """One module with everything in it.

    Attributes:
        name: Dotted name; a list of equal layers is one part.
        kind: Class of the module; of a list, ``count x class``.
        parameters, trained: Numbers of parameters.
        dtypes: Precisions that occur, the most frequent first.
        learning_rate: Peak of what is trained in it; None where nothing is, or no run says.
        parts: What it consists of, down to `DEPTH`.
    """

    name: str
    kind: str
    parameters: int
    trained: int
    dtypes: tuple[str, ...]
    learning_rate: float | None
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes, by `FORMULA`."""

    weights: int
    gradients: int
    optimizer: int

    @property
    def training(self) -> int:
        """All three together."""
        return self.weights + self.gradients + self.optimizer


@dataclass(frozen=True, slots=True)
class Inspection:
    """A model: its parts, its trained weights by name (layer numbers as ``*``) with how many there are, its memory."""

    parts: tuple[Part, ...]
    parameters: int
    trained: int
    trained_weights: Mapping[str, tuple[int, int]]
    """Name to (tensors, parameters)."""
    memory: Memory


def inspect_model(config: ModelConfig, *, learning_rates: Mapping[str, float] | None = None) -> Inspection:
    """Inspect a configured model without loading its weights.

    Args:
        config: The model.
        learning_rates: Peak by the name of a top-level part (``core``, ``graph_encoder``, ``fusion``, ``head``).

    Raises:
        UgembedError: as `ugembed.models.skeleton.skeleton`.
    """
    modules = skeleton(config)
    rates = learning_rates or {}
    parts = tuple(_part(name, module, rates.get(name), DEPTH) for name, module in modules.items())
    trained = {name: weight for name, weight in modules.named_parameters() if weight.requires_grad}
    groups: dict[str, tuple[int, int]] = {}
    for name, weight in trained.items():
        pattern = re.sub(r"\.\d+(?=\.)", ".*", name)
        tensors, numbers = groups.get(pattern, (0, 0))
        groups[pattern] = (tensors + 1, numbers + weight.numel())
    return Inspection(
        parts=parts,
        parameters=sum(part.parameters for part in parts),
        trained=sum(part.trained for part in parts),
        trained_weights=groups,
        memory=Memory(
            weights=round(sum(_bytes(weight) for weight in modules.parameters())),
            gradients=sum(weight.numel() * weight.element_size() for weight in trained.values()),
            optimizer=sum(weight.numel() * _ADAM_BYTES for weight in trained.values()),
        ),
    )


def _bytes(weight: nn.Parameter) -> float:
    bits: float = getattr(weight, "bits", 8 * weight.element_size())
    return weight.numel() * bits / 8


def _part(name: str, module: nn.Module, rate: float | None, depth: int) -> Part:
    weights = list(module.parameters())
    trained = sum(weight.numel() for weight in weights if weight.requires_grad)
    dtypes: Counter[str] = Counter()
    for weight in weights:
        dtypes["nf4" if hasattr(weight, "bits") else str(weight.dtype).removeprefix("torch.")] += weight.numel()
    return Part(
        name=name,
        kind=_kind(module),
        parameters=sum(weight.numel() for weight in weights),
        trained=trained,
        dtypes=tuple(dtype for dtype, _ in dtypes.most_common()),
        learning_rate=rate if trained else None,
        parts=tuple(_inner(name, module, rate, depth - 1)) if depth > 1 else (),
    )


def _inner(name: str, module: nn.Module, rate: float | None, depth: int) -> list[Part]:
    """Children with parameters; nothing inside of a list of layers, which would be as many equal lines."""
    if isinstance(module, nn.ModuleList | nn.Sequential):
        return []
    children = [(child, inner) for child, inner in module.named_children() if any(True for _ in inner.parameters())]
    return [_part(f"{name}.{child}", inner, rate, depth) for child, inner in children]


def _kind(module: nn.Module) -> str:
    if isinstance(module, nn.ModuleList) and len(module):
        return f"{len(module)} x {type(module[0]).__name__}"
    return type(module).__name__


def as_json(inspection: Inspection) -> dict[str, Any]:
    """Everything as plain values; memory in bytes."""
    from dataclasses import asdict

    document = asdict(inspection)
    document["memory"] |= {"training": inspection.memory.training, "formula": FORMULA}
    document["trained_weights"] = {
        name: {"tensors": tensors, "parameters": numbers}
        for name, (tensors, numbers) in inspection.trained_weights.items()
    }
    return document
