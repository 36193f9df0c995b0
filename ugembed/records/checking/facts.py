"""What is kept of a sound row for statistics and for checks across rows: numbers of fixed width, never its text."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from ugembed.records.case import RankingCase
from ugembed.records.item import GRAPH_TAG, IMAGE_TAG, Item
from ugembed.records.pair import Pair

GOLD_LEAK, ANSWER_IN_QUERY, TEXT_EMPTY = 1, 2, 4
NOWHERE = math.nan
MIN_COPIED = 12
"""Characters from which on an answer inside of the query is no accident."""


class Facts(NamedTuple):
    """The facts of one row.

    Hashes are Python's own of bytes (SipHash-1-3, 64 bits), whose key differs from one run of the program to the next,
    so that equal ones cannot be prepared. Two different texts share one with odds of 2⁻⁶⁴: in a file of 10⁷ rows some
    two do with odds of 1 to 370 000, and would be called equal.

    Attributes:
        line: Number of its line.
        content: Hash of everything it says and shows: texts and files of query, answers and negatives or candidates.
        id, group: Hashes of these fields, 0 where there is none.
        image, graph: Identity of the query's first picture and graph, 0 for none.
        lon, lat: Degrees, NaN without a place.
        query_characters: Characters of the query's text without tags and outer white space.
        answer_characters: The same of the first positive or the right candidate, -1 where there is none.
        images, graphs: Number in the query.
        candidates: Number of candidates, 0 where there are none.
        label: ``pair_type`` or ``query_type``.
        flags: Sum of `GOLD_LEAK`, `ANSWER_IN_QUERY`, `TEXT_EMPTY`.
        more_images, more_graphs: Identities of all other files of the row.
    """

    line: int
    content: int
    id: int
    group: int
    image: int
    graph: int
    lon: float
    lat: float
    query_characters: int
    answer_characters: int
    images: int
    graphs: int
    candidates: int
    label: str
    flags: int
    more_images: tuple[int, ...]
    more_graphs: tuple[int, ...]


def text_hash(text: str) -> int:
    """The hash of a text in UTF-8; 0 for an empty one."""
    return hash(text) if text.isascii() else hash(text.encode())


def content_hash(
    query: str, answers: Sequence[str], others: Sequence[str], first: tuple[int, int], more: Sequence[Sequence[int]]
) -> int:
    """The hash of everything that a row says and shows.

    Args:
        query, answers, others: Its texts.
        first: ``image`` and ``graph`` of its facts.
        more: ``more_images`` and ``more_graphs``.
    """
    texts = _hash_of(text_hash(query), len(answers), *map(text_hash, answers), *map(text_hash, others))
    images, graphs = more
    return _hash_of(texts, *first, len(images), *images, *graphs)


def common_content(query: int, answer: str, image: int, graph: int) -> int:
    """`content_hash` of a row with one answer and no further files; ``query`` is the hash of its text."""
    answers = hash(answer) if answer.isascii() else hash(answer.encode())
    return hash(_FOUR(hash(_THREE(query, 1, answers)), image, graph, 0))


_THREE, _FOUR = struct.Struct("3q").pack, struct.Struct("4q").pack


def _hash_of(*numbers: int) -> int:
    return hash(_packed(len(numbers))(*numbers))


@lru_cache(maxsize=64)
def _packed(count: int) -> Callable[..., bytes]:
    return struct.Struct(f"{count}q").pack


def bare(text: str) -> str:
    """A text without tags and outer white space."""
    return text.replace(IMAGE_TAG, "").replace(GRAPH_TAG, "").strip()


def is_copied(answer: str, query: str) -> bool:
    """Whether a bare answer stands in a bare query."""
    return len(answer) >= MIN_COPIED and answer in query


def facts_of(
    parsed: Pair | RankingCase | Item, *, line: int, id: str, group: str, identities: dict[object, int]
) -> Facts:
    """The facts of a parsed row.

    Args:
        parsed: The row; the sources of its items are the keys of ``identities``.
        id: Its ``id``, which only items keep.
        group: The ``group`` that is written in it, or empty.
    """
    query = parsed if isinstance(parsed, Item) else parsed.query
    place = parsed.place if isinstance(parsed, RankingCase) else query.place
    answers, others, label = _answers(parsed)
    shown = [query, *others] if isinstance(parsed, RankingCase) else [query, *answers, *others]
    images = [identities[source] for item in shown for source in item.images]
    graphs = [identities[source] for item in shown for source in item.graphs]
    image, more_images = _first(images, of_query=bool(query.images))
    graph, more_graphs = _first(graphs, of_query=bool(query.graphs))
    texts = [item.text for item in answers], [item.text for item in others]
    said = bare(query.text)
    return Facts(
        line=line,
        content=content_hash(query.text, *texts, (image, graph), (more_images, more_graphs)),
        id=text_hash(id),
        group=text_hash(group),
        image=image,
        graph=graph,
        lon=NOWHERE if place is None else place.lon,
        lat=NOWHERE if place is None else place.lat,
        query_characters=len(said),
        answer_characters=len(bare(answers[0].text)) if answers else -1,
        images=len(query.images),
        graphs=len(query.graphs),
        candidates=len(parsed.candidates) if isinstance(parsed, RankingCase) else 0,
        label=label,
        flags=_flags(parsed, said, answers, shown, identities),
        more_images=more_images,
        more_graphs=more_graphs,
    )


def _answers(parsed: Pair | RankingCase | Item) -> tuple[Sequence[Item], Sequence[Item], str]:
    """What belongs to the query, what does not, and the label."""
    if isinstance(parsed, Pair):
        return parsed.positives, parsed.negatives, parsed.pair_type
    if isinstance(parsed, RankingCase):
        return [parsed.candidates[parsed.gold]], parsed.candidates, parsed.query_type
    return [], [], ""


def _first(identities: Sequence[int], *, of_query: bool) -> tuple[int, tuple[int, ...]]:
    """The query's first file apart from all others."""
    return (identities[0], tuple(identities[1:])) if of_query else (0, tuple(identities))


def _flags(
    parsed: Pair | RankingCase | Item,
    said: str,
    answers: Sequence[Item],
    shown: Iterable[Item],
    identities: dict[object, int],
) -> int:
    flags = 0
    if isinstance(parsed, RankingCase) and _files(answers, identities) & _files([parsed.query], identities):
        flags |= GOLD_LEAK
    if any(is_copied(bare(answer.text), said) for answer in answers):
        flags |= ANSWER_IN_QUERY
    if any(not item.images and not bare(item.text) for item in shown):
        flags |= TEXT_EMPTY
    return flags


def _files(items: Iterable[Item], identities: dict[object, int]) -> set[int]:
    return {identities[source] for item in items for source in (*item.images, *item.graphs)}
