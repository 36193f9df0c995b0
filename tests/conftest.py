"""Fixtures every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("UGEMBED_SHARED_DATA", ROOT.parent / "shared" / "data"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on real data are skipped where that data is not; CI has it and fails when one is skipped (.ci/run)."""
    if SHARED.is_dir():
        return
    missing = pytest.mark.skip(reason=f"real_data: {SHARED} is not there (set UGEMBED_SHARED_DATA)")
    for item in items:
        if item.get_closest_marker("real_data"):
            item.add_marker(missing)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real maps and photographs."""
    return SHARED
