"""Names of streets and places: many, distinct, and mostly other ones for another seed.

A name is a *stem* and a kind (``Old Heron`` + ``Café``, ``Velmora`` + ``Lane``). Every stem is given out once in a
city, so that a name says exactly one thing. Stems are plain words, pairs of words, or proper names made of syllables;
``names.yaml`` holds what they are made of, without words for what a picture shows (colours, kinds of landmarks).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import yaml

_ONE_WORD, _TWO_WORDS = 0.08, 0.37
"""Shares of plain words and of pairs; the rest are proper names, of which there are most."""


@cache
def stock() -> dict[str, list[str]]:
    """The lists of ``names.yaml``."""
    lists: dict[str, list[str]] = yaml.safe_load(Path(__file__).with_name("names.yaml").read_text(encoding="utf-8"))
    return lists


class NameBook:
    """Gives out stems, each once."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._taken: set[str] = set()

    def stem(self) -> str:
        """A stem not given out before."""
        while True:
            stem = self._draw()
            if stem not in self._taken:
                self._taken.add(stem)
                return stem

    def named(self, kinds: str | tuple[str, ...]) -> str:
        """A stem followed by a kind: one of these, or of the list in the stock with this name (``"streets"``)."""
        options = stock()[kinds] if isinstance(kinds, str) else kinds
        return f"{self.stem()} {options[int(self._rng.integers(len(options)))]}"

    def _draw(self) -> str:
        share = self._rng.random()
        if share < _ONE_WORD:
            return self._pick("words")
        if share < _ONE_WORD + _TWO_WORDS:
            return f"{self._pick('first')} {self._pick('second')}"
        return "".join(self._pick(part) for part in ("onsets", "vowels", "middles", "endings")).capitalize()

    def _pick(self, kind: str) -> str:
        options = stock()[kind]
        return options[int(self._rng.integers(len(options)))]
