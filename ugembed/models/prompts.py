"""Prompt templates: what stands around an item, and at which token it ends (that one is pooled)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from ugembed.records.item import GRAPH_TAG, IMAGE_TAG

_TAGS = re.compile(f"({IMAGE_TAG}|{GRAPH_TAG})")
_LEADING_TAGS = re.compile(f"(?:(?:{IMAGE_TAG}|{GRAPH_TAG})\\s*)*")


class Slot(Enum):
    """A place of the prompt that a picture or a graph takes."""

    IMAGE = IMAGE_TAG
    GRAPH = GRAPH_TAG


PromptPart: TypeAlias = str | int | Slot
"""Plain text, the id of a special token, or a place for the next picture or graph."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """The template of a family: system turn (left out when there is no instruction), opening, item, closing.

    Attributes:
        system: Parts before everything else; ``{instruction}`` in their text is replaced.
        opening, closing: Parts right before and after the item. The very last token of the prompt is the one pooled.
        instruction: What the family is told when the user says nothing; may be empty.
        start: Ids in front of everything.
        after_image: Text after every picture.
        tags_first: The instruction follows the item's leading pictures and graphs instead of standing in ``system``.
    """

    system: tuple[str | int, ...]
    opening: tuple[str | int, ...]
    closing: tuple[str | int, ...]
    instruction: str = ""
    start: tuple[int, ...] = ()
    after_image: str = ""
    tags_first: bool = False

    def parts(self, text: str, instruction: str | None) -> list[PromptPart]:
        """The prompt of an item whose ``text`` holds ``<image>`` and ``<graph>`` tags; neighbouring texts are joined.

        Args:
            text: Of the item; nothing in it but the two tags has a meaning.
            instruction: Of the user; None for the family's own.
        """
        told = self.instruction if instruction is None else instruction
        parts: list[PromptPart] = [*self.start]
        if told and not self.tags_first:
            parts += [_with(part, told) for part in self.system]
        parts += self.opening
        parts += self._item(text, told if self.tags_first else "")
        parts += self.closing
        return list(_joined(parts))

    def _item(self, text: str, told: str) -> Iterator[PromptPart]:
        leading = _LEADING_TAGS.match(text)
        end = leading.end() if told and leading else 0
        yield from self._tagged(text[:end].rstrip() if told else "")
        if told:
            yield " " * bool(end) + told + " " * bool(text[end:])
        yield from self._tagged(text[end:])

    def _tagged(self, text: str) -> Iterator[PromptPart]:
        for part in _TAGS.split(text):
            if part == IMAGE_TAG:
                yield Slot.IMAGE
                yield self.after_image
            else:
                yield Slot.GRAPH if part == GRAPH_TAG else part


def chatml(
    *, start: int, end: int, instruction: str, closing: tuple[str | int, ...] = (), after_image: str = ""
) -> Prompt:
    """ChatML: the instruction as system turn, the item as user turn, and the opening of an assistant turn.

    Args:
        start: Id of ``<|im_start|>``.
        end: Id of ``<|im_end|>``.
        instruction: What the family is told when the user says nothing.
        closing: What follows the opening of the assistant turn.
        after_image: Text after every picture.
    """
    return Prompt(
        system=(start, "system\n{instruction}", end, "\n"),
        opening=(start, "user\n"),
        closing=(end, "\n", start, "assistant\n", *closing),
        instruction=instruction,
        after_image=after_image,
    )


def _with(part: str | int, instruction: str) -> str | int:
    return part.replace("{instruction}", instruction) if isinstance(part, str) else part


def _joined(parts: list[PromptPart]) -> Iterator[PromptPart]:
    """The same with neighbouring texts made one, so that they are cut into tokens as the rendered template would be."""
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part
            continue
        if text:
            yield text
        text = ""
        yield part
    if text:
        yield text
