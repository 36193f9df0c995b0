"""What a frozen vision tower makes of pictures, kept from the first pass of cached gradients to the second."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from ugembed.models.embedder import Embedder
from ugembed.models.lora import LANGUAGE_MODEL
from ugembed.train.cached_gradients import RandomStream

KEPT_MB = 1024
"""Most memory for features of one step; parts beyond it are encoded twice."""


class KeptPictures:
    """Features of each part's pictures, computed once a step where nothing but the language model is trained.

    Features are used again only if computing them drew no random number, so that both passes see the same.

    Args:
        embedder: Whose vision tower it is.
        device: Where it is.
        limit_mb: Most memory for features.
    """

    def __init__(self, embedder: Embedder, device: torch.device, *, limit_mb: int = KEPT_MB) -> None:
        self.model: Any = embedder.core
        self.device = device
        self.room = limit_mb * 2**20 if is_frozen(self.model) else 0
        self.kept: dict[tuple[int, int], Any] = {}

    @contextmanager
    def of_part(self, number: int) -> Iterator[None]:
        """Within, the model's ``get_image_features`` gives again what it gave in the same part before."""
        compute, calls = self.model.get_image_features, 0

        def features(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            key, calls = (number, calls), calls + 1
            if key in self.kept:
                return self.kept.pop(key)
            before = RandomStream.now(self.device)
            made = compute(*args, **kwargs)
            self._keep(key, made, before)
            return made

        # an attribute of the object hides the method of its class
        object.__setattr__(self.model, "get_image_features", features)
        try:
            yield
        finally:
            object.__delattr__(self.model, "get_image_features")

    def _keep(self, key: tuple[int, int], made: Any, before: RandomStream) -> None:
        size = sum(tensor.nbytes for tensor in tensors(made))
        if not torch.is_grad_enabled() and size <= self.room and before == RandomStream.now(self.device):
            self.kept[key] = made
            self.room -= size


def is_frozen(model: torch.nn.Module) -> bool:
    """Whether every trained weight of a backbone's model is in its language model."""
    return all(
        name.startswith(LANGUAGE_MODEL) for name, parameter in model.named_parameters() if parameter.requires_grad
    )


def tensors(value: Any) -> Iterator[torch.Tensor]:
    """Every tensor in nested lists, tuples and mappings (transformers' outputs are mappings)."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from tensors(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from tensors(inner)
