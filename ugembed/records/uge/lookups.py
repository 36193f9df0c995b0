"""What the fast pass remembers between blocks: query texts that it has seen, and files that were found."""

from __future__ import annotations

from typing import NamedTuple

from ugembed.records.checking.facts import bare, text_hash
from ugembed.records.checking.named_files import Named, NamedFiles
from ugembed.records.item import GRAPH_TAG, IMAGE_TAG

_MAX_PROMPTS = 50_000


class Doubt(Exception):  # noqa: N818  not an error: the slow pass decides
    """The fast pass is not sure."""


class Prompt(NamedTuple):
    """The text of a query: its tags, what is left without them, and the hash of all of it."""

    images: int
    graphs: int
    said: str
    hash: int


class Lookups:
    """Texts and names of one file of rows. Files are noted only by `note`, when a whole block was found clean."""

    def __init__(self, files: NamedFiles) -> None:
        self.prompts: dict[str, Prompt] = {}
        self._files = files
        self._found: dict[tuple[str, str], Named] = {}

    def known(self, kind: str) -> dict[str, int]:
        """Identities of the files that were noted, by name."""
        return self._files.known[kind]

    def prompt(self, text: str) -> Prompt:
        """The parts of a text that is not in `prompts`; the same few queries stand in many rows.

        Raises:
            Doubt: for a text without anything in it.
        """
        if not text.strip():
            raise Doubt
        if len(self.prompts) >= _MAX_PROMPTS:
            self.prompts.clear()
        self.prompts[text] = found = Prompt(text.count(IMAGE_TAG), text.count(GRAPH_TAG), bare(text), text_hash(text))
        return found

    def find(self, name: str, kind: str, line: int, position: int = 0) -> int:
        """The identity of a file that is not `known`, named at ``position`` of the list of a row.

        Raises:
            Doubt: for a file that does not lie plainly under a root.
        """
        if (kind, name) in self._found:
            return self._found[kind, name].identity
        identity = self._files.plain(name, kind)
        if not identity:
            raise Doubt
        self._found[kind, name] = Named(kind, name, identity, line, f"{kind}s[{position}]")
        return identity

    def begin(self) -> None:
        """Forget what was found and not noted."""
        self._found.clear()

    def note(self) -> None:
        """Note what was found since `begin`."""
        for named in self._found.values():
            self._files.note(named)


def is_tagged_or_blank(text: str) -> bool:
    """Whether an answer is not plainly a text."""
    return not text or text.isspace() or ("<" in text and (IMAGE_TAG in text or GRAPH_TAG in text))
