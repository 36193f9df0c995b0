"""Files that can be split: their entries one by one, and copies of some of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from ugembed.errors import DataError
from ugembed.files import iter_lines
from ugembed.records.case import RankingCase
from ugembed.records.checking.explain import PARSERS
from ugembed.records.item import Item, Place
from ugembed.records.output_names import row_files
from ugembed.records.pair import Pair
from ugembed.records.uge.pairs import default_group
from ugembed.records.uge.row import Row, decode_row
from ugembed.records.validate import row_kind

ROWS = ".jsonl"


class Entry(NamedTuple):
    """What is known of one row of a file.

    Attributes:
        where: How a user finds it.
        images: Names of the pictures of the query and of what belongs to it.
        others: Names of the pictures that it only shows as negatives or wrong candidates.
        group: What the rows of one group share, or empty.
        city: The field of that name, or empty.
        content: Its line; empty in tables, where every row has a picture.
    """

    where: str
    place: Place | None
    images: tuple[str, ...]
    others: tuple[str, ...] = ()
    group: str = ""
    city: str = ""
    content: bytes = b""


class Source(Protocol):
    """One file."""

    path: Path

    def entries(self) -> Iterator[Entry]:
        """Every row, in order."""

    def copy(self, choice: Sequence[int], targets: Sequence[Path]) -> None:
        """Write row ``i`` to ``targets[choice[i]]``, as it stands and in order; without rows there is no file."""


def open_source(path: Path) -> Source:
    """A file of rows (``.jsonl``), or else a table of images.

    Raises:
        DataError: ``file-missing``, and what `read_points` raises.
    """
    if path.suffix.lower() == ROWS:
        return RowFile(path)
    from ugembed.records.split.tables import TableFile

    return TableFile(path)


def find_files(paths: Sequence[Path]) -> list[Path]:
    """The given files, and the row files below given folders, each once.

    Raises:
        DataError: ``file-missing``, or ``split-input`` for a folder without row files or a file name that is no
            Unicode.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        if not path.exists():
            raise DataError(f"{path}: no such file or folder", code="file-missing", hint="check the path")
        files = row_files([path]) if path.is_dir() else [path]
        if not files:
            raise DataError(
                f"{path}: holds no row files", code="split-input", hint="name row files (.jsonl) or a table"
            )
        for file in files:
            _check_name(file)
            found.setdefault(file.resolve(), file)
    return list(found.values())


def _check_name(file: Path) -> None:
    """``split.json`` tells the names of all files, and JSON is Unicode."""
    try:
        str(file).encode()
    except UnicodeEncodeError:
        raise DataError(
            f"{str(file)!r}: its name is no Unicode text", code="split-input", hint="rename the file"
        ) from None


class RowFile:
    """Training, benchmark or embed rows. Names are compared as they are written; no file is looked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kind = row_kind(path)

    def entries(self) -> Iterator[Entry]:
        """See `Source`.

        Raises:
            RowError: for the first row that cannot be read.
        """
        for line, data in iter_lines(self.path):
            row = decode_row(self.path, line, data, _as_written)
            yield _entry(row, PARSERS[self._kind](row), data)

    def copy(self, choice: Sequence[int], targets: Sequence[Path]) -> None:
        """See `Source`; a last line without an end gets one."""
        lines = (data if data.endswith(b"\n") else data + b"\n" for _, data in iter_lines(self.path))
        copy_pieces(self.path, lines, choice=choice, targets=targets)


def copy_pieces(
    path: Path, pieces: Iterator[bytes], *, choice: Sequence[int], targets: Sequence[Path], head: bytes = b""
) -> None:
    """Write every piece of the file ``path`` to its target; each target begins with ``head``.

    Raises:
        DataError: ``file-changed``.
    """
    count = 0
    with ExitStack() as stack:
        files: dict[int, BinaryIO] = {}
        for count, piece in enumerate(pieces, 1):
            if count > len(choice):
                break
            number = choice[count - 1]
            if number not in files:
                files[number] = stack.enter_context(targets[number].open("wb"))
                files[number].write(head)
            files[number].write(piece)
    check_unchanged(path, found=count, known=len(choice))


def check_unchanged(path: Path, *, found: int, known: int) -> None:
    """Raise `DataError` ``file-changed`` unless a file has as many rows as when it was read first."""
    if found != known:
        raise DataError(
            f"{path}: changed while it was split: it had {known} rows",
            code="file-changed",
            hint="split again when nothing writes to it",
        )


def _entry(row: Row, parsed: Pair | RankingCase | Item, data: bytes) -> Entry:
    query = parsed if isinstance(parsed, Item) else parsed.query
    own, others = [query], list[Item]()
    if isinstance(parsed, Pair):
        own, others = [query, *parsed.positives], list(parsed.negatives)
    elif isinstance(parsed, RankingCase):
        own = [query, parsed.candidates[parsed.gold]]
        others = [item for number, item in enumerate(parsed.candidates) if number != parsed.gold]
    return Entry(
        where=row.source,
        place=parsed.place if isinstance(parsed, RankingCase) else query.place,
        images=_images(own),
        others=_images(others),
        group=row.text("group") or default_group(query),
        city=row.text("city").strip(),
        content=data,
    )


def _images(items: Sequence[Item]) -> tuple[str, ...]:
    return tuple(str(image) for item in items for image in item.images)


def _as_written(name: str, _kind: str, _field: str) -> Path:
    return Path(name)
