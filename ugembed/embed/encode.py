"""Items into unit vectors, each distinct item once."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ugembed.errors import CheckpointError
from ugembed.progress import OnProgress, silent
from ugembed.records.item import Item

Vectors: TypeAlias = NDArray[np.float32]
"""(n, d) float32, rows of unit length."""

UNIT_TOLERANCE = 1e-3
"""How far the length of a stored vector may be from 1 (bf16 models round)."""


class ItemEncoder(Protocol):
    """What turns items into vectors; `ugembed.models.embedder.Embedder` is one."""

    @property
    def dimension(self) -> int:
        """Length d of every vector."""

    @property
    def fingerprint(self) -> str:
        """Hash of the weights and the configuration: equal fingerprints give equal vectors."""

    @property
    def prompts(self) -> Mapping[str, str]:
        """What queries, documents and tasks are told (`ugembed.models.prompts.NamedPrompts`)."""

    def encode_items(
        self,
        items: Sequence[Item],
        *,
        batch_size: int = 16,
        batch_tokens: int | None = None,
        on_progress: OnProgress = silent,
    ) -> Vectors:
        """(n, d) float32, one unit row for each item, in the order given; at most so many rows and tokens at once."""


def encode_distinct(
    encoder: ItemEncoder,
    items: Sequence[Item],
    *,
    batch_size: int = 16,
    batch_tokens: int | None = None,
    on_progress: OnProgress = silent,
) -> tuple[Vectors, NDArray[np.int64]]:
    """Encode every distinct item once.

    Two items are the same when their texts, instructions, picture and graph sources are; ids and places are not shown
    to a model and do not count.

    Returns:
        vectors (m, d) of the m <= n distinct items in order of first appearance, and index (n,) such that
        ``vectors[index]`` belongs to ``items``.

    Raises:
        CheckpointError: ``embedding-broken`` when the encoder gives anything but finite unit rows.
    """
    rows: dict[Hashable, int] = {}
    distinct: list[Item] = []
    index = np.empty(len(items), dtype=np.int64)
    for position, item in enumerate(items):
        key = content_key(item)
        if key not in rows:
            rows[key] = len(distinct)
            distinct.append(item)
        index[position] = rows[key]
    if not distinct:
        return np.zeros((0, encoder.dimension), dtype=np.float32), index
    vectors = encoder.encode_items(distinct, batch_size=batch_size, batch_tokens=batch_tokens, on_progress=on_progress)
    return check_vectors(vectors, (len(distinct), encoder.dimension)), index


def content_key(item: Item) -> Hashable:
    """Equal for items that look the same to a model. Sources in memory are the same when they are one object."""
    sources = (*item.images, *item.graphs)
    names = (str(source) if isinstance(source, Path) else ("object", id(source)) for source in sources)
    return (item.text, item.instruction, len(item.images), *names)


def check_vectors(vectors: Vectors, shape: tuple[int, int]) -> Vectors:
    """``vectors`` if they are finite float32 rows of unit length in ``shape``.

    Raises:
        CheckpointError: ``embedding-broken``; a NaN would otherwise win or lose every comparison unseen.
    """
    if vectors.shape != shape or vectors.dtype != np.float32:
        fault = f"{vectors.dtype} {vectors.shape} instead of float32 {shape}"
    elif not np.isfinite(vectors).all():
        fault = f"{int((~np.isfinite(vectors)).any(axis=1).sum())} of {shape[0]} vectors are not finite"
    elif shape[0] and (worst := float(np.abs(np.linalg.norm(vectors, axis=1) - 1).max())) > UNIT_TOLERANCE:
        fault = f"vectors are not of unit length (off by up to {worst:.2g})"
    else:
        return vectors
    raise CheckpointError(
        f"the model gave unusable embeddings: {fault}",
        code="embedding-broken",
        hint="the training has probably diverged; use an earlier checkpoint",
    )
