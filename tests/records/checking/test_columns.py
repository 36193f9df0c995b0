"""Columns that grow, in pieces and shares, agree with numpy on all at once."""

from __future__ import annotations

import numpy as np
import pytest

from ugembed.records.checking import across, columns
from ugembed.records.checking.columns import Gathered, Table, distinct, merged, pieces, shares
from ugembed.records.checking.facts import NOWHERE, Facts


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "PIECE_ROWS", 100)


def gathered(lines: list[int], **changes: object) -> Gathered:
    found = Gathered()
    values = dict.fromkeys(Facts._fields, 0) | {"lon": NOWHERE, "lat": NOWHERE, "label": "x"}
    for line in lines:
        row = {**values, "line": line, "id": 10 * line, "more_images": (line,), "more_graphs": (), **changes}
        found.add(Facts(**row))  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 1234])
@pytest.mark.parametrize("kind", [np.int64, np.int32])
def test_shares_hold_every_row_once_and_equal_keys_together(count: int, kind: type) -> None:
    keys = np.random.default_rng(count).integers(0, 300, count).astype(kind)
    found = list(shares(keys))
    assert sorted(np.concatenate(found).tolist()) == list(range(count))
    seen: set[int] = set()
    for rows in found:
        assert (np.diff(rows) > 0).all()
        assert not seen & set(keys[rows].tolist())
        seen |= set(keys[rows].tolist())
    assert [row for piece in pieces(count) for row in range(count)[piece]] == list(range(count))
    assert distinct(keys).tolist() == sorted(set(keys.tolist()))


def test_repeats_are_those_of_a_dictionary() -> None:
    random = np.random.default_rng(1)
    keys, lines = random.integers(0, 500, 1000), random.permutation(1000)
    first: dict[int, int] = {}
    for line, key in sorted(zip(lines.tolist(), keys.tolist(), strict=True)):
        first.setdefault(key, line)
    expected = {
        (line, first[key])
        for line, key in zip(lines.tolist(), keys.tolist(), strict=True)
        if key and first[key] != line
    }
    later, earlier = across._repeats(keys, lines)
    assert set(zip(later.tolist(), earlier.tolist(), strict=True)) == expected
    assert len(later) == len(expected) > 300


def test_parts_of_a_range_become_one_by_line() -> None:
    one, two = gathered([1, 4, 5]).columns(), gathered([2, 3, 9], images=2).columns()
    both = merged([one, gathered([]).columns(), two])
    assert both.kept["line"].tolist() == [1, 2, 3, 4, 5, 9]
    assert both.kept["id"].tolist() == [10, 20, 30, 40, 50, 90]
    assert both.more_images.tolist() == [[line, line] for line in (1, 2, 3, 4, 5, 9)]
    assert both.counts["images"] == {0: 3, 2: 3}
    assert both.labels == {"x": 6}
    assert merged([one]) is one


def test_a_column_of_zeros_takes_numbers_later() -> None:
    table = Table()
    table.add(gathered([1, 2]).columns(), 0)
    assert table["group"].tolist() == [0, 0]
    table = Table()
    table.add(gathered([1, 2]).columns(), 0)
    table.add(gathered([1, 2], group=7).columns(), 10)
    table.add(gathered([1]).columns(), 20)
    assert table["group"].tolist() == [0, 0, 7, 7, 0]
    assert table["line"].tolist() == [1, 2, 11, 12, 21]
    assert table["more_images"].tolist() == [[1, 1], [2, 2], [11, 1], [12, 2], [21, 1]]
    lines, images = table.files("image")
    assert (lines.tolist(), images.tolist()) == ([1, 2, 11, 12, 21], [1, 2, 1, 2, 1])
