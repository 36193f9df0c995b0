"""SipHash-1-3 (Aumasson and Bernstein, 2012), with Python's key and in its way: equal to ``hash(bytes)``."""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

from typing import TypeAlias

import numpy as np

from ugembed.records.uge.compiled.machine import Word, compiled
from ugembed.records.uge.compiled.memory import Work
from ugembed.records.uge.compiled.words import first, load, signed

State: TypeAlias = tuple[Word, Word, Word, Word]


@compiled
def _rotated(word: Word, by: int) -> Word:
    return (word << np.uint64(by)) | (word >> np.uint64(64 - by))


@compiled
def _round(v0: Word, v1: Word, v2: Word, v3: Word) -> State:
    v0 += v1
    v2 += v3
    v1 = _rotated(v1, 13) ^ v0
    v3 = _rotated(v3, 16) ^ v2
    v0 = _rotated(v0, 32)
    v2 += v1
    v0 += v3
    v1 = _rotated(v1, 17) ^ v2
    v3 = _rotated(v3, 21) ^ v0
    return v0, v1, _rotated(v2, 32), v3


@compiled
def begun(work: Work) -> State:
    """The state of a hash of nothing so far."""
    k0, k1 = work.key[0], work.key[1]
    v0, v1 = k0 ^ np.uint64(0x736F6D6570736575), k1 ^ np.uint64(0x646F72616E646F6D)
    return v0, v1, k0 ^ np.uint64(0x6C7967656E657261), k1 ^ np.uint64(0x7465646279746573)


@compiled
def absorbed(state: State, word: Word) -> State:
    """The state after eight more bytes."""
    v0, v1, v2, v3 = _round(state[0], state[1], state[2], state[3] ^ word)
    return v0 ^ word, v1, v2, v3


@compiled
def finished(state: State, rest: Word, length: int) -> int:
    """The hash, after the last bytes, fewer than eight; ``length`` is that of all."""
    if length == 0:
        return signed(0)
    v0, v1, v2, v3 = absorbed(state, rest | (np.uint64(length) << np.uint64(56)))
    v0, v1, v2, v3 = _round(v0, v1, v2 ^ np.uint64(255), v3)
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    found = signed(v0 ^ v1 ^ v2 ^ v3)
    return signed(-2) if found == -1 else found


@compiled
def hashed(work: Work, start: int, stop: int) -> int:
    """The hash of a part of ``data``."""
    state = begun(work)
    at = start
    while at + 8 <= stop:
        state = absorbed(state, load(work, at))
        at += 8
    return finished(state, first(load(work, at), stop - at), stop - start)
