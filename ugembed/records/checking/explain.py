"""The slow pass: one line read as the program reads it, and every reason why it is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ugembed.errors import DataError
from ugembed.records.checking.facts import Facts, facts_of, text_hash
from ugembed.records.checking.named_files import Named, NamedFiles
from ugembed.records.report import Problem, problem_of
from ugembed.records.uge.cases import CASE_FIELDS, parse_case
from ugembed.records.uge.items import ITEM_FIELDS, parse_item
from ugembed.records.uge.pairs import PAIR_FIELDS, parse_pair
from ugembed.records.uge.row import Row, decode_row

RowKind: TypeAlias = Literal["training", "benchmark", "embed"]

PARSERS: Mapping[RowKind, Callable[[Row], Any]] = {
    "training": parse_pair,
    "benchmark": parse_case,
    "embed": parse_item,
}
FIELDS: Mapping[RowKind, frozenset[str]] = {"training": PAIR_FIELDS, "benchmark": CASE_FIELDS, "embed": ITEM_FIELDS}


@dataclass(frozen=True, slots=True)
class Explained:
    """What one line is.

    Attributes:
        facts: Of a row without an error, else None.
        problems: Its errors; several when several files are not found.
        fields: The names of its fields, as far as it is an object; ``unknown`` are those that are not used.
        named: Files found, also of a row that has another error.
        id: Hash of its id, 0 if it has none.
    """

    kind: RowKind
    facts: Facts | None
    problems: list[Problem]
    fields: frozenset[str]
    named: list[Named]
    id: int

    @property
    def unknown(self) -> list[str]:
        return sorted(self.fields - FIELDS[self.kind])


def explain(kind: RowKind, path: Path, line: int, data: bytes, files: NamedFiles) -> Explained:
    """Read one line of a file of rows; nothing is raised for a bad one."""
    problems: list[Problem] = []
    named: list[Named] = []
    identities: dict[object, int] = {}

    def find(name: str, what: str, field: str) -> Path:
        """Note a file that is not found and go on, so that the rest of the row is seen too."""
        try:
            found, identity = files.careful(name, what)
        except (DataError, OSError) as error:
            problems.append(problem_of(error, file=path, line=line, field=field))
            return Path(name.replace("\0", ""))
        identities[found] = identity
        named.append(Named(what, name, identity, line, field))
        return found

    fields, id = frozenset[str](), ""
    try:
        row = decode_row(path, line, data, find)
        fields = frozenset(row.values)
        id, group = row.text("id"), row.text("group") if kind == "training" else ""
        parsed = PARSERS[kind](row)
    except DataError as error:
        problems.append(problem_of(error, file=path, line=line))
    facts = None if problems else facts_of(parsed, line=line, id=id, group=group, identities=identities)
    return Explained(kind, facts, problems, fields, named, text_hash(id))
