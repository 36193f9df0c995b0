"""Which files hold rows, and what their changed copies are called in a new folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ugembed.errors import DataError
from ugembed.files import MANIFEST, read_json

REJECTS = "rejects.jsonl"
"""What `ugembed.records.clean_copy` calls the refused lines."""

LEFT_OUT = "left-out"
"""What a split calls the rows that gave way to its buffer: a file, or of several files a folder."""

_LISTS = {
    "graphs": frozenset({"index.jsonl", "rejected.jsonl"}),
    "clean-rows": frozenset({REJECTS}),
    "split": frozenset({f"{LEFT_OUT}.jsonl"}),
}
"""Kind of a finished folder to the lists beside its data."""

SIDE_LISTS = frozenset[str]().union(*_LISTS.values())
"""What our finished folders hold beside their data: lists about it, no rows."""


def is_side_list(path: Path, *, below: Path | None = None) -> bool:
    """True for a list that one of our commands wrote beside the data of a finished folder, or in its ``left-out``.

    Args:
        path: The file.
        below: The folder that a user named: it may be called ``left-out`` itself.

    Raises:
        DataError: ``json-broken`` for a broken manifest.
    """
    if path.name in SIDE_LISTS and path.name in _LISTS.get(_kind(path.parent), ()):
        return True
    return any(
        _kind(folder.parent) == "split" and (below is None or (folder.is_relative_to(below) and folder != below))
        for folder in path.parents
        if folder.name == LEFT_OUT
    )


def _kind(folder: Path) -> str:
    """What a finished folder is; empty for one that is none of ours."""
    manifest: Any = read_json(folder / MANIFEST) if (folder / MANIFEST).is_file() else None
    return str(manifest.get("kind")) if isinstance(manifest, dict) else ""


def row_files(paths: Iterable[Path]) -> list[Path]:
    """The row files (``.jsonl``) among files and below folders, each once; in folders without hidden and side ones.

    Raises:
        DataError: ``file-missing``.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        if not path.exists():
            raise DataError(f"no such file or folder: {path}", code="file-missing", hint="check the path")
        for file in _inside(path) if path.is_dir() else [path]:
            if file.suffix.lower() == ".jsonl":
                found.setdefault(file.resolve(), file)
    return list(found.values())


def _inside(folder: Path) -> list[Path]:
    return [
        file
        for file in sorted(folder.rglob("*.jsonl"))
        if file.is_file()
        and not is_side_list(file, below=folder)
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    ]


def output_names(files: Sequence[Path]) -> dict[Path, Path]:
    """The relative path of every file's copy: its own name, or, if two have the same, its path below their folder."""
    if len({file.name for file in files}) == len(files):
        return {file: Path(file.name) for file in files}
    real = {file: file.resolve() for file in files}
    common = real[files[0]].parent
    while not all(path.is_relative_to(common) for path in real.values()):
        common = common.parent
    return {file: path.relative_to(common) for file, path in real.items()}
