"""Training rows: a query, what belongs to it, and what does not."""

from __future__ import annotations

from typing import Any

from ugembed.records.item import Item, Place
from ugembed.records.pair import Pair
from ugembed.records.uge.place import PLACE_FIELDS, read_place
from ugembed.records.uge.row import Row, shown
from ugembed.records.uge.turns import Listed, Turns

PAIR_FIELDS = frozenset(
    {"id", "messages", "images", "graphs", "pair_type", "label", "group", "summarization", "mapillary_node"}
    | {f"{side}_{what}" for side in ("positive", "negative") for what in ("messages", "images", "graphs")}
    | set(PLACE_FIELDS)
)
"""Every field of a training row; ``summarization`` and ``mapillary_node`` (left by generators) are not used."""


def parse_query(row: Row, place: Place | None = None) -> Item:
    """The item of ``messages`` with ``images`` and ``graphs``: a query of training or benchmark."""
    turns = Turns(
        row.values.get("messages"),
        "messages",
        Listed("images", row.names("images", row.values.get("images"))),
        Listed("graphs", row.names("graphs", row.values.get("graphs"))),
    )
    return turns.item(row, id=row.text("id"), place=place)


def parse_pair(row: Row) -> Pair:
    """A training row of either stage; all of its positives are kept.

    Raises:
        RowError: with the field at fault.
    """
    pair_type = row.text("pair_type")
    _check_label(row)
    query = parse_query(row, read_place(row))
    positives = _others(row, "positive")
    if not positives:
        raise row.error(
            "positive_messages",
            "missing or empty",
            code="positive-missing",
            hint='[[{"role": "user", "content": "what belongs to the query"}]]',
        )
    pair = Pair(
        query=query,
        positives=positives,
        negatives=_others(row, "negative"),
        pair_type=pair_type,
        group=row.text("group") or default_group(query),
        source=row.source,
    )
    _check_stage(row, pair)
    return pair


def default_group(query: Item) -> str:
    """Rows of the same first image (or, without one, the same first graph) belong together."""
    sources = query.images or query.graphs
    return str(sources[0]) if sources else ""


def _check_label(row: Row) -> None:
    value = row.values.get("label")
    if value is not None and row.number("label", value) == 0:
        raise row.error(
            "label", "0 would mark the query as a negative", code="label-zero", hint="use negative_messages, or 1"
        )


def _check_stage(row: Row, pair: Pair) -> None:
    if pair.pair_type.startswith("stage2") and not pair.query.graphs:
        raise row.error(
            "graphs",
            f"pair_type {pair.pair_type!r} wants a graph in the query",
            code="stage2-without-graph",
            hint="list the graph file and write <graph> into messages, or correct pair_type",
        )
    if pair.pair_type.startswith("stage1"):
        for item in (pair.query, *pair.positives, *pair.negatives):
            if item.graphs:
                raise row.error(
                    "graphs",
                    f"pair_type {pair.pair_type!r} is without graphs",
                    code="stage1-with-graph",
                    hint="remove the graph and its tag, or correct pair_type",
                )


def _others(row: Row, side: str) -> tuple[Item, ...]:
    field = f"{side}_messages"
    value = row.values.get(field)
    groups = [] if value is None else value
    if not isinstance(groups, list) or not all(isinstance(group, list) for group in groups):
        raise row.error(
            field,
            f"wants a list of message lists, not {shown(value)}",
            code="messages-broken",
            hint='[[{"role": "user", "content": "…"}]]',
        )
    images = _parallel(row, f"{side}_images", len(groups))
    graphs = _parallel(row, f"{side}_graphs", len(groups))
    return tuple(
        Turns(turns, f"{field}[{position}]", images[position], graphs[position]).item(row)
        for position, turns in enumerate(groups)
    )


def _parallel(row: Row, key: str, count: int) -> list[Listed]:
    """Entry i belongs to item i and is a file name, a list of them, or null."""
    value: Any = row.values.get(key)
    if value is None:
        return [Listed(f"{key}[{position}]") for position in range(count)]
    if not isinstance(value, list) or len(value) != count:
        found = f"{len(value)} entries" if isinstance(value, list) else shown(value)
        raise row.error(
            key, f"wants one entry for each of {count}, not {found}", code="parallel-length", hint="use null for none"
        )
    return [
        Listed(f"{key}[{position}]", row.names(f"{key}[{position}]", entry)) for position, entry in enumerate(value)
    ]
