"""Sound inputs made unsound, by bytes or by the structure of decoded JSON: functions of the random numbers given."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from random import Random
from typing import Any

WORDS: tuple[bytes, ...] = (
    *rb"""{ } [ ] " : , \ \u0000 \ud800 NaN -Infinity 1e999 -0 1E-400 true null "" {} [[[[""".split(),
    *b"<image> <graph> ../ file:// http://x/ .jpg .json stage1 stage2 (103.85,1.3) 180.01 18446744073709551616".split(),
    *b"messages images graphs place candidates nodes edges node_id content role user".split(),
    *(b"\0", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r\n", b"\n", b" ", b"9" * 400, b"[" * 2000),
)
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 1.5, 2**31, 2**63, 2**64, 10**400, -0.0, 1e308, 5e-324, float("nan"), float("inf")),
    *(
        "",
        " ",
        "\0",
        "a\nb",
        "<image>",
        "<graph><image>",
        "é" * 50,
        "a" * 5000,
        "\ud800",
        "../../etc/passwd",
        "/dev/zero",
    ),
    *(
        "http://x/a.jpg",
        "file:///etc/passwd",
        "~",
        ".",
        "images",
        "(103.85, 1.3)",
        "(1.3, 103.85)",
        "(nan, inf)",
        "1_0, 2",
    ),
    *(
        [],
        {},
        [[]],
        [None],
        [0, 0],
        [103.85, 1.3],
        [1.3, 103.85],
        ["", ""],
        [1e999, 0],
        {"lon": 1, "lat": 2},
        {"url": "a"},
    ),
    *([{"role": "user", "content": "<image>"}], [{"role": "assistant", "content": "x"}], {"type": "image"}),
)


def bytes_changed(data: bytes, random: Random, others: Sequence[bytes] = ()) -> bytes:
    """One to six changes of bytes; ``others`` lend pieces of themselves."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        start = random.randrange(len(changed) + 1)
        end = min(len(changed), start + random.choice((1, 1, 2, 4, 16, 64)))
        match random.randrange(8):
            case 0 if start < len(changed):
                changed[start] ^= 1 << random.randrange(8)
            case 1:
                changed[start:end] = random.randbytes(end - start)
            case 2:
                del changed[start:end]
            case 3:
                changed[start:start] = changed[start:end] * random.choice((1, 2, 50))
            case 4:
                del changed[start:]
            case 5 if others:
                other = random.choice(others)
                place = random.randrange(len(other) + 1)
                changed[start:end] = other[place : place + random.choice((4, 32, 256))]
            case _:
                changed[start:end] = random.choice(WORDS)
    return bytes(changed)


def json_changed(data: bytes, random: Random, others: Sequence[bytes] = ()) -> bytes:
    """One to four changes of a sound JSON document, written out again; sometimes with a key written twice."""
    value = json.loads(data)
    for _ in range(random.choice((1, 1, 2, 4))):
        value = _changed(value, random, others)
    text = json.dumps(value, ensure_ascii=random.random() < 0.5)
    if random.random() < 0.05:
        place = text.find("{", random.randrange(len(text)))
        text = (
            text
            if place < 0
            else f'{text[: place + 1]}"{random.choice(_keys(value) or ["a"])}": null, {text[place + 1 :]}'
        )
    return text.encode("utf-8", "surrogatepass")


def _changed(value: Any, random: Random, others: Sequence[bytes]) -> Any:
    """``value`` with something inside it replaced, taken out, renamed, doubled or wrapped."""
    places = list(_places(value))
    if not places:
        return copy.deepcopy(random.choice(ODD))
    owner, key = random.choice(places)
    match random.randrange(9):
        case 0:
            del owner[key]
        case 1 if isinstance(owner, dict):
            name = random.choice(_keys(value))
            owner[name] = owner.pop(key)
        case 2:
            other, place = random.choice(places)
            owner[key] = copy.deepcopy(other[place])
        case 3 if isinstance(owner[key], list):
            owner[key] = owner[key] * random.choice((2, 3, 40))
        case 4:
            owner[key] = [owner[key]]
        case 5 if isinstance(owner[key], str):
            owner[key] = bytes_changed(owner[key].encode("utf-8", "surrogatepass"), random).decode("utf-8", "replace")
        case 6 if others:
            lent = json.loads(random.choice(others))
            owner[key] = lent.get(key, lent) if isinstance(lent, dict) else lent
        case _:
            owner[key] = copy.deepcopy(random.choice(ODD))
    return value


def _places(value: Any) -> list[tuple[Any, Any]]:
    """(container, key) of everything inside a decoded document, in a fixed order."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        owner = waiting.pop()
        keys = owner.keys() if isinstance(owner, dict) else range(len(owner)) if isinstance(owner, list) else ()
        for key in keys:
            found.append((owner, key))
            waiting.append(owner[key])
    return found


def _keys(value: Any) -> list[str]:
    return [key for owner, key in _places(value) if isinstance(owner, dict)]
