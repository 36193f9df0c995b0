"""`Pair`: one row of supervision."""

from __future__ import annotations

from dataclasses import dataclass

from ugembed.records.item import Item


@dataclass(frozen=True, slots=True)
class Pair:
    """A query with what belongs to it and what does not.

    Attributes:
        query: The anchor.
        positives: At least one item that belongs to the query.
        negatives: Items that do not; may be empty (other rows of the batch serve as negatives).
        pair_type: ``stage1_image_only``, ``stage2_image_graph``, another tag, or empty.
        group: Rows of one group (by default: of the same first image) are never each other's negatives.
        source: ``file:line`` of the row, for messages.
    """

    query: Item
    positives: tuple[Item, ...]
    negatives: tuple[Item, ...] = ()
    pair_type: str = ""
    group: str = ""
    source: str = ""
