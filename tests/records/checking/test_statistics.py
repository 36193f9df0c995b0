"""Spreads agree with numpy over all values; places are thinned evenly."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from ugembed.records.checking.columns import Gathered, Table
from ugembed.records.checking.facts import NOWHERE, Facts
from ugembed.records.checking.statistics import MOST_PLACES, Statistics, spread


def facts(line: int, **changes: object) -> Facts:
    values = dict.fromkeys(Facts._fields, 0) | {"lon": NOWHERE, "lat": NOWHERE, "label": "", "line": line}
    return Facts(**{**values, "more_images": (), "more_graphs": (), **changes})  # type: ignore[arg-type]


def table_of(*rows: Facts) -> Table:
    gathered, table = Gathered(), Table()
    for row in rows:
        gathered.add(row)
    table.add(gathered.columns(), 0)
    return table


@pytest.mark.parametrize("count", [1, 2, 3, 20, 21, 1000])
def test_spreads_agree_with_numpy(count: int) -> None:
    values = np.random.default_rng(count).integers(0, 50, count)
    found = spread(Counter(values.tolist()))
    assert found.count == count
    assert (found.least, found.most) == (values.min(), values.max())
    assert found.median == pytest.approx(np.percentile(values, 50))
    assert found.p95 == pytest.approx(np.percentile(values, 95))


def test_only_what_there_is_something_to_say_about_is_told() -> None:
    statistics = Statistics()
    statistics.add("training", table_of(facts(1, query_characters=5, images=1, answer_characters=-1)))
    assert list(statistics.spreads()) == ["query characters", "pictures a row"]
    statistics.add("benchmark", table_of(facts(1, candidates=20, answer_characters=7, graphs=2)))
    assert list(statistics.spreads()) == [
        "query characters",
        "answer characters",
        "pictures a row",
        "graphs a row",
        "candidates a row",
    ]
    assert statistics.spreads()["candidates a row"].count == 1


@pytest.mark.parametrize("count", [1, MOST_PLACES, MOST_PLACES + 1, 5 * MOST_PLACES + 3])
def test_places_are_every_so_many_th_over_all_files(count: int) -> None:
    rows = [facts(line, lon=line / 1000, lat=-line / 1000) for line in range(count)]
    statistics = Statistics()
    for part in (rows[: count // 3], [facts(0)], rows[count // 3 :]):
        statistics.add("embed", table_of(*part))
    steps = {round((b[0] - a[0]) * 1000) for a, b in zip(statistics.places, statistics.places[1:], strict=False)}
    assert len(steps) <= 1
    assert MOST_PLACES / 2 < len(statistics.places) <= MOST_PLACES or count < MOST_PLACES
    assert statistics.places[0] == (0, 0)
    assert statistics.place_count == count
    assert statistics.box == (0, -(count - 1) / 1000, (count - 1) / 1000, 0)
