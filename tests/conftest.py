"""Fixtures every test may use, and the rule that tests on real data run wherever they must."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("UGEMBED_SHARED_DATA", ROOT.parent / "shared" / "data"))
REAL_DATA_IS_REQUIRED = os.environ.get("UGEMBED_REQUIRE_REAL_DATA") == "1"
real_data_outcomes: Counter[str] = Counter()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on real data are skipped where that data is not; CI has it and fails when one is skipped (.ci/run)."""
    if SHARED.is_dir():
        return
    missing = pytest.mark.skip(reason=f"real_data: {SHARED} is not there (set UGEMBED_SHARED_DATA)")
    for item in items:
        if item.get_closest_marker("real_data"):
            item.add_marker(missing)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Count how the tests on real data ended; under xdist this runs where all reports arrive."""
    if "real_data" in report.keywords and (report.when == "call" or report.skipped):
        real_data_outcomes[report.outcome] += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With UGEMBED_REQUIRE_REAL_DATA=1 a run without its tests on real data has failed."""
    is_worker = hasattr(session.config, "workerinput")
    if REAL_DATA_IS_REQUIRED and not is_worker and session.exitstatus == 0 and _real_data_problem():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why a run without failures has failed."""
    if REAL_DATA_IS_REQUIRED and _real_data_problem():
        terminalreporter.write_line(f"real_data: {_real_data_problem()} (looked in {SHARED})", red=True)


def _real_data_problem() -> str:
    if real_data_outcomes["skipped"]:
        return f"{real_data_outcomes['skipped']} tests on real data were skipped"
    return "" if real_data_outcomes["passed"] else "no test on real data ran"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real maps and photographs."""
    return SHARED


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT
