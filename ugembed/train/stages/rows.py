"""What of training rows is compared in a step: queries, documents, and what is known of both."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import NonNegativeInt, PositiveFloat

from ugembed.embed.encode import content_key
from ugembed.records.item import Item
from ugembed.records.pair import Pair
from ugembed.train.distributed import rank
from ugembed.train.stages.base import StageConfig
from ugembed.train.stages.negatives import Facts, lon_lat


class ContrastiveConfig(StageConfig):
    """What contrastive stages have in common: which rows are positives and negatives of each other."""

    positives: Literal["in_turn", "all"] = "in_turn"
    """Of several positives a row: one an epoch, in turn, or all in every step, each as a term of its own."""
    negatives_per_row: NonNegativeInt | None = None
    """Most listed negatives of a row in a step, in turn over the epochs; null takes all."""
    same: tuple[Literal["group", "item", "image"], ...] = ("group",)
    """What makes a document no negative of another row's query: rows of one ``group``; a document that is the very
    ``item`` which belongs to the query; an ``image`` that both rows have."""
    hide_within_m: PositiveFloat | None = None
    """Documents of places nearer than so many metres to the query's are no negatives, where both are known."""
    near_m: PositiveFloat | None = None
    """Negatives d metres away count ``1 - exp(-(d / near_m)² / 2)``, those of unknown place in full; null: all in full.
    """


@dataclass(frozen=True, slots=True)
class Rows:
    """What a step compares.

    Attributes:
        queries: n items.
        documents: m items: positives, then listed negatives.
        owner: For each of the first k documents, the query that it belongs to.
        query_facts, document_facts: What is known of them.
    """

    queries: tuple[Item, ...]
    documents: tuple[Item, ...]
    owner: tuple[int, ...]
    query_facts: Facts
    document_facts: Facts


def rows_of(pairs: Sequence[Pair], config: ContrastiveConfig, *, turn: int) -> Rows:
    """Queries and documents of training rows, a pure function of them and of the turn (seed plus epoch)."""
    chosen = [_in_turn(pair.positives, 1 if config.positives == "in_turn" else None, turn) for pair in pairs]
    right = [(k, item) for k, items in enumerate(chosen) for item in items]
    wrong = [item for pair in pairs for item in _in_turn(pair.negatives, config.negatives_per_row, turn)]
    of_row = [_row_labels(k, pair, items, config) for k, (pair, items) in enumerate(zip(pairs, chosen, strict=True))]
    place = [lon_lat(pair.query.place) for pair in pairs]
    known_right = [((*of_row[k], *_item_label(item, config)), lon_lat(item.place) or place[k]) for k, item in right]
    known_wrong = [(_wrong_labels(item, config), lon_lat(item.place)) for item in wrong]
    own_items = [tuple(label for item in items for label in _item_label(item, config)) for items in chosen]
    return Rows(
        queries=tuple(pair.query for pair in pairs),
        documents=(*(item for _, item in right), *wrong),
        owner=tuple(k for k, _ in right),
        query_facts=Facts(tuple((*of_row[k], *own_items[k]) for k in range(len(pairs))), tuple(place)),
        document_facts=Facts(
            tuple(labels for labels, _ in (*known_right, *known_wrong)),
            tuple(where for _, where in (*known_right, *known_wrong)),
        ),
    )


def _in_turn(items: tuple[Item, ...], count: int | None, turn: int) -> tuple[Item, ...]:
    """At most ``count`` items, the next ones in every turn, so that all are used."""
    if count is None or count >= len(items):
        return items
    return tuple(items[(turn * count + k) % len(items)] for k in range(count))


def _row_labels(number: int, pair: Pair, right: Sequence[Item], config: ContrastiveConfig) -> tuple[str, ...]:
    """What a query shares with its right documents, and with those of rows that belong together with it."""
    labels = [f"group {pair.group}"] if "group" in config.same and pair.group else []
    if config.positives == "all":
        labels.append(f"row {rank()} {number}")
    return (*labels, *(label for item in (pair.query, *right) for label in _image_labels(item, config)))


def _wrong_labels(item: Item, config: ContrastiveConfig) -> tuple[str, ...]:
    """A listed negative is one for every query, its own group's too, unless it is right for that query."""
    return (*_image_labels(item, config), *_item_label(item, config))


def _image_labels(item: Item, config: ContrastiveConfig) -> tuple[str, ...]:
    """By the name of its file; a picture in memory is known by nobody else."""
    return tuple(f"image {one}" for one in item.images if isinstance(one, Path)) if "image" in config.same else ()


def _item_label(item: Item, config: ContrastiveConfig) -> tuple[str, ...]:
    if "item" not in config.same:
        return ()
    return (f"item {hashlib.blake2b(repr(content_key(item)).encode(), digest_size=16).hexdigest()}",)
