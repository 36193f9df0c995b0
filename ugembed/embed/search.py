"""The k nearest items of a store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ugembed.embed.encode import Vectors
from ugembed.embed.index import FaissIndex, VectorIndex
from ugembed.embed.store import EmbeddingStore, StoredItem


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer: the row of the store, what is there, and its cosine with the query."""

    row: int
    score: float
    item: StoredItem


def search(
    store: EmbeddingStore, queries: Vectors, *, k: int = 10, make_index: Callable[[Vectors], VectorIndex] = FaissIndex
) -> list[list[Hit]]:
    """For each of the (q, d) unit ``queries`` the ``k`` items with the largest cosine, best first.

    Fewer than ``k`` come back from a store with fewer rows.

    Raises:
        StoreError: ``dimension-mismatch``, ``store-empty``, ``bad-k``.
    """
    scores, rows = make_index(store.vectors).search(queries, k)
    return [
        [Hit(int(row), float(score), store.items[row]) for row, score in zip(*answers, strict=True)]
        for answers in zip(rows, scores, strict=True)
    ]
