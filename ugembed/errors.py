"""What can go wrong, in the user's words: what, where, why, and what to do next.

Every refusal carries a stable ``code`` (kebab-case, never renamed) that scripts may test for; the command line prints
``error[code]: message`` and ``hint: …`` and exits with ``exit_status``.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class UgembedError(Exception):
    """Base of everything `ugembed` refuses.

    Args:
        message: What is wrong and where (``file:line: …`` when a file is to blame).
        code: Stable machine-readable code.
        hint: What the user can do next; may be empty only where nothing can be said.
    """

    exit_status = 1

    def __init__(self, message: str, *, code: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint


class ConfigError(UgembedError):
    """A run file, an override or a command line that asks for something that does not exist."""

    exit_status = 2


class DataError(UgembedError):
    """A row, an image, a table or a map that cannot be used."""


class GraphError(DataError):
    """A graph file that cannot be used, or a graph that cannot be built."""


class CheckpointError(UgembedError):
    """A saved model or training state that is missing, damaged or made for something else."""


class StoreError(UgembedError):
    """An output folder or embedding store that cannot be read or written."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``"did you mean 'x'?"`` for the nearest known word, else the list of what exists."""
    words = sorted(known)
    nearest = get_close_matches(word, words, n=1, cutoff=0.6)
    if nearest:
        return f"did you mean {nearest[0]!r}?"
    return f"known: {', '.join(words)}" if words else ""
