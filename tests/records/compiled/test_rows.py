"""The compiled pass takes nothing that the slow one refuses, and tells the same of what it takes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from tests.records.compiled.random_cases import ENDINGS, WRITERS
from tests.records.compiled.random_rows import FILES
from tests.records.helpers import TEXT, case, retrieval, stage1, stage2, user
from tests.records.test_clean import COMMON
from tests.records.two_speeds import compiled, kernel, verdicts
from ugembed.records.checking import explain, swift
from ugembed.records.checking import scan as scanning
from ugembed.records.checking.explain import RowKind
from ugembed.records.checking.facts import GOLD_LEAK
from ugembed.records.checking.scan import Range, RowFile, Scanned, forget, scan
from ugembed.records.roots import Roots
from ugembed.records.uge.compiled import literals, memory


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).touch()
    (tmp_path / "linked.jpg").symlink_to(tmp_path / FILES[0])
    return tmp_path


def test_every_field_is_known() -> None:
    rare = {"training": literals.RARE_FIELDS}
    assert {kind: {*names, *rare.get(kind, ())} for kind, names in literals.FIELDS_OF.items()} == explain.FIELDS


@pytest.mark.parametrize(("kind", "row"), [(kind, row) for kind, rows in COMMON.items() for row in rows])
@pytest.mark.parametrize(
    "write", [lambda row: json.dumps(row).encode(), orjson.dumps, lambda row: orjson.dumps(row) + b"\r\n"]
)
def test_common_rows_are_taken(kind: RowKind, row: dict[str, Any], write: Callable[[Any], bytes], folder: Path) -> None:
    _, slow = verdicts(kind, write(row), Roots((folder,)))
    assert compiled(kind, write(row), Roots((folder,))) == slow


@pytest.mark.parametrize("lists", list(product(*[(False, True)] * 3)))
def test_pictures_to_choose_from_are_taken(lists: tuple[bool, bool, bool], folder: Path) -> None:
    """As names of candidates, beside them, or without them; with and without graphs; before or after the query's."""
    has_names, has_graphs, is_first = lists
    names = list(FILES[:3])
    row = retrieval(
        candidates=names if has_names else None,
        candidate_images=None if has_names and not has_graphs else [names[0], [names[1]], names[2]],
        candidate_graphs=["b.json", None, ["a.json"]] if has_graphs else None,
        messages=user("<graph><image><image>Find it."),
        images=["b.jpg", "./b.jpg"],
        graphs="a.json",
        ground_truth_idx=1,
        question_type="path",
        image_coords=[103.8, 1.3],
    )
    if not has_names:
        row["candidate_images"] = names
    data = orjson.dumps(dict(reversed(row.items())) if is_first else row)
    _, slow = verdicts("benchmark", data, Roots((folder,)))
    assert not isinstance(slow, str)
    assert slow[0]["flags"] == [GOLD_LEAK]
    assert compiled("benchmark", data, Roots((folder,))) == slow


@pytest.mark.parametrize("ending", [*ENDINGS, "a.jpg", ".gif/", "A.PNG"])
def test_names_that_look_like_files_are_never_taken_for_texts(ending: str, folder: Path) -> None:
    for names in ([ending, "other"], ["x" + ending, "other"], ["a" + ending, "b" + ending], ["a/" + ending, ". "]):
        data = orjson.dumps(case(candidates=names, ground_truth=names[0]))
        fast, slow = verdicts("benchmark", data, Roots((folder,)))
        assert fast is None or fast == slow


def test_two_names_of_one_picture_are_left_to_the_slow_pass(folder: Path) -> None:
    for names in (["a.jpg", "./a.jpg"], ["a.jpg", "a.jpg"]):
        data = orjson.dumps(retrieval(candidates=["one", "two"], ground_truth="one", candidate_images=names))
        assert verdicts("benchmark", data, Roots((folder,))) == (None, "candidate-duplicate")


@pytest.mark.parametrize("count", [100, memory.MOST_TEXTS, memory.MOST_TEXTS + 1])
def test_many_candidates_are_taken_and_too_many_left(count: int, folder: Path) -> None:
    names = [f"{number} Long Pine Road" for number in range(count)]
    data = orjson.dumps(case(candidates=names, ground_truth=names[-1]))
    _, slow = verdicts("benchmark", data, Roots((folder,)))
    assert compiled("benchmark", data, Roots((folder,))) == (slow if count <= memory.MOST_TEXTS else None)


@pytest.mark.parametrize(
    "row",
    [
        stage2(
            positive_messages=[user("Une boulangerie à gauche, l’église en face")], place={"lon": 2.35, "lat": 48.85}
        ),
        stage1(positive_messages=[user("左边有一家面包店。")], images=["é.jpg"], group="巴黎"),
        stage1(positive_messages=[user('a\nb\t"c" \\ /'), TEXT], negative_messages=[TEXT, TEXT], id=7),
        stage1(city="x", population=2_000_000, is_old=True, mayor=None),
        stage1(messages=user("<image>one") + user("two") + user("three"), images=["a.jpg"]),
        stage2(messages=user("<graph><image>" * 2), images=["a.jpg", "b.jpg"], graphs=["a.json", "./a.json"]),
    ],
)
def test_rows_with_escapes_several_texts_and_fields_that_are_not_used_are_taken(
    row: dict[str, Any], folder: Path
) -> None:
    for data in (orjson.dumps(row), json.dumps(row).encode(), json.dumps(dict(reversed(row.items()))).encode()):
        _, slow = verdicts("training", data, Roots((folder,)))
        assert not isinstance(slow, str)
        assert compiled("training", data, Roots((folder,))) == slow


@pytest.mark.parametrize("kind", WRITERS)
def test_random_rows_are_told_alike(kind: RowKind, folder: Path) -> None:
    seen: Counter[str] = Counter()
    for number in range(2500):
        random = Random(f"row {number}")
        line = WRITERS[kind](random, is_wild=random.random() < 0.3).line()
        fast, slow = verdicts(kind, line, Roots((folder,)))
        assert fast is None or fast == slow, line
        if isinstance(slow, str):
            seen["refused"] += 1
        else:
            seen["taken" if compiled(kind, line, Roots((folder,))) else "not sure"] += 1
    assert seen["taken"] > 500
    assert seen["refused"] > 500
    assert seen["taken"] > seen["not sure"], seen


def found_in(path: Path, roots: Roots, run: str, kind: RowKind = "training") -> dict[str, Any]:
    """Everything that is told of a file."""
    forget()
    told: Scanned = scan(Range(RowFile(path, kind, roots, run), 0, path.stat().st_size, 50))
    kept = {name: values.tolist() for name, values in told.columns.kept.items()}
    more = told.columns.more_images.tolist(), told.columns.more_graphs.tolist()
    counted = told.columns.counts, told.columns.labels, told.fields
    numbers = told.lines, told.rows, told.errors, told.problems, told.named, told.other_ids
    return {"kept": kept, "more": more, "counted": counted, "numbers": numbers}


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("block", [700, 3000, 1 << 20])
def test_files_are_told_alike_whatever_is_read_at_once(
    block: int, kind: RowKind, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel()
    monkeypatch.setattr(swift, "BLOCK_BYTES", block)
    path, roots, rows = folder / "rows.jsonl", Roots((folder,)), 0
    for number in range(30):
        random = Random(f"file {number}")
        writer = WRITERS[kind](random, is_wild=random.random() < 0.3)
        lines = [writer.line() for _ in range(random.randrange(1, 30))]
        lines += random.choices([b"", b" ", b"\r", b"\x0b", b"{}", b"[]", b"\xef\xbb\xbf{}", *lines[:5]], k=10)
        random.shuffle(lines)
        path.write_bytes(b"\n".join(lines) + random.choice((b"", b"\n", b"\n\n")))
        monkeypatch.setattr(scanning, "COMPILED_BYTES", 1 << 60)
        expected = found_in(path, roots, "slow", kind)
        monkeypatch.setattr(scanning, "COMPILED_BYTES", 0)
        assert found_in(path, roots, "swift", kind) == expected
        rows += len(expected["kept"]["line"])
    assert rows > 120


def test_places_are_rounded_as_python_rounds_them(folder: Path) -> None:
    random = Random(1)
    numbers = [f"{random.uniform(-90, 90):.{digits}f}" for digits in range(1, 18) for _ in range(40)]
    numbers += [repr(random.uniform(-90, 90)) for _ in range(300)]
    numbers += [
        f"{random.randrange(-90, 90)}.{random.randrange(10**6):06d}5{'0' * random.randrange(9)}" for _ in range(300)
    ]
    taken = 0
    for lon, lat in zip(numbers, reversed(numbers), strict=True):
        data = orjson.dumps(stage1(place="PLACE")).replace(b'"PLACE"', f'{{"lon":{lon},"lat":{lat}}}'.encode())
        found = compiled("training", data, Roots((folder,)))
        expected = [[round(float(lon) * 1e6)], [round(float(lat) * 1e6)]]
        assert found is None or [found[0][name] for name in ("lon", "lat")] == expected
        taken += found is not None
    assert taken > len(numbers) * 0.8


def test_a_block_has_room_for_the_shortest_rows(folder: Path) -> None:
    row = orjson.dumps({"messages": user("a"), "positive_messages": [user("b")]}) + b"\n"
    count = memory.BLOCK_BYTES // len(row)
    found = compiled("training", row * count, Roots((folder,)))
    assert found is not None
    assert found[0]["line"] == list(range(1, count + 1))


def test_a_line_longer_than_a_block_ends_the_sweep(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row, long = orjson.dumps(stage1()), orjson.dumps(stage1(positive_messages=[user("x" * memory.BLOCK_BYTES)]))
    data = b"\n".join([row, row, long, row])
    rows = swift.SwiftRows(kernel(), "training", swift.NamedFiles(Roots((folder,))))
    swept = rows.sweep(BytesIO(data), 0, len(data), lambda _, line: None)
    assert (swept.stop, swept.lines) == (2 * len(row) + 2, 2)
    path = folder / "rows.jsonl"
    path.write_bytes(data)
    monkeypatch.setattr(scanning, "COMPILED_BYTES", 0)
    forget()
    file = RowFile(path, "training", Roots((folder,)), "long")
    assert scan(Range(file, 0, len(data), 50)).columns.kept["line"].tolist() == [1, 2, 3, 4]


def test_names_are_forgotten_when_there_are_too_many(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swift, "is_half_full", lambda _: True)
    path, roots = folder / "rows.jsonl", Roots((folder,))
    path.write_bytes(
        b"\n".join(orjson.dumps(stage1(pair_type=f"kind {number}", id=str(number))) for number in range(9))
    )
    monkeypatch.setattr(scanning, "COMPILED_BYTES", 0)
    expected = found_in(path, roots, "one")
    half = path.read_bytes().find(b"\n", 600) + 1
    file = RowFile(path, "training", roots, "two")
    forget()
    first, second = (scan(Range(file, *part, 50)) for part in ((0, half), (half, path.stat().st_size)))
    assert first.columns.labels + second.columns.labels == expected["counted"][1]
    assert [named.name for named in (*first.named, *second.named)] == ["a.jpg"]


def test_a_full_table_of_names_leaves_rows_to_the_slower_ways(folder: Path) -> None:
    """More labels than there is room for, in one block."""
    roots, row = Roots((folder,)), orjson.dumps(stage1(pair_type="LABEL"))
    count = 2000
    long = "x" * (memory.POOL_BYTES // count)
    data = b"".join(row.replace(b"LABEL", f"{long} {number}".encode()) + b"\n" for number in range(3))
    assert compiled("training", data, roots) is not None
    left: list[int] = []
    rows = swift.SwiftRows(kernel(), "training", swift.NamedFiles(roots))
    path = folder / "rows.jsonl"
    path.write_bytes(b"".join(row.replace(b"LABEL", f"{long} {number}".encode()) + b"\n" for number in range(count)))
    with path.open("rb", buffering=0) as file:
        swept = rows.sweep(file, 0, path.stat().st_size, lambda _, line: left.append(line))
    taken = sum(len(columns.kept["line"]) for columns in swept.columns)
    assert 0 < taken < count
    assert left == [taken + 1]
