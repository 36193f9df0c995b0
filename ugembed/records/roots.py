"""Where the picture and graph files named in a data file are looked for, and which names are refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ugembed import archives
from ugembed.errors import DataError
from ugembed.records.listings import Listings

_URL = re.compile(r"^(?:[A-Za-z][A-Za-z0-9+.-]*://|data:)")
_SHOWN_CHARACTERS = 200


@dataclass(frozen=True)
class Roots:
    """Folders that relative names start from, tried in this order; no name may lead out of all of them.

    Links are followed before that is decided: a folder of linked pictures needs a root where they really lie.
    """

    folders: tuple[Path, ...]

    @classmethod
    def for_file(cls, path: Path, given: Sequence[Path] = ()) -> Roots:
        """The ``given`` folders, or, if there are none, the folder of the data file and then the current one.

        Raises:
            DataError: ``root-missing`` when a given folder does not exist.
        """
        for folder in given:
            if not folder.is_dir():
                raise DataError(f"--root {folder}: no such folder", code="root-missing", hint="check the path")
        return cls(tuple(given) or (path.parent, Path()))

    def resolve(self, name: str, kind: str = "image") -> Path:
        """The file called ``name`` under the first root that has it: a regular file, or a member of an archive.

        Args:
            name: A relative path, or an absolute one that lies in a root.
            kind: What is looked for (``"image"``, ``"graph"``): the word in messages and codes.

        Raises:
            DataError: ``path-url``, ``path-broken`` (empty, NUL, too long), ``path-escapes``, or ``{kind}-missing``.
        """
        plain = self.listings.find(name)
        if plain is not None:
            return plain.path
        shown = name if len(name) <= _SHOWN_CHARACTERS else f"{name[:_SHOWN_CHARACTERS]}…"
        if _URL.match(name):
            raise DataError(f"{kind} {shown!r} is a URL", code="path-url", hint="download it and name the local file")
        if not name.strip() or "\0" in name:
            raise DataError(f"{kind} {shown!r} is not a file name", code="path-broken", hint="name a file")
        try:
            return self._search(name, kind)
        except (OSError, RuntimeError) as error:  # no name for a file system, no right to enter, links in a circle
            what = error.strerror if isinstance(error, OSError) else "a circle of links"
            raise DataError(
                f"{kind} {shown!r}: {what}", code="path-broken", hint="check the name and its permissions"
            ) from None

    def _search(self, name: str, kind: str) -> Path:
        escaped: Path | None = None
        for folder in self.folders:
            path = folder / name
            inside = self._holds(path)
            if inside and archives.is_file(path):
                return path
            if not inside:
                escaped = escaped or path.resolve().parent
        if escaped is not None:
            raise DataError(
                f"{kind} {name!r} lies outside of {self}",
                code="path-escapes",
                hint=f"if that is meant, add: --root {escaped}",
            )
        raise DataError(
            f"{kind} {name!r} is missing; looked under {self}",
            code=f"{kind}-missing",
            hint="pass --root FOLDER, the folder that such names start from",
        )

    def _holds(self, path: Path) -> bool:
        real = path.resolve()
        return any(real.is_relative_to(folder) for folder in self._real)

    @cached_property
    def listings(self) -> Listings:
        """What was listed of these folders so far."""
        return Listings(self.folders, self._real)

    @cached_property
    def _real(self) -> tuple[Path, ...]:
        return tuple(folder.resolve() for folder in self.folders)

    def __str__(self) -> str:
        return ", ".join(dict.fromkeys(str(folder) for folder in self.folders))
