"""Hashes of the compiled functions are Python's own, and SipHash."""

from __future__ import annotations

import struct
from random import Random

import numpy as np
import pytest

from tests.records.two_speeds import kernel
from ugembed.records.checking.facts import text_hash

MASK = (1 << 64) - 1


def siphash(key: tuple[int, int], data: bytes, *, rounds: int, last_rounds: int) -> int:
    """SipHash as its paper has it (Aumasson and Bernstein, 2012), step by step."""
    v = [
        key[0] ^ 0x736F6D6570736575,
        key[1] ^ 0x646F72616E646F6D,
        key[0] ^ 0x6C7967656E657261,
        key[1] ^ 0x7465646279746573,
    ]

    def turned(word: int, by: int) -> int:
        return (word << by | word >> (64 - by)) & MASK

    def half(a: int, b: int, c: int, d: int, s: int, t: int) -> None:
        v[a], v[c] = (v[a] + v[b]) & MASK, (v[c] + v[d]) & MASK
        v[b], v[d] = turned(v[b], s) ^ v[a], turned(v[d], t) ^ v[c]
        v[a] = turned(v[a], 32)

    def mix(times: int) -> None:
        for _ in range(times):
            half(0, 1, 2, 3, 13, 16)
            half(2, 1, 0, 3, 17, 21)

    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 255])
    for (word,) in struct.iter_unpack("<Q", padded):
        v[3] ^= word
        mix(rounds)
        v[0] ^= word
    v[2] ^= 0xFF
    mix(last_rounds)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def test_the_twin_gives_the_published_value_of_siphash_2_4() -> None:
    """Key 00 01 … 0f, message 00 01 … 0e: appendix A of the paper."""
    key = struct.unpack("<QQ", bytes(range(16)))
    assert siphash(key, bytes(range(15)), rounds=2, last_rounds=4) == 0xA129CA6149BE45E5


@pytest.mark.parametrize("length", [*range(1, 34), 100, 1000])
def test_hashes_are_those_of_python_and_of_the_twin(length: int) -> None:
    data = Random(length).randbytes(length)
    memory = kernel().new_memory("training")
    memory["data"][0, 3 : 3 + length] = np.frombuffer(data, np.uint8)
    found = kernel().hash_data(memory.ctypes.data, 3, 3 + length)
    assert found == hash(data)
    assert found & MASK == siphash(kernel().key, data, rounds=1, last_rounds=3)


@pytest.mark.parametrize("text", ["", "Oak St", "église", "街道", "😀"])
def test_the_hash_of_a_text_is_that_of_its_utf_8(text: str) -> None:
    assert text_hash(text) == hash(text.encode())
