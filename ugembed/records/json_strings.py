"""Where the strings of a JSON line stand, so that one can be replaced and every other byte stays."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

_TOKEN = re.compile(r'[][{}:,]|"[^"\\]*(?:\\.[^"\\]*)*"|[^][{}:,"\s]+')

Steps: TypeAlias = tuple[str | int, ...]
"""Keys and list positions that lead to a value: ``("images", 0)``."""


class StringValue(NamedTuple):
    """A string that is a value (not a key): how it is reached, and the part of the line with its quotes."""

    steps: Steps
    start: int
    end: int


def read_object(data: bytes) -> tuple[str, dict[str, Any]] | None:
    """A line as text and as an object whose numbers are left as text; None unless it is one with every key once."""
    try:
        text = data.decode("utf-8")
        value = json.loads(text, parse_int=str, parse_float=str, object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        return None
    return (text, value) if isinstance(value, dict) else None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key is given twice")
    return value


def string_values(text: str) -> Iterator[StringValue]:
    """The string values of a line that `read_object` accepts, in the order in which they stand."""
    steps: list[str | int] = []  # of the innermost open object the key read last, of a list the position
    is_key = False
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token == "{":
            steps.append("")
            is_key = True
        elif token == "[":
            steps.append(0)
            is_key = False
        elif token in ("}", "]"):
            steps.pop()
        elif token == ",":
            is_key = _next(steps)
        elif token == ":":
            is_key = False
        elif is_key:
            steps[-1] = json.loads(token)
        elif token[0] == '"':
            yield StringValue(tuple(steps), match.start(), match.end())


def _next(steps: list[str | int]) -> bool:
    """Go on to the next list position; True if a key comes next, because an object is open."""
    last = steps[-1]
    if isinstance(last, str):
        return True
    steps[-1] = last + 1
    return False


def json_string(text: str, *, like: str) -> str:
    """``text`` as a JSON string, escaped to ASCII where the string that it replaces, ``like``, is ASCII."""
    return json.dumps(text, ensure_ascii=like.isascii() or "\\u" in like)
