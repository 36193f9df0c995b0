"""Pieces of Markdown that the generated pages share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

NOTE = "<!-- Written by `make docs`; edit the help texts and docstrings of the program instead. -->\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table."""
    cells = [header, ("---",) * len(header), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells]


def plain(text: str) -> str:
    """Text on one line, in which tags and stars are shown instead of obeyed; what stands in backticks stays."""
    pieces = " ".join(text.split()).split("`")
    shown = [
        piece if position % 2 else piece.replace("<", "&lt;").replace("*", "\\*")
        for position, piece in enumerate(pieces)
    ]
    return "`".join(shown)
