"""Query modes: how much of a case a model is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from ugembed.errors import DataError
from ugembed.records.case import RankingCase
from ugembed.records.item import Item

QueryMode = Literal["image", "text", "fusion"]
"""``image``: pictures and text; ``text``: the query is text alone; ``fusion``: everything, graphs included."""


def apply_mode(case: RankingCase, mode: QueryMode) -> RankingCase:
    """The case as ``mode`` shows it.

    ``fusion`` leaves it as written. The others take the graphs out of the query and of every candidate; ``text`` takes
    the pictures out of the query, too. Candidates stay what they are, texts or pictures.

    Raises:
        DataError: ``mode-empties-item`` when nothing would be left of the query or of a candidate.
    """
    if mode == "fusion":
        return case
    cut = Item.only_text if mode == "text" else Item.without_graphs
    return replace(
        case,
        query=_cut(case.query, cut, what="query", case=case, mode=mode),
        candidates=tuple(
            _cut(candidate, Item.without_graphs, what=f"candidates[{position}]", case=case, mode=mode)
            for position, candidate in enumerate(case.candidates)
        ),
    )


def _cut(item: Item, cut: Callable[[Item], Item], *, what: str, case: RankingCase, mode: QueryMode) -> Item:
    if not item.graphs and (cut is Item.without_graphs or not item.images):
        return item
    try:
        return cut(item)
    except DataError as error:
        if error.code != "empty-item":
            raise
        raise DataError(
            f"{case.source}: nothing is left of {what} in query mode {mode!r}",
            code="mode-empties-item",
            hint="leave the file out with --filename-pattern, or use --query-mode fusion",
        ) from None


def query_shows_gold_graph(case: RankingCase) -> bool:
    """Whether the query carries the right candidate's own graph, which gives the answer away."""
    return any(graph in case.candidates[case.gold].graphs for graph in case.query.graphs)
