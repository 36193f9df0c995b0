"""`RankingCase`: one question with candidates, exactly one of which is right."""

from __future__ import annotations

from dataclasses import dataclass

from ugembed.records.item import Item, Place


@dataclass(frozen=True, slots=True)
class RankingCase:
    """A benchmark row.

    Attributes:
        query: What is asked (text, with pictures and graphs).
        candidates: The possible answers (texts, or pictures with or without graphs), in file order.
        gold: Index of the right answer among ``candidates``.
        query_type: Sub-type label of the benchmark, may be empty.
        place: Where the question is asked, if known; never shown to a model.
        source: ``file:line`` of the row, for messages.
    """

    query: Item
    candidates: tuple[Item, ...]
    gold: int
    query_type: str = ""
    place: Place | None = None
    source: str = ""
