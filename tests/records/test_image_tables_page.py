"""docs/image_tables.md says what the program knows."""

from __future__ import annotations

import re
from pathlib import Path

from docs.codes import all_codes
from ugembed.records.tables import files as table_files
from ugembed.records.tables.columns import COLUMNS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "image_tables.md").read_text(encoding="utf-8")
MODULES = ("records/points.py", "records/photos.py", "records/tables/")
OF_EVERY_FILE = {"file-missing"}


def test_the_table_of_columns_is_the_programs() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (`[^|]+`) \|$", PAGE, re.MULTILINE))
    assert {key: tuple(re.findall(r"`([^`]+)`", names)) for key, names in rows.items()} == COLUMNS


def test_every_code_is_on_the_page() -> None:
    listed = set(re.findall(r"`((?:points?|photo|columns|coordinates|heading|exif|image)-[a-z-]+)`", PAGE))
    codes = {each.code for each in all_codes()}
    ours = {each.code for each in all_codes() if each.module.removeprefix("ugembed/").startswith(MODULES)}
    assert len(ours) > 10
    assert ours - OF_EVERY_FILE - listed == set()
    assert listed - codes == set()


def test_the_endings_and_limits_are_the_programs() -> None:
    of_files = PAGE.partition("## Files")[2].partition("## Columns")[0]
    endings = set(re.findall(r"`(\.\w+)`", of_files))
    assert endings == table_files._JSON | table_files._PARQUET
    assert f"{table_files.MAX_BYTES // 2**30} GiB" in of_files
    assert f"{table_files.MAX_ROWS // 10**6} million rows" in of_files
