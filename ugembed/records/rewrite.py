"""Row files whose file names start elsewhere: new files in which nothing but the names of pictures and graphs differs.

The names are replaced inside the line, so everything else stays byte for byte: the order of keys, how numbers are
written, spaces. Texts are never touched, also where they hold a slash: only what the format calls a file name is one.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from ugembed.errors import DataError
from ugembed.files import committed_directory, iter_lines
from ugembed.progress import OnProgress, silent
from ugembed.records.images import SUFFIXES
from ugembed.records.json_strings import Steps, json_string, read_object, string_values
from ugembed.records.output_names import output_names
from ugembed.records.path_rules import PathRule
from ugembed.records.report import Problem

_SIDES = ("", "positive_", "negative_")
_LISTS = frozenset(f"{side}{what}" for side in (*_SIDES, "candidate_") for what in ("images", "graphs"))
_TALKS = frozenset(f"{side}messages" for side in _SIDES)
_FILE_PARTS = frozenset({"image", "image_url", "graph", "graph_url"})
_SHOWN_NAMES = 3


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What was written, and what became of the names.

    Attributes:
        files: The new files.
        rows, rows_changed: Lines that are rows, and those of them that differ now.
        not_rows: Lines copied as they are because they are no JSON objects, or have a key twice.
        names, unmatched: File names met, and those that no rule fits (left as they are).
        by_rule: Names that each rule was applied to.
        merged: Different names that became one, with the first example; files of the same name in different folders.
    """

    files: tuple[Path, ...]
    rows: int
    rows_changed: int
    not_rows: int
    names: int
    unmatched: int
    by_rule: Mapping[str, int]
    merged: int
    merged_example: str

    def problems(self) -> tuple[Problem, ...]:
        """A warning, if names of different files may have become one."""
        if not self.merged:
            return ()
        message = f"{self.merged:,} name(s) became one that another name became before: {self.merged_example}"
        hint = "if these are different files, keep their folders apart: OLD=NEW for each instead of '*=NEW'"
        return (Problem("fix-paths-merged", str(self.files[0].parent), None, "", message, hint, "warning"),)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "files": [str(file) for file in self.files]}


def rewrite_paths(
    files: Sequence[Path], out: Path, *, rules: Sequence[PathRule], on_progress: OnProgress = silent
) -> Rewritten:
    """Write the row files anew into the folder ``out``; of several rules that fit a name the first counts.

    Memory grows with the number of distinct changed names, not with the files.

    Raises:
        DataError: ``fix-paths-nothing`` when no rule fits any name, or there is no row file.
        StoreError: ``output-exists``.
    """
    names = output_names(files)
    total, done = sum(file.stat().st_size for file in files), 0
    writer = _Writer(rules)
    with committed_directory(out, kind="rows", rules=[str(rule) for rule in rules]) as scratch:
        for file, name in names.items():
            target = scratch / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as output:
                for size in _copy(file, output, writer):
                    done += size
                    on_progress(done, total, file.name)
        writer.refuse_if_idle(files)
    return writer.summary(tuple(out / name for name in names.values()))


def _copy(file: Path, output: BinaryIO, writer: _Writer) -> Iterator[int]:
    """Write every line, blank ones too so that line numbers stay; yield the sizes read."""
    last = 0
    for number, data in iter_lines(file):
        output.write(b"\n" * (number - last - 1))
        output.write(writer.line(data))
        last = number
        yield len(data)


class _Writer:
    """Rewrites lines and counts what it did."""

    def __init__(self, rules: Sequence[PathRule]) -> None:
        self.rules = rules
        self.counts: Counter[str] = Counter()
        self.by_rule = {str(rule): 0 for rule in rules}
        self.seen: list[str] = []
        self.old_names: dict[str, str] = {}  # by new name
        self.merged_example = ""

    def line(self, data: bytes) -> bytes:
        read = read_object(data)
        if read is None:
            self.counts["not_rows"] += 1
            return data
        text, row = read
        pieces: list[str] = []
        copied = 0
        has_pictures = _has_picture_candidates(row)
        for steps, start, end in string_values(text):
            if not _is_file_name(steps, row, has_pictures):
                continue
            token = text[start:end]
            old = json.loads(token)
            new = self.name(old)
            if new != old:
                pieces += [text[copied:start], json_string(new, like=token)]
                copied = end
        self.counts["rows"] += 1
        self.counts["rows_changed"] += bool(pieces)
        return "".join([*pieces, text[copied:]]).encode() if pieces else data

    def name(self, old: str) -> str:
        """The new name, or the old one when no rule fits (a picture written out as ``data:`` is no name)."""
        if not old.strip() or "\0" in old or old.startswith("data:"):
            return old
        self.counts["names"] += 1
        if len(self.seen) < _SHOWN_NAMES and old not in self.seen:
            self.seen.append(old)
        for rule in self.rules:
            new = rule.apply(old)
            if new is not None:
                self.by_rule[str(rule)] += 1
                self._remember(old, new)
                return new
        self.counts["unmatched"] += 1
        return old

    def _remember(self, old: str, new: str) -> None:
        first = self.old_names.setdefault(new, old)
        if first != old:
            self.counts["merged"] += 1
            self.merged_example = self.merged_example or f"{first!r} and {old!r} became {new!r}"

    def refuse_if_idle(self, files: Sequence[Path]) -> None:
        if any(self.by_rule.values()):
            return
        shown = ", ".join(map(repr, self.seen))
        nothing = "the rows name no pictures or graphs" if files else "only row files (.jsonl) are rewritten; name some"
        raise DataError(
            f"no name fits {' or '.join(self.by_rule)}: {self.counts['names']} names in {len(files)} row file(s)",
            code="fix-paths-nothing",
            hint=f"names start like {shown}" if shown else nothing,
        )

    def summary(self, files: tuple[Path, ...]) -> Rewritten:
        keys = ("rows", "rows_changed", "not_rows", "names", "unmatched", "merged")
        counts = {key: self.counts[key] for key in keys}
        return Rewritten(files, **counts, by_rule=self.by_rule, merged_example=self.merged_example)


def _has_picture_candidates(row: Mapping[str, Any]) -> bool:
    """True if every candidate is named like a picture file; texts are none, whatever lies beside them."""
    names = row.get("candidates") or row.get("candidate_images")
    return isinstance(names, list) and all(
        isinstance(name, str) and PurePosixPath(name).suffix.lower() in SUFFIXES for name in names
    )


def _is_file_name(steps: Steps, row: Mapping[str, Any], has_pictures: bool) -> bool:
    first, rest = steps[0], steps[1:]
    if first in _LISTS:
        return all(isinstance(step, int) for step in rest)
    if first in _TALKS:
        return _is_file_of_a_part(steps, row)
    if first == "candidates":
        return has_pictures and len(rest) == 1
    return has_pictures and steps == ("ground_truth",)


def _is_file_of_a_part(steps: Steps, row: Mapping[str, Any]) -> bool:
    """``{"type": "image", "image": "a.jpg"}`` or ``{…, "image_url": {"url": "a.jpg"}}`` in the content of a turn."""
    if steps[-1] == "url":
        steps = steps[:-1]
    if steps[-1] not in _FILE_PARTS or steps[-3:-2] != ("content",):
        return False
    part: Any = row
    for step in steps[:-1]:
        part = part[step]
    return isinstance(part, dict) and part.get("type") == steps[-1]
