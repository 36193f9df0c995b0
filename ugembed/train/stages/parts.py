"""How the rows of a step are encoded: a few parts of similar length, or many small ones whose gradients are cached."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from ugembed.embed.encode import content_key
from ugembed.models.batching import length_batches
from ugembed.records.item import Item


@dataclass(frozen=True, slots=True)
class PartLimit:
    """How much is encoded at once.

    Attributes:
        rows: Most rows.
        tokens: Most tokens, padding included; a single longer row is a part of its own.
    """

    rows: int | None = None
    tokens: int | None = None

    @property
    def is_set(self) -> bool:
        return self.rows is not None or self.tokens is not None

    def holds(self, rows: int, tokens: int) -> bool:
        """Whether so many rows of so many tokens in all, padding included, may be encoded at once."""
        return rows <= (self.rows or math.inf) and tokens <= (self.tokens or math.inf)

    def parts(self, lengths: Sequence[int]) -> list[list[int]]:
        """Positions of rows of so many tokens in parts within the limit, the longest rows first."""
        return length_batches(lengths, max_tokens=self.tokens, max_rows=self.rows)


NO_LIMIT = PartLimit()
"""Everything at once."""


def distinct(items: Sequence[Item]) -> tuple[list[Item], list[int]]:
    """Each different item once, in order of appearance, and which of these every given item is."""
    number: dict[Hashable, int] = {}
    kept: list[Item] = []
    places = []
    for item in items:
        key = content_key(item)
        if key not in number:
            number[key] = len(kept)
            kept.append(item)
        places.append(number[key])
    return kept, places


def by_length(items: Sequence[Item]) -> list[list[int]]:
    """Positions of items in at most two parts: short and long ones apart where that saves a fifth of the padded width.

    Texts are measured in characters; items with a picture or a graph count as long.
    """
    length = [math.inf if item.images or item.graphs else len(item.text) for item in items]
    order = sorted(range(len(items)), key=lambda k: (length[k], k))
    longest = length[order[-1]]
    if longest == math.inf:
        split = sum(one < math.inf for one in length)
        return [part for part in (order[:split], order[split:]) if part]
    cost = {k: k * length[order[k - 1]] + (len(order) - k) * longest for k in range(1, len(order))}
    split = min(cost, key=cost.__getitem__, default=0)
    if not split or cost[split] > 0.8 * len(order) * longest:
        return [list(range(len(items)))]
    return [order[:split], order[split:]]
