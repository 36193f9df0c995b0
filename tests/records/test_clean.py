"""The fast pass takes nothing that the slow one refuses, and tells the same facts of what it takes."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from tests.records.helpers import TEXT, case, stage1, stage2, user
from tests.records.two_speeds import verdicts
from ugembed.records.checking.columns import Gathered
from ugembed.records.checking.explain import RowKind, explain
from ugembed.records.checking.named_files import NamedFiles
from ugembed.records.roots import Roots
from ugembed.records.uge.clean import CleanRows

PLACE = {"lon": 103.85, "lat": 1.3}
COMMON: dict[RowKind, list[dict[str, Any]]] = {
    "training": [
        stage1(id="a", group="g", place=PLACE),
        stage1(place={**PLACE, "heading_deg": 90}, pair_type=None),
        stage1(place={**PLACE, "heading_deg": None}, image_coords=None, summarization="x"),
        stage1(image_coordinates="(103.85, 1.3)"),
        stage1(coordinates=[103.85, -1], image_coords=[1, 2]),
        stage1(images="a.jpg", graphs=None, label=-0.5, mapillary_node="402"),
        stage2(),
        stage2(messages=user("<graph><image>") + user("More?"), negative_messages=[TEXT, user("no")]),
        stage2(messages=user("<graph>"), images=[], pair_type="stage2_graph_only"),
        stage2(positive_messages=[TEXT, TEXT, user("é “quoted”\n")], graphs="a.json"),
        stage2(messages=user("<graph><image> a bakery on the left?"), id=None),
        stage1(messages=user("<image><image>"), images=["a.jpg", "b.jpg"]),
        stage1(messages=user("What is a <img>?"), images=[], positive_messages=[user('a "tag": one')]),
    ],
    "benchmark": [
        case(id="q", place=PLACE, ground_truth_idx=1),
        case(graphs="b.json", messages=user("<graph><image>pine rd or Pine Rd?"), question_type="x", query_type=None),
        case(
            candidates=["12 Long Pine Road", "Oak"],
            ground_truth="12 Long Pine Road",
            messages=user("12 Long Pine Road?"),
            images=[],
        ),
    ],
    "embed": [
        {"text": "a house", "id": "h"},
        {"text": "", "images": ["a.jpg", "b.jpg"], "graphs": "a.json"},
        {"text": "left <image> right", "images": "a.jpg", "place": PLACE},
        {"messages": user("<image>"), "images": ["b.jpg"], "coordinates": "(1, 2)"},
        {"images": "./a.jpg"},
    ],
}
"""Rows that the fast pass takes."""


def as_line(row: Any) -> bytes:
    return json.dumps(row).encode()


def both(kind: RowKind, data: bytes, folder: Path) -> tuple[Any, Any]:
    return verdicts(kind, data, Roots((folder,)))


@pytest.mark.parametrize(("kind", "row"), [(kind, row) for kind, rows in COMMON.items() for row in rows])
@pytest.mark.parametrize("write", [as_line, orjson.dumps, lambda row: orjson.dumps(row) + b"  \r\n"])
def test_common_rows_are_taken_with_the_same_facts(
    kind: RowKind, row: dict[str, Any], write: Any, folder: Path
) -> None:
    fast, slow = both(kind, write(row), folder)
    assert not isinstance(slow, str)
    assert fast == slow


def test_rows_of_one_block_are_numbered_and_told_as_one_by_one(folder: Path) -> None:
    """Also those that are read column by column."""
    for rows in (
        [stage2(id=str(number), positive_messages=[user(f"text {number}")], place=PLACE) for number in range(50)],
        [stage1(id=str(number), images=["ab"[number % 2] + ".jpg"]) for number in range(50)],
        [stage1(id=str(number), positive_messages=[TEXT] * (1 + number % 2)) for number in range(50)],
    ):
        lines = [orjson.dumps(row) for row in rows]
        files = NamedFiles(Roots((folder,)))
        clean, slow = CleanRows("training", files), Gathered()
        for number, line in enumerate(lines, 7):
            told = explain("training", Path("rows.jsonl"), number, line, NamedFiles(Roots((folder,))))
            assert told.facts is not None
            slow.add(told.facts)
            clean.learn(told.fields)
        fast = Gathered()
        assert clean.read(b"\n".join(lines), 7, fast) == 50
        assert {name: values.tobytes() for name, values in fast.values.items()} == {
            name: values.tobytes() for name, values in slow.values.items()
        }
        assert (fast.counts, fast.labels, fast.more) == (slow.counts, slow.labels, slow.more)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b'{"text": "a"', b'"id": "b"}'),
        (b'{"text": "a"},{"text": "b"}', b'{"text": "c"}'),
        (b'{"text": "a"}{"text": "b"}', b'{"text":\n"c"}'),
        (b'{"text": "a"} ', b'\x0b{"text": "b"}'),
    ],
)
def test_lines_that_are_objects_only_together_are_not_taken(first: bytes, second: bytes, tmp_path: Path) -> None:
    clean = CleanRows("embed", NamedFiles(Roots((tmp_path,))))
    clean.learn(frozenset({"text"}))
    clean.learn(frozenset({"text", "id"}))
    assert clean.read(b'{"text": "a"}\n{"text": "b"}\n', 1, Gathered()) == 2
    assert clean.read(first + b"\n" + second + b"\n", 1, Gathered()) == 0


@pytest.mark.parametrize("place", ["top", "turn", "place"])
@pytest.mark.parametrize("spare", [b'"', b'\\"', b'"\\"', b"\\\\"])
def test_a_key_written_twice_is_never_taken_whatever_quotes_the_texts_hold(
    place: str, spare: bytes, folder: Path
) -> None:
    """Each row has a text with quotes or backslashes that could make up for the quotes of the second key."""
    row = orjson.dumps(stage1(place=PLACE, positive_messages=[user("SPARE")]))
    row = row.replace(b"SPARE", spare.replace(b'"', b'\\"') if spare == b'"' else b"x" + spare * 4 + b"x")
    old, new = {
        "top": (b'"label":1', b'"label":1,"label":1'),
        "turn": (b'{"role":"user","content":"<image>', b'{"role":"user","role":"user","content":"<image>'),
        "place": (b'"lon":103.85', b'"lon":1,"lon":103.85'),
    }[place]
    assert old in row
    fast, slow = both("training", row.replace(old, new, 1), folder)
    assert fast is None
    assert slow in ("json-duplicate-key", "json-broken")


def mutated(row: dict[str, Any], random: Random) -> bytes:
    """A row with one or two faults, or none: in its bytes, or in its fields."""
    text = as_line(row)
    for _ in range(random.randrange(3)):
        at = random.randrange(len(text))
        choice = random.randrange(8)
        if choice == 0:
            text = text[:at] + bytes([random.randrange(256)]) + text[at + 1 :]
        elif choice == 1:
            text = text[:at] + text[at + random.randrange(1, 9) :]
        elif choice == 2:
            text = text[:at] + random.choice([b'"', b"\\", b"{", b"<image>", b"null", b"\0", b"\xff", b" "]) + text[at:]
        elif choice == 3:
            text = text.replace(b"<image>", b"", 1)
        elif choice == 4:
            key = random.choice(list(row)).encode()
            text = text.replace(b"{", b'{"' + key + b'": null, ', 1)
        else:
            changed = dict(row)
            key = random.choice(list(row))
            if choice == 5:
                del changed[key]
            else:
                changed[key] = random.choice(
                    [None, 0, 1.5, True, "", "x", [], ["x"], {}, [[]], [{}], "a.jpg", row[key]]
                )
            text = as_line(changed)
    return text


@pytest.mark.parametrize("kind", COMMON)
def test_both_passes_agree_on_mutated_lines(kind: RowKind, folder: Path) -> None:
    """4 000 lines a kind, all from one seed."""
    random = Random(f"lines of {kind}")
    seen: Counter[str] = Counter()
    for _ in range(4000):
        line = mutated(random.choice(COMMON[kind]), random).replace(b"\n", b" ")
        if not line.strip():
            continue
        fast, slow = both(kind, line, folder)
        assert fast is None or fast == slow, line
        seen["refused" if isinstance(slow, str) else "not sure" if fast is None else "taken"] += 1
    assert seen["taken"] > 600
    assert seen["refused"] > 600
