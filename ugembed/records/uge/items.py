"""Rows to embed: a row with ``messages``, or simply ``text``, ``images`` and ``graphs``."""

from __future__ import annotations

from ugembed.records.item import GRAPH_TAG, IMAGE_TAG, Item
from ugembed.records.uge.pairs import parse_query
from ugembed.records.uge.place import PLACE_FIELDS, read_place
from ugembed.records.uge.row import Row
from ugembed.records.uge.turns import Listed, Turns

ITEM_FIELDS = frozenset({"id", "messages", "text", "images", "graphs"} | set(PLACE_FIELDS))
"""Every field of an embed row."""


def parse_item(row: Row) -> Item:
    """An item to embed.

    A simple row whose text has no tags gets them in front: every ``<graph>``, then every ``<image>``. Rows with
    ``messages`` (also training and benchmark rows, whose query is taken) are read as they stand.

    Raises:
        RowError: ``item-both`` when a row has both forms, and what `parse_query` raises.
    """
    if "messages" in row.values:
        if row.values.get("text") is not None:
            raise row.error("text", "beside 'messages'", code="item-both", hint="keep one of the two")
        return parse_query(row, read_place(row))
    text = row.text("text")
    images = row.names("images", row.values.get("images"))
    graphs = row.names("graphs", row.values.get("graphs"))
    if IMAGE_TAG not in text and GRAPH_TAG not in text:
        text = GRAPH_TAG * len(graphs) + IMAGE_TAG * len(images) + text
    turns = Turns([{"role": "user", "content": text}], "text", Listed("images", images), Listed("graphs", graphs))
    return turns.item(row, id=row.text("id"), place=read_place(row))
