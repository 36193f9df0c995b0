"""docs/osm.md says what the reader counts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ugembed.graphs.maps.osm.read import read_osm_with_counts


def counts_on(page: str) -> dict[str, list[int]]:
    """File to numbers, of the table of the maps at hand."""
    rows = re.findall(r"^\| `([^`]+\.osm[^`]*)` \| (.+) \|$", page, re.MULTILINE)
    return {name: [int(cell.replace(",", "")) for cell in cells.split(" | ")] for name, cells in rows}


def numbers_in(page: str, row: str) -> list[float]:
    """Numbers of the row of a table that begins with ``row``."""
    (cells,) = re.findall(rf"^\| {re.escape(row)} \| (.+) \|$", page, re.MULTILINE)
    return [float(cell.replace(",", "")) for cell in cells.split(" | ")]


@pytest.mark.real_data
def test_the_table_of_maps_is_true(root: Path, shared_data: Path) -> None:
    listed = counts_on((root / "docs" / "osm.md").read_text(encoding="utf-8"))
    assert len(listed) == 10
    for name, wanted in listed.items():
        city, left = read_osm_with_counts(shared_data / "osm" / name)
        kinds = [place.geometry.geom_type for place in city.places]
        shapes = [kinds.count(kind) for kind in ("Point", "MultiPolygon", "LineString")]
        out = [left.clipped_streets, left.clipped_areas, left.broken_areas, left.doubled_stops]
        assert [len(city.links), *shapes, *out] == wanted, name


def test_the_comparison_adds_up(root: Path) -> None:
    page = (root / "docs" / "osm.md").read_text(encoding="utf-8")
    left_out = ("lines that are streets", "other `highway` lines", "other lines: railways, platforms, borders")
    left_out += ("stops drawn again", "rings of street", "ours: places and districts")
    left_out += ("no tag of the table: construction sites, information boards, bare names",)
    parts = [numbers_in(page, row) for row in left_out]
    assert [sum(column) for column in zip(*parts, strict=True)] == numbers_in(page, "osmnx: features with a name")
    links, twos = numbers_in(page, "ours: links"), numbers_in(page, "ours: crossings of two streets")
    less = [link - two for link, two in zip(links, twos, strict=True)]
    assert less == numbers_in(page, "… less crossings of two streets") == numbers_in(page, "… of ours")
