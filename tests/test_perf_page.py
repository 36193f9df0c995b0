"""Measurements find their place in docs/performance.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.perf import HELPERS, filled, measurements, unmarked

PAGE = "# Speed\n\n<!-- one -->\nold\n<!-- end of one -->\n\nProse.\n\n<!-- two -->\n<!-- end of two -->\n"


def test_only_what_stands_between_its_markers_is_replaced() -> None:
    page = filled(PAGE, "one", "| a \\\\1 |\n")
    assert page == PAGE.replace("\nold\n", "\n\n| a \\\\1 |\n\n")
    assert filled(page, "one", "| a \\\\1 |\n") == page


@pytest.mark.parametrize(("page", "missing"), [(PAGE, []), (PAGE.replace("end of two", "end"), ["two"])])
def test_a_measurement_without_one_place_is_named(page: str, missing: list[str]) -> None:
    assert unmarked(page, ["one", "two"]) == missing


def test_every_script_but_the_one_that_compares_is_run(root: Path) -> None:
    names = {path.name for path in measurements(root / "perf")}
    assert names == {path.name for path in (root / "perf").glob("*.py")} - {f"{name}.py" for name in HELPERS}
