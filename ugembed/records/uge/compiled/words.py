"""Eight bytes at a time, and 32: reading, comparing, copying, and marks of what stands there."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from typing import Any

import numpy as np
from numba.cpython.unsafe.numbers import trailing_zeros as _trailing_zeros

from ugembed.records.uge.compiled import machine
from ugembed.records.uge.compiled.machine import Word, compiled, ones
from ugembed.records.uge.compiled.memory import Work

signed: Any = np.int64
"""Makes a signed number of a word."""
_ONES, _HIGHS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
QUOTES, BACKSLASHES, SPACES, LESS, POINTS, NEWLINES = (_ONES * np.uint64(code) for code in b'"\\ <.\n')
"""A byte eight times."""
ALL_ENDS = np.uint64(0xFFFFFFFF)
_EIGHT, _ONE, _32 = np.uint64(8), np.uint64(1), np.uint64(32)


@compiled
def load(work: Work, at: int) -> Word:
    """The eight bytes of ``data`` from a position on, wherever that is."""
    return machine.load(work.data, at)


@compiled
def store(work: Work, at: int, word: Word) -> None:
    """Write eight bytes."""
    machine.store(work.data, at, word)


@compiled
def marks_of(work: Work, at: int) -> Word:
    """A bit for each of 32 bytes that ends a plain text (see `ends`), and 32 higher one for each that is odd in it."""
    return machine.marks(work.data, at)


@compiled
def survey(work: Work, start: int, stop: int) -> tuple[int, bool, bool]:
    """Look through a text that has characters of one byte before and behind it.

    Returns:
        Number of its characters, whether it is UTF-8, and whether it has a ``<``.
    """
    characters = stop - start
    wrong = less = np.uint64(0)
    for at in range(start, stop + 1, 32):
        count = np.uint64(min(stop - at, 32))
        inside = (_ONE << count) - _ONE
        kinds = kinds_of(work, at)
        characters -= ones(kinds & inside)
        less |= (kinds >> _32) & inside
        wrong |= faults_of(work, at) & (inside << _ONE | _ONE)  # a last character that lacks bytes shows behind it
    return characters, wrong == np.uint64(0), less != np.uint64(0)


@compiled
def faults_of(work: Work, at: int) -> Word:
    """A bit for each of 32 bytes that cannot stand there in UTF-8 (RFC 3629, section 4), by it and three before it."""
    return machine.faults(work.data, at)


@compiled
def kinds_of(work: Work, at: int) -> Word:
    """A bit for each of 32 bytes that continues a character of UTF-8, and 32 higher one for each ``<``."""
    return machine.kinds(work.data, at)


@compiled
def byte(work: Work, at: int) -> int:
    """One byte of ``data``."""
    return signed(machine.load(work.data, at) & np.uint64(255))


@compiled
def first(word: Word, count: int) -> Word:
    """The first ``count`` bytes of a word, fewer than eight; zeros for the others."""
    return word & ((_ONE << (np.uint64(count) * _EIGHT)) - _ONE)


@compiled
def equal(word: Word, eight: Word) -> Word:
    """High bits in the bytes that equal: the first is right, behind it some may be too many."""
    other = word ^ eight
    return (other - _ONES) & ~other & _HIGHS


@compiled
def ends(word: Word) -> Word:
    """High bits as of `equal` in the bytes that end a plain text: quote, backslash, control character."""
    return equal(word, QUOTES) | equal(word, BACKSLASHES) | ((word - SPACES) & ~word & _HIGHS)


@compiled
def lowest(marks: Word) -> int:
    """The number of the lowest bit that is set."""
    return signed(_trailing_zeros(marks))


@compiled
def position(marks: Word) -> int:
    """The number of the first byte with its high bit set."""
    return lowest(marks) >> 3


@compiled
def find(work: Work, at: int, stop: int, eight: Word) -> int:
    """The first position of a byte, or ``stop``."""
    while at < stop:
        marks = equal(load(work, at), eight)
        if marks != np.uint64(0):
            return min(at + position(marks), stop)
        at += 8
    return stop


@compiled
def same(work: Work, at: int, other: int, length: int) -> bool:
    """Whether two parts of ``data`` are equal."""
    whole = length & ~7
    for step in range(0, whole, 8):
        if load(work, at + step) != load(work, other + step):
            return False
    return first(load(work, at + whole) ^ load(work, other + whole), length & 7) == np.uint64(0)


@compiled
def copy(work: Work, start: int, stop: int, to: int) -> int:
    """Copy a part of ``data``, with up to seven bytes behind it; the end of the copy."""
    for step in range(0, stop - start, 8):
        store(work, to + step, load(work, start + step))
    return to + stop - start


@compiled
def copy_32(work: Work, at: int, to: int) -> None:
    """Copy 32 bytes."""
    machine.store_32(work.data, to, at)
