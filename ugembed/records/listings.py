"""What lies in the folders under the roots, listed once: most names are found without asking the disk.

A listing knows regular files only. Whatever else a name may be (a link, a device, a path that leads out of the roots, a
URL) is not found here and looked at with care by `ugembed.records.roots`.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ugembed import archives
from ugembed.errors import DataError

MAX_LISTED = 400_000
"""Files that are remembered at most (about 120 bytes each); beyond that the disk is asked for every name."""
_MAX_HEADS = 10_000
_NOT_A_FOLDER = re.compile(r"^(?:[A-Za-z][A-Za-z0-9+.-]*:/|data:)")  # of a URL; also where a folder is called so


class Plain(NamedTuple):
    """A regular file inside the roots: ``folder / name`` is its path, ``real`` has no links in it."""

    folder: Path
    name: str
    real: str

    @property
    def path(self) -> Path:
        return self.folder / self.name


@dataclass(frozen=True, slots=True)
class _Listing:
    """The regular files and the links of one folder; ``files`` is None when the folder is too large to remember."""

    root: Path
    real: str
    files: frozenset[str] | None
    links: frozenset[str] = frozenset()

    def has(self, tail: str) -> bool:
        if self.files is not None:
            return tail in self.files
        try:
            return stat.S_ISREG(os.lstat(self.real + tail).st_mode)
        except (OSError, ValueError):
            return False


class Listings:
    """The folders under ``roots`` that were asked for so far, by the part of a name up to its last slash."""

    def __init__(self, roots: Sequence[Path], real_roots: Sequence[Path]) -> None:
        self._roots = roots
        self._real_roots = real_roots
        self._by_head: dict[str, tuple[_Listing, ...]] = {}
        self._listed = 0

    def find(self, name: str) -> Plain | None:
        """The file of that name in the first root that has it; None when that takes a careful look."""
        cut = name.rfind("/") + 1
        head, tail = name[:cut], name[cut:]
        listings = self._by_head.get(head)
        if listings is None:
            listings = self._list(head)
        for listing in listings:
            if listing.has(tail):
                return Plain(listing.root, name, listing.real + tail)
            if listing.files is None or tail in listing.links:
                return None
        return None

    def _list(self, head: str) -> tuple[_Listing, ...]:
        if len(self._by_head) >= _MAX_HEADS:
            self._by_head.clear()
            self._listed = 0
        try:
            is_plain = not _NOT_A_FOLDER.match(head) and ".." not in head.split("/")
            roots = self._roots if is_plain else ()
            found = tuple(listing for root in roots if (listing := self._folder(root, head)) is not None)
        except (OSError, RuntimeError, ValueError, DataError):  # the careful look says what is wrong
            found = ()
        self._by_head[head] = found
        return found

    def _folder(self, root: Path, head: str) -> _Listing | None:
        real = (root / head).resolve()
        if not any(real.is_relative_to(folder) for folder in self._real_roots):
            return None
        if real.is_dir():
            return self._listing(root, real)
        if real.suffix.lower() == archives.SUFFIX and real.is_file():
            return _Listing(root, f"{real}/", frozenset(archives.member_names(real)))
        return None

    def _listing(self, root: Path, real: Path) -> _Listing:
        prefix = f"{real}/".replace("//", "/")
        files, links = [], []
        with os.scandir(real) as entries:
            for entry in entries:
                if entry.is_symlink():
                    links.append(entry.name)
                elif entry.is_file(follow_symlinks=False) and not entry.name.startswith("data:"):
                    files.append(entry.name)
                if self._listed + len(files) + len(links) > MAX_LISTED:
                    return _Listing(root, prefix, None)
        self._listed += len(files) + len(links)
        return _Listing(root, prefix, frozenset(files), frozenset(links))
