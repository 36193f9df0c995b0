"""Spatially aware embeddings of street views: pictures that know where they stand in the city."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ugembed.models.embedder import Embedder as Embedder
    from ugembed.models.saved import load_embedder as load_embedder

__version__ = "0.1.0"
__all__ = ["Embedder", "load_embedder"]

_HOMES = {"Embedder": "ugembed.models.embedder", "load_embedder": "ugembed.models.saved"}


def __getattr__(name: str) -> Any:
    """The public names are imported when first used, so that ``import ugembed`` does not import torch."""
    if name not in _HOMES:
        raise AttributeError(f"module 'ugembed' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
