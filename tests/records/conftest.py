"""Fixtures of the record tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.records.helpers import write_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two pictures and two graphs in it."""
    return write_files(tmp_path)
