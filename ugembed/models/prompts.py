"""Prompts: what a model is told to do with an item, what stands around it, and at which token it ends (that one is
pooled).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

from ugembed.errors import ConfigError, did_you_mean
from ugembed.records.item import GRAPH_TAG, IMAGE_TAG, Item
from ugembed.records.pair import Pair

_TAGS = re.compile(f"({IMAGE_TAG}|{GRAPH_TAG})")
_LEADING_TAGS = re.compile(f"(?:(?:{IMAGE_TAG}|{GRAPH_TAG})\\s*)*")

QUERY, DOCUMENT = "query", "document"
"""Names of the prompts for the two sides of a row, as sentence-transformers has them."""

NamedPrompts: TypeAlias = Mapping[str, str]
"""Instructions by name: the two sides, tasks (a benchmark's family, a row's ``pair_type``), and any other."""


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

    def parts(self, text: str, instruction: str | None, *, tags: bool = True) -> list[PromptPart]:
        """The prompt of an item whose ``text`` holds ``<image>`` and ``<graph>`` tags; neighbouring texts are joined.

        Args:
            text: Of the item; nothing in it but the two tags has a meaning.
            instruction: Of the user; None for the family's own.
            tags: Whether tags have a meaning; else they are plain text as well.
        """
        told = self.instruction if instruction is None else instruction
        parts: list[PromptPart] = [*self.start]
        if told and not self.tags_first:
            parts += [_with(part, told) for part in self.system]
        parts += self.opening
        told = told if self.tags_first else ""
        parts += self._item(text, told) if tags else [told + " " * bool(told and text) + text]
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


def without_tags(text: str) -> str:
    """The text of an item without its pictures' and graphs' tags."""
    return re.sub(f"{_TAGS.pattern}\\s*", "", text)


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


def with_prompts(pair: Pair, prompts: NamedPrompts) -> Pair:
    """A training row: its query is told the prompt of its ``pair_type`` or of queries, the rest that of documents."""
    if not prompts:
        return pair
    return replace(
        pair,
        query=as_query(pair.query, prompts, task=pair.pair_type),
        positives=tuple(as_document(item, prompts) for item in pair.positives),
        negatives=tuple(as_document(item, prompts) for item in pair.negatives),
    )


def as_query(item: Item, prompts: NamedPrompts, *, task: str = "") -> Item:
    """``item`` told what ``prompts`` say of its task, else of queries; its own instruction wins over both."""
    return _told(item, prompts.get(task, prompts.get(QUERY)))


def as_document(item: Item, prompts: NamedPrompts) -> Item:
    """``item`` told what ``prompts`` say of documents (answers, candidates); its own instruction wins."""
    return _told(item, prompts.get(DOCUMENT))


def _told(item: Item, instruction: str | None) -> Item:
    return item if instruction is None or item.instruction is not None else replace(item, instruction=instruction)


def named_instruction(prompts: NamedPrompts, name: str | None) -> str | None:
    """The prompt called ``name``; None where the model has none for that side, or for anything.

    A model whose two sides were told different things knows no item that is neither: a name must be given.

    Raises:
        ConfigError: ``prompt-unknown``; ``prompt-missing``: no name, but prompts for a side.
    """
    known = sorted({*prompts, QUERY, DOCUMENT})
    if name is None:
        if not {QUERY, DOCUMENT}.isdisjoint(prompts):
            raise ConfigError(
                "this model has prompts for queries and documents, and none was named",
                code="prompt-missing",
                hint=f"give prompt_name (--prompt-name): {', '.join(known)}",
            )
        return None
    if name not in known:
        raise ConfigError(f"the model has no prompt {name!r}", code="prompt-unknown", hint=did_you_mean(name, known))
    return prompts.get(name)
