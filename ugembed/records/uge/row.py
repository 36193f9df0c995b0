"""One line of a JSON lines file, and errors that say where in it they arose."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from reprlib import Repr
from typing import Any, TypeAlias

import orjson

from ugembed.errors import DataError
from ugembed.files import iter_lines
from ugembed.records.roots import Roots

_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = 60
_SHORT.maxlevel = 3
_BOM = b"\xef\xbb\xbf"
_KEY = re.compile(rb'"[ \t\r\n]*:')

Finder: TypeAlias = Callable[[str, str, str], Path]
"""``(name, kind, field) -> file``; ``kind`` is ``"image"`` or ``"graph"``. Raises `DataError` for what is refused."""


class RowError(DataError):
    """A row that cannot be used; the message starts with ``file:line: field: ``.

    Attributes:
        file, line, field: Where; ``field`` is e.g. ``positive_images[0]``, or ``row`` for the line as a whole.
        what: What is wrong, without the place.
    """

    def __init__(self, row: Row, field: str, what: str, *, code: str, hint: str = "") -> None:
        super().__init__(f"{row.source}: {field}: {what}", code=code, hint=hint)
        self.file = row.file
        self.line = row.line
        self.field = field
        self.what = what


@dataclass(frozen=True, slots=True)
class Row:
    """The object of one line, where it stands, and how the files it names are found."""

    values: Mapping[str, Any]
    file: Path
    line: int
    finder: Finder

    @property
    def source(self) -> str:
        return f"{self.file}:{self.line}"

    def error(self, field: str, what: str, *, code: str, hint: str = "") -> RowError:
        return RowError(self, field, what, code=code, hint=hint)

    @contextmanager
    def located(self, field: str) -> Iterator[None]:
        """Give errors that are raised inside the place ``field`` of this row."""
        try:
            yield
        except RowError:
            raise
        except DataError as error:
            raise self.error(field, error.message, code=error.code, hint=error.hint) from None

    def find(self, name: str, kind: str, field: str) -> Path:
        with self.located(field):
            return self.finder(name, kind, field)

    def text(self, key: str) -> str:
        """An optional string (a number is written out); missing and null are ``""``."""
        value = self.values.get(key)
        if value is None:
            return ""
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str):
            raise self.error(key, f"wants a string, not {shown(value)}", code="field-type", hint="quote it")
        return value

    def names(self, key: str, value: Any) -> tuple[str, ...]:
        """File names from a string, a list of strings or null, standing in the field ``key``."""
        names = [] if value is None else [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise self.error(
                key, f"wants a file name or a list of them, not {shown(value)}", code="field-type", hint='["a.jpg"]'
            )
        return tuple(names)

    def number(self, key: str, value: Any) -> float:
        """A finite number, standing in the field ``key``."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.error(key, f"wants a number, not {shown(value)}", code="field-type", hint="write it unquoted")
        return float(value)


def shown(value: Any) -> str:
    """A value as it goes into a message: short, however large or deep it is."""
    return _SHORT.repr(value)


def decode_row(file: Path, line: int, data: bytes, finder: Finder) -> Row:
    """The `Row` of one line.

    Raises:
        RowError: ``json-bom``, ``json-broken``, ``row-not-object`` or ``json-duplicate-key``.
    """
    place = Row({}, file, line, finder)
    if data.startswith(_BOM):
        raise place.error(
            "row",
            "starts with a byte order mark",
            code="json-bom",
            hint="save as UTF-8 without BOM ('UTF-8', not 'UTF-8 with BOM' or 'utf-8-sig')",
        )
    try:
        values = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise place.error(
            "row",
            f"not JSON: {error.msg} (column {error.colno})",
            code="json-broken",
            hint="one JSON object a line, UTF-8",
        ) from None
    if not isinstance(values, dict):
        raise place.error(
            "row", f"wants a JSON object, not {shown(values)}", code="row-not-object", hint="see docs/data_format.md"
        )
    if sum(1 for _ in _KEY.finditer(data)) != _count_keys(values):
        _refuse_duplicate_keys(place, data)
    return Row(values, file, line, finder)


def _count_keys(value: Any) -> int:
    """Number of keys in all objects of a decoded value, however deep."""
    count, waiting = 0, [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            count += len(value)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return count


def _refuse_duplicate_keys(row: Row, data: bytes) -> None:
    """Look at every object as written; JSON readers silently keep the last of two equal keys."""

    def check(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise row.error(
                    "row",
                    f"the key {shown(key)} is written twice in one object",
                    code="json-duplicate-key",
                    hint="keep one of the two; readers would silently take the last",
                )
            seen.add(key)

    try:
        json.loads(data, object_pairs_hook=check, parse_int=float)
    except RecursionError:
        raise row.error("row", "nested too deeply", code="json-broken", hint="rows need no deep nesting") from None


def read_rows(path: Path, roots: Roots | None = None) -> Iterator[Row]:
    """The rows of a file, one at a time; names are looked for under ``roots`` (default: `Roots.for_file`)."""
    places = roots or Roots.for_file(path)

    def find(name: str, kind: str, _field: str) -> Path:
        return places.resolve(name, kind)

    for line, data in iter_lines(path):
        yield decode_row(path, line, data, find)
