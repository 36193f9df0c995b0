"""The accepted rows of checked files as they stand, and beside them every refused line with the reasons."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from ugembed.errors import DataError
from ugembed.files import committed_directory
from ugembed.records.output_names import REJECTS, output_names
from ugembed.records.report import Problem


@dataclass(frozen=True, slots=True)
class Copied:
    """Rows read, and where each of them went: ``rows == clean + rejected``."""

    out: Path
    clean: int
    rejected: int

    @property
    def rows(self) -> int:
        return self.clean + self.rejected

    def to_json(self) -> dict[str, Any]:
        return {"out": str(self.out), "rows": self.rows, "clean": self.clean, "rejected": self.rejected}


@contextmanager
def clean_copy(out: Path) -> Iterator[CleanCopy]:
    """Collect checked lines (`CleanCopy.add`) into a new folder that appears when the block ends without an error.

    It holds a file of the accepted lines for every row file that has any, byte for byte and in order, and
    ``rejects.jsonl``.

    Raises:
        StoreError: ``output-exists``.
        DataError: ``write-clean-nothing`` when no line was added; ``name-taken`` for a row file called rejects.jsonl.
    """
    with committed_directory(out, kind="clean-rows") as scratch:
        with ExitStack() as stack:
            copy = CleanCopy(out, scratch, stack)
            yield copy
        copy.give_names()


class CleanCopy:
    """Writes lines as they come, one file after the other; the files get their names when all are known."""

    def __init__(self, out: Path, scratch: Path, stack: ExitStack) -> None:
        self._out = out
        self._scratch = scratch
        self._stack = stack
        self._rejects = stack.enter_context((scratch / REJECTS).open("wb"))
        self._written: dict[Path, Path] = {}
        self._current: tuple[Path, BinaryIO] | None = None
        self._clean = self._rejected = 0

    def add(self, file: Path, data: bytes, is_accepted: bool, problems: Sequence[Problem]) -> None:
        """Copy one line of ``file``, or note why not; lines of a file come one after the other."""
        if is_accepted:
            self._clean += 1
            self._open(file).write(data if data.endswith(b"\n") else data + b"\n")
        else:
            self._rejected += 1
            self._rejects.write(orjson.dumps(_reject(file, data, problems)) + b"\n")

    def _open(self, file: Path) -> BinaryIO:
        if self._current is None or self._current[0] != file:
            if file.name == REJECTS:
                raise DataError(
                    f"{file}: {REJECTS} is the name of what is refused", code="name-taken", hint="rename the file"
                )
            if self._current is not None:
                self._current[1].close()
            target = self._scratch / f"{len(self._written)}.part"
            self._written[file] = target
            self._current = (file, self._stack.enter_context(target.open("wb")))
        return self._current[1]

    def give_names(self) -> None:
        """The last step: the files are called as their sources."""
        if not self._clean + self._rejected:
            raise DataError("no rows to copy", code="write-clean-nothing", hint="name row files (.jsonl)")
        for file, name in output_names(list(self._written)).items():
            target = self._scratch / name
            target.parent.mkdir(parents=True, exist_ok=True)
            self._written[file].rename(target)

    def counts(self) -> Copied:
        return Copied(self._out, self._clean, self._rejected)


def _reject(file: Path, data: bytes, problems: Sequence[Problem]) -> dict[str, Any]:
    """A line of rejects.jsonl: ``raw`` is the text without its line end, ``raw_base64`` bytes that are no UTF-8."""
    raw = data.rstrip(b"\r\n")
    reasons = [{"code": p.code, "field": p.field, "message": p.message, "hint": p.hint} for p in problems]
    place = {"file": str(file), "line": problems[0].line if problems else None, "problems": reasons}
    try:
        return {**place, "raw": raw.decode("utf-8")}
    except UnicodeDecodeError:
        return {**place, "raw_base64": base64.b64encode(raw).decode()}
