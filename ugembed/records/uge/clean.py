"""The fast pass: a block of lines is clean, or left to the slow pass. It never takes what the slow pass refuses.

A block is decoded at once into typed rows. Decoders keep the last of two equal keys without a word; but every string of
a line, key or value, has two quotes, so a key that is written twice shows as quotes too many.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import numpy as np
from msgspec import UNSET

from ugembed.records.checking.columns import Gathered
from ugembed.records.checking.facts import (
    ANSWER_IN_QUERY,
    NOWHERE,
    TEXT_EMPTY,
    Facts,
    content_hash,
    is_copied,
    text_hash,
)
from ugembed.records.checking.named_files import NamedFiles
from ugembed.records.images import SUFFIXES
from ugembed.records.item import GRAPH_TAG, IMAGE_TAG
from ugembed.records.uge.common import STAGES, common_pairs
from ugembed.records.uge.lookups import Doubt, Lookups, Prompt, is_tagged_or_blank
from ugembed.records.uge.place import pair_in_text
from ugembed.records.uge.shapes import Shape, fits

_QUOTE, _NEWLINE, _RETURN, _OPEN, _CLOSE = b'"\n\r{}'
_MAX_BYTES = 1 << 20
_MAX_SHAPES = 4
_PICTURE_ENDS = tuple(SUFFIXES)


class _Query(NamedTuple):
    """The query of a row and where it stands; ``strings`` is the number of strings in all of that."""

    text: str
    prompt: Prompt
    image: int
    more_images: tuple[int, ...]
    graph: int
    more_graphs: tuple[int, ...]
    lon: float
    lat: float
    strings: int


class _Rest(NamedTuple):
    """What is not the query: texts of answers and of others, and what only some kinds have."""

    answers: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    label: str = ""
    group: str | None = None
    candidates: int = 0


class CleanRows:
    """The fast pass over one file of rows.

    Args:
        kind: ``training``, ``benchmark`` or ``embed``.
        files: Where named files are found.
    """

    def __init__(self, kind: str, files: NamedFiles) -> None:
        self._kind = kind
        self._lookups = Lookups(files)
        self._shapes: list[Shape] = []
        self._rest = {"training": _pair, "benchmark": _case, "embed": _item}[kind]

    def learn(self, fields: frozenset[str]) -> None:
        """Take rows with these fields from now on, if they are of the common form."""
        if fits(self._kind, fields) and all(shape.fields != fields for shape in self._shapes):
            self._shapes = [Shape(self._kind, fields), *self._shapes[: _MAX_SHAPES - 1]]

    def read(self, data: bytes, line: int, facts: Gathered) -> int:
        """Gather the facts of all rows of a block that begins with line number ``line``; the number of rows.

        0, and nothing is gathered or noted, if one of the rows is not surely clean.
        """
        counted = _strings(data) if len(data) <= _MAX_BYTES else None
        if counted is None:
            return 0
        strings, lines = counted
        for shape in self._shapes:
            block = Gathered()
            self._lookups.begin()
            try:
                rows = shape.decode_lines(data)
                if len(rows) != lines:
                    return 0
                told = self._gather(rows, shape, line, block)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Doubt):
                continue
            if told != strings:
                return 0
            self._lookups.note()
            facts.merge(block)
            return lines
        return 0

    def _gather(self, rows: list[Any], shape: Shape, line: int, block: Gathered) -> int:
        """The facts of decoded rows; the number of strings in them."""
        if self._kind == "training":
            strings = common_pairs(rows, shape, self._lookups, line=line, into=block)
            if strings is not None:
                return strings
        strings = shape.scalars(rows)
        for number, row in enumerate(rows, line):
            rest, told = self._rest(row)
            query = self._query(row, shape, number)
            block.add(_facts(row, query, rest, number))
            strings += told + query.strings
        return strings

    def _query(self, row: Any, shape: Shape, line: int) -> _Query:
        if "messages" in shape.fields:
            text, strings = _said(row.messages), 4 * len(row.messages)
        else:  # see `parse_item`: tags that are lacking are put in front
            text, strings = row.text or "", 0
            if IMAGE_TAG not in text and GRAPH_TAG not in text:
                text = GRAPH_TAG * len(_listed(row.graphs)) + IMAGE_TAG * len(_listed(row.images)) + text
        prompt = self._lookups.prompts.get(text) or self._lookups.prompt(text)
        images = self._named(row.images, prompt.images, "image", line)
        graphs = self._named(row.graphs, prompt.graphs, "graph", line)
        lon, lat, told = _place(row, shape)
        strings += told + len(images) + len(graphs)
        image, graph = images[0] if images else 0, graphs[0] if graphs else 0
        return _Query(text, prompt, image, tuple(images[1:]), graph, tuple(graphs[1:]), lon, lat, strings)

    def _named(self, value: Any, tags: int, kind: str, line: int) -> list[int]:
        """Identities of the files of ``images`` or ``graphs``."""
        names = _listed(value)
        if len(names) != tags:
            raise Doubt
        known = self._lookups.known(kind)
        return [known.get(name) or self._lookups.find(name, kind, line, at) for at, name in enumerate(names)]


def _pair(row: Any) -> tuple[_Rest, int]:
    """The rest of a training row, and the number of strings in it beside those of its own fields."""
    label, has_graphs = row.pair_type or "", bool(row.graphs)
    if STAGES.get(label[:6], has_graphs) != has_graphs or row.label == 0:
        raise Doubt
    positives, negatives = row.positive_messages, row.negative_messages or []
    answers, others = tuple(map(_said, positives)), tuple(map(_said, negatives))
    if any(map(is_tagged_or_blank, answers + others)):
        raise Doubt
    return _Rest(answers, others, label, row.group), 4 * sum(map(len, [*positives, *negatives]))


def _case(row: Any) -> tuple[_Rest, int]:
    names, truth, stated = row.candidates, row.ground_truth, row.ground_truth_idx
    if len(set(names)) < len(names) or truth not in names or (stated is not None and stated != names.index(truth)):
        raise Doubt
    if any(is_tagged_or_blank(name) or name.lower().rstrip("/.").endswith(_PICTURE_ENDS) for name in names):
        raise Doubt
    label = row.query_type or row.question_type or ""
    return _Rest((truth,), tuple(names), label, candidates=len(names)), len(names) + 1


def _item(row: Any) -> tuple[_Rest, int]:
    if row.messages is not None and row.text is not None:
        raise Doubt
    return _Rest(), 0


def _facts(row: Any, query: _Query, rest: _Rest, line: int) -> Facts:
    said = query.prompt.said
    flags = 0 if said or query.prompt.images else TEXT_EMPTY
    if any(is_copied(answer.strip(), said) for answer in rest.answers):
        flags |= ANSWER_IN_QUERY
    first, more = (query.image, query.graph), (query.more_images, query.more_graphs)
    return Facts(
        line=line,
        content=content_hash(query.text, rest.answers, rest.others, first, more),
        id=text_hash(row.id or ""),
        group=text_hash(rest.group or ""),
        image=query.image,
        graph=query.graph,
        lon=query.lon,
        lat=query.lat,
        query_characters=len(said),
        answer_characters=len(rest.answers[0].strip()) if rest.answers else -1,
        images=query.prompt.images,
        graphs=query.prompt.graphs,
        candidates=rest.candidates,
        label=rest.label,
        flags=flags,
        more_images=query.more_images,
        more_graphs=query.more_graphs,
    )


def _said(turns: list[Any]) -> str:
    return turns[0].content if len(turns) == 1 else "\n".join([turn.content for turn in turns])


def _strings(data: bytes) -> tuple[int, int] | None:
    """Numbers of strings and of lines in a block whose lines are objects each; None if that is not sure."""
    codes = np.frombuffer(data if data.endswith(b"\n") else data + b"\n", np.uint8)
    ends = np.flatnonzero(codes == _NEWLINE)
    last = ends - 1
    if len(codes) > 2 and codes[-2] == _RETURN:
        if not (codes[last] == _RETURN).all():
            return None
        last -= 1
    if codes[0] != _OPEN or (codes[ends[:-1] + 1] != _OPEN).any() or (codes[last] != _CLOSE).any():
        return None
    quotes = int(np.count_nonzero(codes == _QUOTE))
    if b"\\" in data:
        if b"\\\\" in data:
            return None
        quotes -= data.count(b'\\"')
    return quotes // 2, len(ends)


def _listed(value: str | list[str] | None) -> list[str]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _place(row: Any, shape: Shape) -> tuple[float, float, int]:
    """Longitude and latitude, NaN for none, and the number of strings in all fields that tell a place."""
    if row.place is None and not shape.coords:
        return NOWHERE, NOWHERE, 0
    place, strings = row.place, 0
    pair: Any = None
    for name in shape.coords:
        value = getattr(row, name)
        strings += isinstance(value, str)
        if pair is None and value is not None:  # the first that is there counts
            pair = pair_in_text(value) if isinstance(value, str) else value
            if pair is None and place is None:
                raise Doubt
    if place is not None:
        heading = place.heading_deg
        strings += 2 if heading is UNSET else 3
        if heading is not UNSET and heading is not None and not 0 <= heading <= 360:
            raise Doubt
        lon, lat = place.lon, place.lat
    elif pair is None:
        return NOWHERE, NOWHERE, strings
    else:
        lon, lat = pair
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
        raise Doubt
    return lon, lat, strings
