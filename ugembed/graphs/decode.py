"""A graph file's bytes into plain values, exactly: whole numbers of any size, floats to the last bit, every key."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import orjson

from ugembed import archives
from ugembed.errors import DataError, GraphError
from ugembed.graphs.faults import GraphFileError
from ugembed.records.uge.row import shown

MAX_FILE_BYTES = 256 * 2**20
"""Largest graph file that is read."""

MAX_DEPTH = 64
"""Deepest nesting of lists and objects."""

PICKLES = (".pkl", ".pickle")

_HINT = "write the file again, as JSON in UTF-8"
_BOM = b"\xef\xbb\xbf"
_QUOTE, _COLON, _BLANK = b'": '


def graph_bytes(path: Path) -> bytes:
    """The content of a graph file, plain or in an archive.

    Raises:
        GraphError: ``graph-pickle``, ``graph-missing`` or ``graph-too-large``, all before anything is read.
        DataError: ``archive-broken`` and the like, of `ugembed.archives`.
    """
    if path.suffix.lower() in PICKLES:
        hint = "convert it: ugembed import-graphs FILE --out FOLDER"
        raise GraphError(f"{path}: a pickle, which would run code when read", code="graph-pickle", hint=hint)
    try:
        size = archives.size(path)
    except DataError as error:
        if error.code != "file-missing":
            raise
        raise GraphError(f"{path}: no such graph file", code="graph-missing", hint="check --root") from None
    if size > MAX_FILE_BYTES:
        what = f"{size} bytes, more than {MAX_FILE_BYTES}"
        raise GraphError(
            f"{path}: {what}", code="graph-too-large", hint="build it with a smaller radius or --max-nodes"
        )
    return archives.read_bytes(path)


def decode(data: bytes) -> Any:
    """The value of a JSON document.

    Raises:
        GraphFileError: ``json-bom``, ``json-depth`` (deeper than `MAX_DEPTH`), ``json-duplicate-key``, or
            ``graph-broken`` for all else that is not JSON: NaN, Infinity, numbers beyond float64, invalid UTF-8, lone
            surrogates.
    """
    if data.startswith(_BOM):
        what = "starts with a byte order mark"
        raise GraphFileError("", what, code="json-bom", hint="save it as UTF-8 without BOM (signature)")
    try:
        value = msgspec.json.decode(data)
    except RecursionError:
        raise _too_deep() from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise GraphFileError("", f"not JSON: {_why(data, error)}", code="graph-broken", hint=_HINT) from None
    if not _is_plain(data, value):
        if _is_deep(value):
            raise _too_deep()
        _refuse_twice(data)
    return value


def _why(data: bytes, error: Exception) -> str:
    """The reason with line and column, which only orjson tells."""
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError as told:
        return str(told)
    return str(error)


def _too_deep() -> GraphFileError:
    what = f"lists and objects inside one another more than {MAX_DEPTH} deep"
    return GraphFileError("", what, code="json-depth", hint=_HINT)


def _is_plain(data: bytes, value: Any) -> bool:
    """Whether counting brackets and colons shows that all is flat and no key stands twice; if not, look closer.

    Without blanks before colons, every key ends in ``":``, so these cannot be as many as the keys that were kept when
    one was overwritten. Texts with such characters only make it look closer without need.
    """
    if type(value) is not dict:
        return False
    nodes, edges = value.get("nodes"), value.get("edges")
    if type(nodes) is not list or type(edges) is not list:
        return False
    objects = [value, *nodes, *edges]
    if set(map(type, objects)) != {dict}:
        return False
    pairs = sum(type(node.get("coords")) is list for node in nodes)
    if data.count(b"{") + data.count(b"[") > len(objects) + 2 + pairs:
        return False
    characters = np.frombuffer(data, np.uint8)
    before_colons = characters[np.flatnonzero(characters == _COLON) - 1]
    keys = sum(map(len, objects))
    return bool(np.count_nonzero(before_colons == _QUOTE) == keys and before_colons.min() > _BLANK)


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        inside = [part for part in level if isinstance(part, dict | list)]
        level = [part for whole in inside for part in (whole.values() if isinstance(whole, dict) else whole)]
    return any(isinstance(part, dict | list) for part in level)


@dataclass(frozen=True, slots=True)
class _Twice:
    """Stands for an object in which ``key`` comes twice."""

    key: str


def _refuse_twice(data: bytes) -> None:
    """Read the document once more, slowly, and name the first object with a key that stands twice."""
    found = []

    def single(pairs: list[tuple[str, Any]]) -> Any:
        value = dict(pairs)
        if len(value) == len(pairs):
            return value
        ((key, _),) = Counter(key for key, _ in pairs).most_common(1)
        found.append(key)
        return _Twice(key)

    value = json.loads(data, object_pairs_hook=single)
    if found:
        place, key = next(_twice(value, ""))
        what = f"the key {shown(key)} stands twice in one object"
        raise GraphFileError(place, what, code="json-duplicate-key", hint="keep the right one of the two")


def _twice(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, _Twice):
        yield place, value.key
    elif isinstance(value, dict):
        for key, part in value.items():
            name = key if key.isidentifier() else shown(key)
            yield from _twice(part, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        for i, part in enumerate(value):
            yield from _twice(part, f"{place}[{i}]")
