"""A file of lines in byte ranges and blocks of whole lines: memory is one block, or one line of at most 64 MiB."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ugembed.errors import DataError
from ugembed.files import MAX_LINE_BYTES

_LINE_END = 10
BLOCK_BYTES = 1 << 17
"""What is decoded at once: large enough that work per block does not show, small enough for the processor's cache."""


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines.

    Attributes:
        line: Number of the first of them, from 1 at the start of the range.
        lines: How many.
        data: Their bytes with line ends, of which the last may be missing. None for one line above `MAX_LINE_BYTES`.
    """

    line: int
    lines: int
    data: bytes | None


def line_ranges(path: Path, size: int) -> Iterator[tuple[int, int]]:
    """Ranges (start, stop) of about ``size`` bytes that cover the file and begin and end between lines; at least one.

    Raises:
        DataError: ``file-missing``.
    """
    try:
        file = path.open("rb")
    except (FileNotFoundError, IsADirectoryError):
        raise DataError(f"{path}: no such file", code="file-missing", hint="check the path") from None
    with file:
        end = file.seek(0, 2)
        start = 0
        if not end:
            yield 0, 0
        while start < end:
            file.seek(start + size)
            while (piece := file.readline(1 << 20)) and not piece.endswith(b"\n"):
                pass
            stop = min(file.tell(), end)
            yield start, stop
            start = stop


def read_blocks(path: Path, start: int, stop: int) -> Iterator[Block]:
    """The lines of a range as blocks, in order; a line that is too long is passed over and told."""
    line, pieces, held = 1, list[bytes](), 0  # pieces: the beginning of a line whose end was not read yet
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        while start < stop and (data := file.read(min(BLOCK_BYTES, stop - start))):
            start += len(data)
            end = data.find(b"\n") + 1 if held else 0
            if held and (held + end if end else held + len(data)) > MAX_LINE_BYTES:
                pieces.clear()
                if not end:
                    held += len(data)
                    continue
                yield Block(line, 1, None)
                line, held, data = line + 1, 0, data[end:]
            cut = data.rfind(b"\n") + 1
            if cut:
                pieces.append(data[:cut])
                block = b"".join(pieces)
                lines = count_lines(block)
                yield Block(line, lines, block)
                line, pieces, held, data = line + lines, [], 0, data[cut:]
            if data:
                pieces.append(data)
                held += len(data)
    if held:
        yield Block(line, 1, b"".join(pieces) if held <= MAX_LINE_BYTES else None)


def count_lines(data: bytes) -> int:
    """Number of line ends; several times as fast as ``bytes.count``."""
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == _LINE_END))


def split_block(data: bytes) -> tuple[bytes, bytes] | None:
    """A block in two halves of whole lines; None for a single line."""
    cut = data.find(b"\n", len(data) // 2) + 1
    if cut in (0, len(data)):
        cut = data.rfind(b"\n", 0, len(data) - 1) + 1
    return (data[:cut], data[cut:]) if 0 < cut < len(data) else None
