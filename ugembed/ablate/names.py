"""Names that one part of a configuration uses and another gives."""

from __future__ import annotations

from collections.abc import Iterable

from ugembed.errors import did_you_mean


def known(used: Iterable[str], given: Iterable[str], place: str) -> None:
    """Raise `ValueError` for the first name that nobody gave, with the nearest one that somebody did."""
    names = list(given)
    for name in used:
        if name not in names:
            raise ValueError(f"{place}: {name!r} does not exist; {did_you_mean(name, names)}")
