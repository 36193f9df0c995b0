"""How library code tells how far it is, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class OnProgress(Protocol):
    """Called as work proceeds: ``done`` of ``total`` units, with a short ``note`` on what is happening."""

    def __call__(self, done: int, total: int, note: str = "") -> None: ...


def silent(done: int, total: int, note: str = "") -> None:
    """The listener that does not listen."""
