"""Single values as tables and graphs of maps hold them."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

_LONGEST_LIST = 1000  # characters; Python's own parser is not asked about longer texts
_OBJECTS = frozenset({"names", "categories", "taxonomy"})  # Overture's
_NOTHING = frozenset({"", "nan", "None", "<NA>"})  # the last three: how pandas writes a missing value as text


def all_of(value: Any) -> list[Any]:
    """The values in a cell: osmnx writes several as a list, or as the text of a Python list; none is an empty list."""
    if isinstance(value, str) and value.startswith("[") and len(value) <= _LONGEST_LIST:
        try:
            value = ast.literal_eval(value)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return [value]
    values = value if isinstance(value, list | tuple) else [value]
    return [one for one in values if not is_blank(one)]


def is_blank(value: Any) -> bool:
    """Whether a cell says nothing."""
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (isinstance(value, str) and value.strip() in _NOTHING)


def text(value: Any) -> str:
    """The first value of a cell as text; a whole number has no fraction (17.0 is 17)."""
    found = all_of(value)
    if not found:
        return ""
    first = found[0]
    return str(int(first)) if isinstance(first, float) and first.is_integer() else str(first).strip()


def first_of(values: Mapping[str, Any], *names: str) -> str:
    """Text of the first of these columns that says something; empty if none does."""
    return next((said for name in names if (said := text(values.get(name)))), "")


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Columns in lower case; a mapping inside gives columns ``outer.inner``; what is blank is left out."""
    found: dict[str, Any] = {}
    for name, value in _leaves(values):
        if not is_blank(value):
            found.setdefault(name.lower(), value)
    return found


def _object(value: str) -> Any:
    """An object that a format without objects holds as JSON text; text that is none stays what it is."""
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
    return found if isinstance(found, dict) else value


def _leaves(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if name in _OBJECTS and isinstance(value, str):
            value = _object(value)
        if isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", leaf) for inner, leaf in value.items())
        else:
            yield str(name), value
