"""Strings are read as Python reads them: UTF-8, escapes, and the number of characters."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import orjson
import pytest

from tests.records.helpers import stage1, user
from tests.records.two_speeds import compiled
from ugembed.records.roots import Roots

CHARACTERS = (
    "a",
    "\x7f",
    "\x80",
    "\u07ff",
    "\u0800",
    "\ud7ff",
    "\ue000",
    "\uffff",
    "\U00010000",
    "\U0010ffff",
    "é",
    "<",
)
BYTES = (0x20, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC)
BYTES += (0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF)
ESCAPES = (r"\u0041", r"\u00e9", r"\u8857", r"\ud83d\ude00", r"\n", r"\"", r"\\", r"\/", "some plain text", "é")
BAD = (r"\ud83d", r"\ude00", r"\ud83d\u0041", r"\u12g4", r"\x41", r"\u", "\t", r"\uD83D\uD83D", r"\u 041", r"\u+041")


@pytest.fixture
def roots(folder: Path) -> Roots:
    return Roots((folder,))


def characters(text: bytes, roots: Roots) -> int | None:
    """How many characters the compiled pass counts in an answer; None if it does not take it."""
    row = orjson.dumps(stage1(positive_messages=[user("TEXT")])).replace(b"TEXT", text)
    found = compiled("training", row, roots)
    return next(iter(found[3]["answer_characters"])) if found else None


@pytest.mark.parametrize("is_sound", [True, False])
def test_texts_are_taken_exactly_if_they_are_utf_8(is_sound: bool, roots: Roots) -> None:
    """Any characters, also with a byte changed, at every place of a word and of 32 bytes."""
    random, taken = Random(1), 0
    for number in range(2000):
        middle = bytearray("".join(random.choices(CHARACTERS, k=random.randrange(1, 9))).encode())
        if not is_sound:
            middle[random.randrange(len(middle))] = random.choice(BYTES)
        data = b"x" * (number % 67) + middle + b"y" * random.choice((0, 0, 1, 40))
        try:
            expected: int | None = len(data.decode().strip())
        except UnicodeDecodeError:
            expected = None
        taken += expected is not None
        assert characters(data, roots) == (expected or None), data
    assert taken == 2000 if is_sound else 300 < taken < 1700


def test_escapes_mean_what_they_mean_in_python(roots: Roots) -> None:
    random = Random(2)
    for number in range(2000):
        parts = random.choices(ESCAPES, k=random.randrange(1, 30))
        if number % 4 == 0:
            parts[random.randrange(len(parts))] = random.choice(BAD)
        data = "".join(parts).encode()
        try:
            text = json.loads(b'"' + data + b'"')
            expected: int | None = len(text.encode().decode().strip()) or None
        except (json.JSONDecodeError, UnicodeEncodeError):
            expected = None
        assert characters(data, roots) == expected, data
