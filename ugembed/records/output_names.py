"""Which files hold rows, and what their changed copies are called in a new folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ugembed.errors import DataError
from ugembed.files import MANIFEST

REJECTS = "rejects.jsonl"
"""What `ugembed.records.clean_copy` calls the refused lines."""

SIDE_LISTS = frozenset({"index.jsonl", "rejected.jsonl", "left-out.jsonl", REJECTS})
"""What our finished folders hold beside their data: lists about it, no rows."""


def is_side_list(path: Path) -> bool:
    """True for a list that one of our commands wrote beside the data of a finished folder."""
    return path.name in SIDE_LISTS and (path.parent / MANIFEST).is_file()


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
        and not is_side_list(file)
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
