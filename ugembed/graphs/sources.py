"""Which files a check is about: row files and graph files, given or found in folders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ugembed import archives
from ugembed.errors import DataError
from ugembed.files import MANIFEST
from ugembed.records.output_names import is_side_list


@dataclass(frozen=True, slots=True)
class Source:
    """A file to check; ``is_named``: given by the user, not found in a folder."""

    path: Path
    is_named: bool

    @property
    def holds_rows(self) -> bool:
        return self.path.suffix.lower() == ".jsonl"


def sources(paths: Sequence[Path]) -> list[Source]:
    """Every distinct file once, in order; graphs in archives one by one.

    Raises:
        DataError: ``file-missing`` or ``nothing-to-check``.
    """
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise DataError(f"no such file or folder: {', '.join(missing)}", code="file-missing", hint="check the path")
    found: dict[Path, Source] = {}
    for path in paths:
        for source in _inside(path) if path.is_dir() else _single(path, is_named=True):
            found.setdefault(source.path.resolve(), source)
    if not found:
        raise DataError(
            f"neither .jsonl nor .json files in {', '.join(map(str, paths))}",
            code="nothing-to-check",
            hint="name a row file (.jsonl), a graph file (.json) or a folder of them",
        )
    return list(found.values())


def _inside(folder: Path) -> Iterator[Source]:
    """Row and graph files below a folder, by name; without hidden ones, manifests and the lists beside them."""
    for path in sorted(path for ending in ("jsonl", "json", "zip") for path in folder.rglob(f"*.{ending}")):
        is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not is_hidden and path.name != MANIFEST and not is_side_list(path, below=folder):
            yield from _single(path, is_named=False)


def _single(path: Path, *, is_named: bool) -> Iterator[Source]:
    try:
        str(path).encode()
    except UnicodeEncodeError:  # reports and clean copies tell names, and JSON is Unicode
        raise DataError(
            f"{str(path)!r}: its name is no Unicode text", code="file-name", hint="rename the file"
        ) from None
    if path.suffix.lower() != archives.SUFFIX:
        yield Source(path, is_named)
        return
    for name in archives.member_names(path):
        if name.lower().endswith(".json"):
            yield Source(path / name, is_named)
