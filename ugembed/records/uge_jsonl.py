"""The reference's JSON lines in and out: the door of `ugembed.records.uge`, the only folder that knows that format.

Every refusal is a `DataError` whose message starts with ``file:line: field: ``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ugembed.records.case import RankingCase
from ugembed.records.item import Item
from ugembed.records.pair import Pair
from ugembed.records.roots import Roots
from ugembed.records.uge.cases import parse_case
from ugembed.records.uge.items import parse_item
from ugembed.records.uge.pairs import parse_pair
from ugembed.records.uge.row import read_rows
from ugembed.records.uge.writing import case_row, pair_row

__all__ = ["case_row", "pair_row", "read_cases", "read_items", "read_pairs"]


def read_pairs(path: Path, roots: Roots | None = None) -> Iterator[Pair]:
    """The training rows of a file, one at a time; stops at the first bad one (`validate_rows` finds them all)."""
    return map(parse_pair, read_rows(path, roots))


def read_cases(path: Path, roots: Roots | None = None) -> Iterator[RankingCase]:
    """The benchmark cases of a file, one at a time; stops at the first bad one."""
    return map(parse_case, read_rows(path, roots))


def read_items(path: Path, roots: Roots | None = None) -> Iterator[Item]:
    """The items of a file to embed, one at a time; stops at the first bad one."""
    return map(parse_item, read_rows(path, roots))
