"""Exact search by inner product: FAISS, and a slow numpy twin that defines what is right."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ugembed.embed.encode import Vectors
from ugembed.errors import StoreError

Scores = NDArray[np.float32]
Positions = NDArray[np.int64]


class VectorIndex(Protocol):
    """Finds the rows with the largest inner product."""

    def search(self, queries: Vectors, k: int) -> tuple[Scores, Positions]:
        """Scores and rows, both (q, min(k, n)), best first; the order of equal scores is not defined."""


class FaissIndex:
    """`faiss.IndexFlatIP` over (n, d) vectors."""

    def __init__(self, vectors: Vectors) -> None:
        import faiss

        self._index: Any = faiss.IndexFlatIP(vectors.shape[1])
        self._index.add(np.ascontiguousarray(vectors))

    def search(self, queries: Vectors, k: int) -> tuple[Scores, Positions]:
        k = _checked(queries, k, rows=self._index.ntotal, dimension=self._index.d)
        scores, positions = self._index.search(np.ascontiguousarray(queries), k)
        return scores, positions


class NumpyIndex:
    """The same by one matrix product and a sort; what `FaissIndex` is tested against."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def search(self, queries: Vectors, k: int) -> tuple[Scores, Positions]:
        k = _checked(queries, k, rows=len(self._vectors), dimension=self._vectors.shape[1])
        scores = queries @ self._vectors.T  # (q, n)
        positions = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(scores, positions, axis=1), positions


def _checked(queries: Vectors, k: int, *, rows: int, dimension: int) -> int:
    if rows == 0:
        raise StoreError("nothing to search in: no vectors", code="store-empty", hint="embed some items first")
    if queries.ndim != 2 or queries.shape[1] != dimension:
        raise StoreError(
            f"queries of shape {queries.shape} against vectors of {dimension} numbers",
            code="dimension-mismatch",
            hint="query and store must come from the same model",
        )
    if k < 1:
        raise StoreError(f"k = {k}: at least one answer is needed", code="bad-k", hint="use k >= 1")
    return min(k, rows)
