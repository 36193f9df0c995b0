"""Which graph file is meant: a path, in a shard too, or the id of an image in a folder of ``build-graphs``."""

from __future__ import annotations

from difflib import get_close_matches
from itertools import islice
from pathlib import Path

import msgspec

from ugembed import archives
from ugembed.errors import DataError, GraphError
from ugembed.files import contained, iter_lines

INDEX = "index.jsonl"
_SHOWN = 3
_COMPARED = 200_000
"""Ids that are compared for a hint; of more, the first ones."""


class _Row(msgspec.Struct):
    """What of a line of the index is needed."""

    id: str
    file: str


def find_graph(wanted: str, folder: Path | None = None) -> Path:
    """The file of a graph.

    Args:
        wanted: A graph file, or with ``folder`` the id of an image.
        folder: Of ``build-graphs`` or ``import-graphs``, with an ``index.jsonl``.

    Raises:
        GraphError: ``graph-missing``, ``graph-id-unknown`` with the nearest ids.
        DataError: ``index-missing``, ``index-broken``; ``archive-broken`` and the like of a shard.
    """
    if folder is not None:
        return _indexed(wanted, folder)
    path = Path(wanted)
    if path.is_dir():
        hint = f"name a file in it, or an image: ugembed show-graph ID --graphs {path}"
        raise GraphError(f"{path}: a folder, not a graph file", code="graph-missing", hint=hint)
    if not archives.is_file(path):
        hint = "check the path; an image's id wants its folder too: ugembed show-graph ID --graphs FOLDER"
        raise GraphError(f"{path}: no such graph file", code="graph-missing", hint=hint)
    if path.suffix.lower() == archives.SUFFIX:
        names = ", ".join(islice(archives.member_names(path), _SHOWN))
        hint = f"name a graph in it, as {path}/NAME; it holds {names}" if names else "it is empty"
        raise GraphError(f"{path}: a shard, not one graph", code="graph-missing", hint=hint)
    return path


def _indexed(wanted: str, folder: Path) -> Path:
    index = folder / INDEX
    if not index.is_file():
        hint = "--graphs takes a folder that build-graphs or import-graphs made"
        raise DataError(f"{folder}: no {INDEX} in it", code="index-missing", hint=hint)
    known = []
    decode = msgspec.json.Decoder(_Row).decode
    for number, line in iter_lines(index):
        try:
            row = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            hint = "build the folder again"
            raise DataError(f"{index}:{number}: {error}", code="index-broken", hint=hint) from None
        if row.id == wanted:
            return contained(folder, row.file)
        known.append(row.id)
    raise GraphError(f"{index}: no image {wanted!r}", code="graph-id-unknown", hint=_nearest(wanted, known))


def _nearest(wanted: str, known: list[str]) -> str:
    near = get_close_matches(wanted, known[:_COMPARED], n=_SHOWN)
    words = "the nearest ids" if near else f"it has {len(known):,} ids, the first"
    return f"{words}: {', '.join(near or known[:_SHOWN])}" if known else "the index is empty"
