"""Smaller vectors: leading dimensions, eight bits or one bit a number, how they are compared, and what they lose.

Matryoshka dimensions are only as good as the training that asked for them; int8 and binary codes need none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ugembed.errors import DataError
from ugembed.files import write_atomic

Vectors: TypeAlias = NDArray[np.float32]
"""(n, d) float32, rows of unit length."""
Codes: TypeAlias = NDArray[np.int8]
"""(n, d), -127 to 127."""
Bits: TypeAlias = NDArray[np.uint8]
"""(n, ceil(d / 8)), eight signs a byte, the first in the highest bit; missing ones are 0."""
Scores: TypeAlias = NDArray[np.float32] | NDArray[np.int32]
"""(q, n), larger is nearer."""

LEVELS = 127
_EXACT = 1024
"""So many products of two codes add up below 2^24, where float32 still holds every integer."""
_ROWS = 4096


def truncated(vectors: Vectors, dimension: int) -> Vectors:
    """The first ``dimension`` numbers of each row, brought to unit length again.

    Raises:
        DataError: ``dimension-range``; ``vector-zero``: nothing is left of a row.
    """
    whole = vectors.shape[1]
    if not 1 <= dimension <= whole:
        raise DataError(
            f"dimension {dimension}: the vectors have {whole} numbers",
            code="dimension-range",
            hint=f"give 1 to {whole}",
        )
    if dimension == whole:
        return vectors
    head = vectors[:, :dimension]
    length = np.linalg.norm(head, axis=1, keepdims=True)
    if not (length > 0).all():
        raise DataError(
            f"row {int(np.argmin(length > 0))}: its first {dimension} numbers are all 0",
            code="vector-zero",
            hint="keep more dimensions",
        )
    return np.asarray(head / length, dtype=np.float32)


@dataclass(frozen=True)
class Int8:
    """One scale a dimension; a number x becomes round(x / scale), at most 127 either way.

    Attributes:
        scale: (d,) float32, positive.
    """

    scale: NDArray[np.float32]

    @classmethod
    def calibrated(cls, sample: Vectors, *, coverage: float = 1.0) -> Int8:
        """Scales from vectors like those to come; a thousand are enough.

        Args:
            sample: (n, d), n at least 1.
            coverage: Share of the sample's numbers of each dimension that keep their size; the rest is clipped.

        Raises:
            DataError: ``calibration``: no vectors, or numbers that are not finite.
        """
        if sample.ndim != 2 or not len(sample) or not np.isfinite(sample).all() or not 0 < coverage <= 1:
            raise DataError(
                f"cannot calibrate on vectors of shape {sample.shape} with coverage {coverage}",
                code="calibration",
                hint="give (n, d) finite vectors, n >= 1, and a coverage above 0 and up to 1",
            )
        reach = np.quantile(np.abs(sample), coverage, axis=0)
        floor = max(float(reach.max()), 1e-12) / LEVELS  # a dimension that the sample leaves at 0
        return cls((np.where(reach > 0, reach, floor) / LEVELS).astype(np.float32))

    def encode(self, vectors: Vectors) -> Codes:
        """(n, d) codes of (n, d) vectors."""
        self._check(vectors.shape[1])
        codes: Codes = np.clip(np.rint(vectors / self.scale), -LEVELS, LEVELS).astype(np.int8)
        return codes

    def decode(self, codes: Codes) -> Vectors:
        """The inverse, to within half a step: (n, d) vectors, not brought to unit length."""
        self._check(codes.shape[1])
        return codes.astype(np.float32) * self.scale

    def query(self, vectors: Vectors) -> tuple[Codes, NDArray[np.float32]]:
        """Queries for `scores`: codes of (q, d) vectors times the scales, and (q, 1) the step of each row."""
        self._check(vectors.shape[1])
        weighted = vectors * self.scale
        step = np.maximum(np.abs(weighted).max(axis=1, keepdims=True), np.float32(1e-30)) / LEVELS
        return np.rint(weighted / step).astype(np.int8), step.astype(np.float32)

    def scores(self, vectors: Vectors, codes: Codes) -> NDArray[np.float32]:
        """(q, n) cosines of float queries with coded documents, by integer products alone."""
        rows, step = self.query(vectors)
        return integer_products(rows, codes).astype(np.float32) * step

    def save(self, file: Path) -> None:
        """Write the scales as text, one a line, exact to the bit."""
        write_atomic(file, "".join(f"{float(value)!r}\n" for value in self.scale).encode())

    @classmethod
    def load(cls, file: Path) -> Int8:
        """Read scales.

        Raises:
            DataError: ``calibration``: the file is missing or does not hold positive numbers.
        """
        try:
            scale = np.array([float(line) for line in file.read_text(encoding="utf-8").split()], dtype=np.float32)
        except (OSError, ValueError) as error:
            raise DataError(f"{file}: {error}", code="calibration", hint="calibrate again") from None
        if not len(scale) or not np.isfinite(scale).all() or not (scale > 0).all():
            raise DataError(f"{file}: no positive scales", code="calibration", hint="calibrate again")
        return cls(scale)

    def _check(self, dimension: int) -> None:
        if dimension != len(self.scale):
            raise DataError(
                f"vectors of {dimension} numbers, calibrated for {len(self.scale)}",
                code="calibration",
                hint="calibrate on vectors of the same model and dimension",
            )


def integer_products(rows: Codes, columns: Codes) -> NDArray[np.int32]:
    """(q, n) inner products of (q, d) and (n, d) codes, exact: float32 products over parts that cannot round."""
    total = np.zeros((len(rows), len(columns)), dtype=np.int32)
    for start in range(0, rows.shape[1], _EXACT):
        part = slice(start, start + _EXACT)
        total += (rows[:, part].astype(np.float32) @ columns[:, part].astype(np.float32).T).astype(np.int32)
    return total


def binary(vectors: Vectors) -> Bits:
    """(n, ceil(d / 8)) packed signs of (n, d) vectors: 1 where a number is above 0."""
    return np.packbits(vectors > 0, axis=1)


def signs(bits: Bits, dimension: int) -> Vectors:
    """The inverse, as far as there is one: (n, d) unit vectors of equal numbers with the packed signs."""
    ones = np.unpackbits(bits, axis=1, count=dimension).astype(np.float32)
    return (2 * ones - 1) / np.float32(np.sqrt(dimension))


def hamming(rows: Bits, columns: Bits) -> NDArray[np.int32]:
    """(q, n) numbers of signs in which packed rows and packed columns differ.

    Raises:
        DataError: ``dimension-range``: they are of different lengths.
    """
    if rows.shape[1] != columns.shape[1]:
        raise DataError(
            f"codes of {rows.shape[1]} bytes against codes of {columns.shape[1]}",
            code="dimension-range",
            hint="both sides must come from the same model and dimension",
        )
    left, right = _words(rows), _words(columns)
    distance = np.empty((len(rows), len(columns)), dtype=np.int32)
    for k, row in enumerate(left):
        for part in _parts(len(right)):
            distance[k, part] = np.bitwise_count(right[part] ^ row).sum(axis=1, dtype=np.int32)
    return distance


def signed_scores(vectors: Vectors, bits: Bits) -> NDArray[np.float32]:
    """(q, n) cosines of float queries with the signs of documents: better than `hamming`, for a second look."""
    scores = np.empty((len(vectors), len(bits)), dtype=np.float32)
    for part in _parts(len(bits)):
        scores[:, part] = vectors @ signs(bits[part], vectors.shape[1]).T
    return scores


def agreement(scores: Scores, exact: Scores, k: int) -> float:
    """Mean share of the ``k`` best columns by ``exact`` that are also among the ``k`` best by ``scores``; (q, n) both.

    Columns that tie for place ``k`` are taken in the order of their numbers.
    """
    found, wanted = (np.argsort(-side, axis=1, kind="stable")[:, :k] for side in (scores, exact))
    shares = [len(set(a) & set(b)) / k for a, b in zip(found.tolist(), wanted.tolist(), strict=True)]
    return float(np.mean(shares))


def _parts(count: int) -> Iterator[slice]:
    return (slice(start, start + _ROWS) for start in range(0, count, _ROWS))


def _words(bits: Bits) -> NDArray[np.uint64]:
    """Packed signs in words of 64, filled up with 0."""
    padded = np.zeros((len(bits), -(-bits.shape[1] // 8) * 8), dtype=np.uint8)
    padded[:, : bits.shape[1]] = bits
    return padded.view(np.uint64)
