"""Lines in blocks and ranges: nothing is lost, nothing twice, and no line is held that is too long."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from ugembed.errors import DataError
from ugembed.files import iter_lines
from ugembed.records.checking import blocks
from ugembed.records.checking.blocks import line_ranges, read_blocks, split_block


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 64 bytes and lines of at most 200, so that small files have many."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 64)
    monkeypatch.setattr(blocks, "MAX_LINE_BYTES", 200)


def lines_of(path: Path, start: int, stop: int) -> list[tuple[int, bytes | None]]:
    found: list[tuple[int, bytes | None]] = []
    for block in read_blocks(path, start, stop):
        if block.data is None:
            found.append((block.line, None))
        else:
            parts = block.data.splitlines(keepends=True)
            assert len(parts) == block.lines
            found += enumerate(parts, block.line)
    return found


@pytest.mark.parametrize("last", [b"", b"\n"])
def test_blocks_and_ranges_are_all_lines_in_order(tmp_path: Path, last: bytes) -> None:
    random = Random(1)
    path = tmp_path / "lines"
    lengths = [random.choice([0, 1, 10, 63, 64, 65, 199, 200, 201, 500, 1000]) for _ in range(200)]
    wanted = [b"x" * length + b"\n" for length in lengths]
    path.write_bytes(b"".join(wanted)[:-1] + last)
    wanted[-1] = wanted[-1][:-1] + last
    expected = [(number, line if len(line) <= 200 else None) for number, line in enumerate(wanted, 1) if line]
    size = path.stat().st_size
    assert lines_of(path, 0, size) == expected
    for range_size in (1, 50, 64, 300, 10**6):
        before, found, end = 0, [], 0
        for start, stop in line_ranges(path, range_size):
            assert start == end
            part = lines_of(path, start, stop)
            found += [(line + before, data) for line, data in part]
            before, end = before + (part[-1][0] if part else 0), stop
        assert (found, end) == (expected, size)


def test_an_empty_file_is_one_empty_range(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert list(line_ranges(tmp_path / "empty", 10)) == [(0, 0)]
    assert lines_of(tmp_path / "empty", 0, 0) == []
    with pytest.raises(DataError) as caught:
        list(line_ranges(tmp_path / "gone", 10))
    assert caught.value.code == "file-missing"


def test_blocks_are_halved_down_to_single_lines() -> None:
    def single(data: bytes) -> list[bytes]:
        halves = split_block(data)
        return [data] if halves is None else [line for half in halves for line in single(half)]

    for data in (b"a\nbb\nccc\n", b"a" * 90 + b"\nb\n", b"a\n" + b"b" * 90, b"\n\n\n", b"one"):
        assert single(data) == data.splitlines(keepends=True)


def test_whoever_reads_line_by_line_is_refused_a_line_that_is_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ugembed.files.MAX_LINE_BYTES", 200)
    path = tmp_path / "lines"
    path.write_bytes(b"x" * 199 + b"\n" + b"y" * 200 + b"\n" + b"z" * 200)
    lines = iter_lines(path)
    assert next(lines) == (1, b"x" * 199 + b"\n")
    with pytest.raises(DataError, match=r"lines:2: longer") as caught:
        next(lines)
    assert caught.value.code == "line-too-long"
