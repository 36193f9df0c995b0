"""One self-contained HTML page about checked data: the verdict, the problems by code, numbers, and a map.

The page loads nothing: its styles and its one picture are inside, and its content security policy forbids the rest.
All text is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ugembed.pages import data_uri, write_html
from ugembed.records.overview import balance, box, by_code, facts, number, verdict
from ugembed.records.places_map import places_picture
from ugembed.records.report import Report

_EXAMPLES = 8
_MAP_PX = (1040, 620)


@dataclass(frozen=True, slots=True)
class Bar:
    """A spread as a bar: texts to print, and positions in per cent of the largest number."""

    label: str
    count: str
    numbers: tuple[str, ...]
    least: float
    median: float
    p95: float


def write_page(out: Path, report: Report, *, small_print: Mapping[str, str]) -> None:
    """Write the page as the file ``out``.

    Args:
        out: The HTML file.
        report: What was found.
        small_print: Name to value, e.g. which paths were checked and how.
    """
    write_html(
        out,
        __name__,
        report=report,
        verdict=verdict(report),
        groups=by_code(report.problems, examples=_EXAMPLES),
        facts=facts(report),
        bars=spread_bars(report),
        balances={"pair_type": balance(report.pair_types), "query_type": balance(report.query_types)},
        box=box(report),
        map=_map(report) if report.places else "",
        small_print=dict(small_print),
    )


def spread_bars(report: Report) -> list[Bar]:
    """A bar for every spread, from 0 to the largest number."""
    bars = []
    for label, spread in report.spreads.items():
        numbers = (spread.least, spread.median, spread.p95, spread.most)
        parts = [100 * value / spread.most if spread.most > 0 else 0.0 for value in numbers[:3]]
        bars.append(Bar(label, number(spread.count), tuple(map(number, numbers)), *parts))
    return bars


def _map(report: Report) -> str:
    width, height = _MAP_PX
    return data_uri(places_picture({"rows": report.places}, width=width, height=height), format="PNG")
