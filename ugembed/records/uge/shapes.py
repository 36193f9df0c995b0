"""Typed forms of the common rows, for the fast pass: what they do not take is left to the slow one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from ugembed.records.uge.place import PLACE_FIELDS


class Turn(Struct, forbid_unknown_fields=True, gc=False):
    role: Literal["user"]
    content: str


class Spot(Struct, forbid_unknown_fields=True, gc=False):
    """A ``place``; a heading may be missing, or null."""

    lon: float
    lat: float
    heading_deg: float | UnsetType | None = UNSET


_Text = str | None
_Names = str | list[str] | None
_Turns = Annotated[list[Turn], Meta(min_length=1)]
_Coords = str | tuple[float, float] | None
_COMMON: Mapping[str, Any] = {
    "id": _Text,
    "messages": _Turns,
    "images": _Names,
    "graphs": _Names,
    "place": Spot | None,
    **dict.fromkeys(PLACE_FIELDS[1:], _Coords),
}
FORMS: Mapping[str, Mapping[str, Any]] = {
    "training": {
        **_COMMON,
        "positive_messages": Annotated[list[_Turns], Meta(min_length=1)],
        "negative_messages": list[_Turns] | None,
        "pair_type": _Text,
        "label": float | None,
        "group": _Text,
        "summarization": _Text,
        "mapillary_node": _Text,
    },
    "benchmark": {
        **_COMMON,
        "candidates": Annotated[list[str], Meta(min_length=2)],
        "ground_truth": str,
        "ground_truth_idx": int | None,
        "query_type": _Text,
        "question_type": _Text,
    },
    "embed": {**_COMMON, "text": _Text},
}
"""The type of every field that the fast pass takes, by kind of row."""
NEEDED: Mapping[str, frozenset[str]] = {
    "training": frozenset({"messages", "positive_messages"}),
    "benchmark": frozenset({"messages", "candidates", "ground_truth"}),
    "embed": frozenset(),
}
_TEXTS = frozenset(name for forms in FORMS.values() for name, form in forms.items() if form is _Text)


class Shape:
    """Rows with the same set of fields, each of which must be there: so many keys has every one of them."""

    def __init__(self, kind: str, fields: frozenset[str]) -> None:
        forms = FORMS[kind]
        present = sorted(fields)
        absent = {name: None for name in forms if name not in fields}
        row = msgspec.defstruct(
            "Row", [(name, forms[name]) for name in present], namespace=absent, forbid_unknown_fields=True, gc=False
        )
        self.fields = fields
        self.decode_lines = msgspec.json.Decoder(row).decode_lines
        self.coords = tuple(name for name in PLACE_FIELDS[1:] if name in fields)
        self._texts = [attrgetter(name) for name in present if name in _TEXTS]

    def scalars(self, rows: Sequence[Any]) -> int:
        """Number of keys of the rows themselves, and of those values that are strings or null."""
        nulls = sum(list(map(get, rows)).count(None) for get in self._texts)
        return (len(self.fields) + len(self._texts)) * len(rows) - nulls


def fits(kind: str, fields: frozenset[str]) -> bool:
    """Whether the fast pass knows all of these fields, and nothing it needs is missing."""
    return fields <= FORMS[kind].keys() and fields >= NEEDED[kind]
