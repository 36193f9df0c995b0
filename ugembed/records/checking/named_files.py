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
_EMPTY = hashlib.blake2b(digest_size=8)


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
    hashed = _EMPTY.copy()  # in half the time of a new one
    hashed.update(path.encode("utf-8", "surrogateescape"))
    return int.from_bytes(hashed.digest(), "little") >> 1 or 1


class NamedFiles:
    """Names to identities, for pictures and graphs, and which names were met for the first time.

    A name may be told as new again after very many others; whoever counts files counts identities.

    Args:
        roots: Where names start from.
        found: Identities of plain files by name, which several may share.
    """

    def __init__(self, roots: Roots, found: dict[str, int] | None = None) -> None:
        self.roots = roots
        self._find = roots.listings.find
        self._found = {} if found is None else found
        self.known: dict[str, dict[str, int]] = {"image": {}, "graph": {}}
        self._new: dict[str, dict[str, Named]] = {"image": {}, "graph": {}}

    def plain(self, name: str, kind: str) -> int:
        """The identity of a file that lies plainly under a root; 0 for a name that has to be looked at with care."""
        if kind == "graph" and name.lower().endswith(PICKLES):
            return 0
        known = self._found.get(name)
        if known is None:
            found = self._find(name)
            if len(self._found) >= _MAX_KNOWN:
                self._found.clear()
            known = self._found[name] = identity(found.real) if found else 0
        return known

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
        """Remember a file; it counts as new unless its name is known, and is named first where its line is smallest."""
        name, known, new = named.name, self.known[named.kind], self._new[named.kind]
        before = new.get(name)
        if before is None:
            if name in known:
                return
            if len(known) >= _MAX_KNOWN:
                known.clear()
        elif named.line < before.line:
            del new[name]  # so that those of one line stay in order
        else:
            return
        known[name] = named.identity
        new[name] = named

    def take_new(self) -> list[Named]:
        """The files noted since the last call, by line, of one line pictures first."""
        new = [named for kind in self._new.values() for named in kind.values()]
        for kind in self._new.values():
            kind.clear()
        return sorted(new, key=lambda named: named.line)
