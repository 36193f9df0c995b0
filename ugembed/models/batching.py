"""Which rows are computed together: batches of similar length, within a budget of tokens."""

from __future__ import annotations

from collections.abc import Sequence


def length_batches(
    lengths: Sequence[int], *, max_tokens: int | None = None, max_rows: int | None = None, least_real: float = 0.0
) -> list[list[int]]:
    """Positions of rows in batches, the longest first, so that memory that does not suffice shows at once.

    Args:
        lengths: Tokens of each row, at least 1 (`InputBuilder.length`).
        max_tokens: Most tokens of a batch, padding included: its rows times its longest. A longer row is alone.
        max_rows: Most rows of a batch.
        least_real: Smallest share of the tokens of a batch that is not padding, from 0 to 1.
    """
    batches: list[list[int]] = []
    real = 0
    for k in sorted(range(len(lengths)), key=lambda k: (-lengths[k], k)):
        if batches:
            rows = len(batches[-1]) + 1
            whole = rows * lengths[batches[-1][0]]
            fits = (max_tokens is None or whole <= max_tokens) and (max_rows is None or rows <= max_rows)
        if not batches or not fits or real + lengths[k] < least_real * whole:
            batches.append([])
            real = 0
        batches[-1].append(k)
        real += lengths[k]
    return batches


def real_share(lengths: Sequence[int], batches: Sequence[Sequence[int]]) -> float:
    """Share of the tokens of padded batches that is not padding; 1 for no rows."""
    whole = sum(len(batch) * max(lengths[k] for k in batch) for batch in batches)
    return sum(lengths[k] for batch in batches for k in batch) / whole if whole else 1.0
