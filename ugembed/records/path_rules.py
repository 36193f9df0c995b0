"""``OLD=NEW``: which file names are rewritten, and how."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from ugembed.errors import ConfigError

_ANY = "*"


@dataclass(frozen=True, slots=True)
class PathRule:
    """Names below the folder ``old`` move to the folder ``new``.

    ``old`` is compared by whole components, so ``images`` fits ``images/a.jpg`` and not ``images2/a.jpg``; ``.`` fits
    every relative name, and ``*`` every name, of which it keeps only the last component.
    """

    old: str
    new: str

    @classmethod
    def parse(cls, text: str) -> PathRule:
        """The rule that ``OLD=NEW`` says; an empty NEW takes OLD away.

        Raises:
            ConfigError: ``fix-paths-broken`` without ``=`` or OLD.
        """
        old, separator, new = text.partition("=")
        if not separator or not old.strip() or "\0" in text:
            raise ConfigError(
                f"--fix-paths {text!r} is not OLD=NEW",
                code="fix-paths-broken",
                hint="--fix-paths /old/folder=images, or --fix-paths '*=images' to keep only file names",
            )
        return cls(old, new)

    def apply(self, name: str) -> str | None:
        """The new name, or None if the rule does not fit."""
        parts = PurePosixPath(name).parts
        if self.old == _ANY:
            rest = parts[-1:]
        else:
            old = PurePosixPath(self.old).parts
            rest = parts[len(old) :] if parts[: len(old)] == old else ()
        is_url = "://" in name and len(rest) == len(parts)
        if not rest or rest[-1] == ".." or rest[0] == "/" or is_url:
            return None
        return str(PurePosixPath(self.new, *rest))

    def __str__(self) -> str:
        return f"{self.old}={self.new}"
