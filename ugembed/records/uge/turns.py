"""Chat turns and the files beside them become one `Item`.

A picture or graph is shown where its tag stands. Its file comes from the list beside the turns (``images``, ``graphs``,
in reading order) or from a typed content part (``{"type": "image", "image": "a.jpg"}``) that carries it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ugembed.records.item import GRAPH_TAG, IMAGE_TAG, Item, Place
from ugembed.records.uge.row import Row, shown

_TAGS = {"image": IMAGE_TAG, "graph": GRAPH_TAG}
_PART_KINDS = {"text": "text", "image": "image", "image_url": "image", "graph": "graph", "graph_url": "graph"}
_TURN_HINT = '[{"role": "user", "content": "…"}]'


@dataclass(frozen=True, slots=True)
class Listed:
    """File names in the order of their tags, and the field they stand in."""

    field: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of content: a text, or a picture or graph whose file may be named in place."""

    kind: str
    text: str
    field: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Turns:
    """What is said in one list of messages, with the files listed beside it."""

    value: Any
    field: str
    images: Listed
    graphs: Listed

    def item(self, row: Row, *, id: str = "", place: Place | None = None) -> Item:
        """The item these turns describe; several user turns are joined by a newline.

        Raises:
            RowError: ``messages-broken``, ``role-unsupported``, ``content-broken``, ``tag-count``, ``empty-item``, or
                what the search for the files raises.
        """
        parts = list(_parts(row, self.value, self.field))
        images = _sources(row, parts, "image", self.images)
        graphs = _sources(row, parts, "graph", self.graphs)
        with row.located(self.field):
            return Item("".join(part.text for part in parts), images, graphs, id=id, place=place)


def _parts(row: Row, turns: Any, field: str) -> Iterator[_Part]:
    if not isinstance(turns, list) or not turns:
        raise row.error(field, "missing, or not a list of messages", code="messages-broken", hint=_TURN_HINT)
    for number, turn in enumerate(turns):
        place = f"{field}[{number}]"
        if not isinstance(turn, dict) or "content" not in turn:
            raise row.error(
                place, f"wants role and content, not {shown(turn)}", code="messages-broken", hint=_TURN_HINT
            )
        if turn.get("role") != "user":
            raise row.error(
                f"{place}.role",
                f"{shown(turn.get('role'))} turns are not embedded, only 'user' turns",
                code="role-unsupported",
                hint="an answer belongs into positive_messages as a user turn; the instruction into the run file",
            )
        if number:
            yield _Part("text", "\n", place)
        yield from _content(row, turn["content"], f"{place}.content")


def _content(row: Row, content: Any, field: str) -> Iterator[_Part]:
    if isinstance(content, str):
        yield _Part("text", content, field)
        return
    if not isinstance(content, list):
        raise row.error(
            field, f"wants a string or a list of parts, not {shown(content)}", code="content-broken", hint=_TURN_HINT
        )
    for number, part in enumerate(content):
        yield _typed(row, part, f"{field}[{number}]")


def _typed(row: Row, part: Any, field: str) -> _Part:
    written = part.get("type") if isinstance(part, dict) else None
    kind = _PART_KINDS.get(written) if isinstance(written, str) else None
    value = part.get(written) if kind else None
    if isinstance(value, dict):  # {"type": "image_url", "image_url": {"url": "a.jpg"}}
        value = value.get("url")
    if kind is None or not (isinstance(value, str) or (value is None and kind != "text")):
        raise row.error(
            field,
            f"{shown(part)} is not a content part",
            code="content-broken",
            hint=f'{{"type": "text", "text": "…"}}; types: {", ".join(_PART_KINDS)}',
        )
    return _Part(kind, _TAGS[kind], field, value) if kind in _TAGS else _Part(kind, str(value), field)


def _sources(row: Row, parts: Sequence[_Part], kind: str, listed: Listed) -> tuple[Path, ...]:
    """Files in reading order: those named in place, the others taken from the list; what is left over comes last."""
    waiting = iter([(name, f"{listed.field}[{position}]") for position, name in enumerate(listed.names)])
    named: list[tuple[str, str]] = []
    for part in parts:
        if part.kind == kind and part.name is not None:
            named.append((part.name, part.field))
        elif part.kind in (kind, "text"):
            named.extend(entry for _, entry in zip(range(part.text.count(_TAGS[kind])), waiting, strict=False))
    return tuple(row.find(name, kind, field) for name, field in [*named, *waiting])
