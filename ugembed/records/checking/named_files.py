"""The files that the rows of one file name: found once, and handed on to be looked into."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from ugembed.errors import DataError
from ugembed.records.roots import Roots

PICKLES = (".pkl", ".pickle")
"""Endings of graph files that would run code when opened."""
_MAX_KNOWN = 200_000


class Named(NamedTuple):
    """A file that a row names, where it is named first, and the `identity` of the file."""

    kind: str
    name: str
    identity: int
    line: int
    field: str


def identity(path: str) -> int:
    """A positive 63-bit number for the real path of a file, the same in every process.

    Among 10⁷ files, two share one with odds of 1 to 180 000.
    """
    digest = hashlib.blake2b(path.encode("utf-8", "surrogateescape"), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1 or 1


class NamedFiles:
    """Names to identities, for pictures and graphs, and which names were met for the first time.

    A name may be told as new again after very many others; whoever counts files counts identities.
    """

    def __init__(self, roots: Roots) -> None:
        self.roots = roots
        self.known: dict[str, dict[str, int]] = {"image": {}, "graph": {}}
        self._new: list[Named] = []

    def plain(self, name: str, kind: str) -> int:
        """The identity of a file that lies plainly under a root; 0 for a name that has to be looked at with care."""
        if kind == "graph" and name.lower().endswith(PICKLES):
            return 0
        found = self.roots.listings.find(name)
        return identity(found.real) if found else 0

    def careful(self, name: str, kind: str) -> tuple[Path, int]:
        """The path and identity of any file.

        Raises:
            DataError: what `Roots.resolve` raises, or ``graph-pickle``.
            OSError: for a file that cannot be looked at.
        """
        path = self.roots.resolve(name, kind)
        if kind == "graph" and path.name.lower().endswith(PICKLES):
            raise DataError(
                f"{name!r} is a pickle, which would run code when read",
                code="graph-pickle",
                hint="convert it: ugembed import-graphs",
            )
        return path, self.known[kind].get(name) or identity(str(path.resolve()))

    def note(self, named: Named) -> None:
        """Remember a file; it counts as new unless its name is known."""
        known = self.known[named.kind]
        if named.name not in known:
            if len(known) >= _MAX_KNOWN:
                known.clear()
            known[named.name] = named.identity
            self._new.append(named)

    def take_new(self) -> list[Named]:
        """The files noted since the last call, in order."""
        new, self._new = self._new, []
        return new
