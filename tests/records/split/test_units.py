"""What stays together, where it goes, and who gives way, against slow twins and invariants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ugembed.errors import DataError
from ugembed.geo.geodesy import distance_m, from_local_metres
from ugembed.records.item import Place
from ugembed.records.split.rows import Links, Rows, _Reader
from ugembed.records.split.sources import Entry
from ugembed.records.split.units import Units, assign, cell_links, cities_of, give_way, units_of

WISHED = [0.8, 0.1, 0.1]


def rows_of(*entries: Entry) -> Rows:
    reader = _Reader("")
    for entry in entries:
        reader.add(entry)
    return reader.rows((len(entries),))


def at(lon: float, lat: float, *images: str, group: str = "", city: str = "") -> Entry:
    return Entry("here", Place(lon, lat), images or (f"{lon} {lat}",), group=group, city=city)


def equal_units(count: int, size: int = 1, first: int = 0) -> Units:
    return Units(np.repeat(np.arange(count), size), np.arange(first, first + count) * 7919)


def shares(units: Units, part: np.ndarray) -> np.ndarray:
    return np.bincount(part, weights=units.sizes, minlength=3) / units.sizes.sum()


images = st.lists(st.sampled_from("abcdefgh"), max_size=2).map(tuple)


@given(st.lists(st.tuples(images, st.sampled_from(["", "", "g", "h"]), st.integers(0, 4)), min_size=1, max_size=14))
@settings(max_examples=150, deadline=None)
def test_units_are_what_chains_of_shared_names_join(spots: list[tuple[tuple[str, ...], str, int]]) -> None:
    """The twin merges sets until nothing changes."""
    entries = [
        Entry("here", Place(spot / 10, 0.0), names, group=group, content=b"%d" % i)
        for i, (names, group, spot) in enumerate(spots)
    ]
    rows = rows_of(*entries)
    for whole in ([], [cell_links(rows, 14)]):
        keys = [
            {*entry.images} | ({entry.group} - {""}) | ({spots[i][2]} if whole else set())
            for i, entry in enumerate(entries)
        ]
        groups = [{i} for i in range(len(entries))]
        while True:
            pair = next(
                (
                    (a, b)
                    for a in groups
                    for b in groups
                    if a is not b and set.union(*(keys[i] for i in a)) & set.union(*(keys[i] for i in b))
                ),
                None,
            )
            if pair is None:
                break
            groups = [group for group in groups if group not in pair] + [pair[0] | pair[1]]
        found = units_of(rows, whole).of_row
        assert {frozenset(np.flatnonzero(found == unit).tolist()) for unit in set(found.tolist())} == set(
            map(frozenset, groups)
        )


def test_a_group_that_lies_in_several_cells_joins_them() -> None:
    rows = rows_of(at(0, 0, "a", group="g"), at(1, 1, "b", group="g"), at(1, 1, "c"), at(5, 5, "d"))
    units = units_of(rows, [cell_links(rows, 14)])
    assert units.of_row.tolist() == [0, 0, 0, 1]


def test_the_name_of_a_unit_hangs_on_its_own_content_only() -> None:
    few = rows_of(at(0, 0, "a"), at(1, 1, "b"))
    more = rows_of(at(9, 9, "z"), at(1, 1, "b"), at(0, 0, "a"))
    assert units_of(few, []).name.tolist() == [units_of(more, []).name[units_of(more, []).of_row[i]] for i in (2, 1)]
    cells = units_of(few, [cell_links(few, 10)]).name
    with_a_new_picture = rows_of(at(0, 0, "a"), at(0.001, 0.001, "new"), at(1, 1, "b"))
    again = units_of(with_a_new_picture, [cell_links(with_a_new_picture, 10)])
    assert again.name.tolist() == cells.tolist()


def test_equal_units_meet_the_fractions_to_one_unit() -> None:
    for count in (3, 10, 37, 1000):
        for seed in range(5):
            units = equal_units(count)
            part = assign(units, WISHED, seed=seed)
            assert np.abs(np.bincount(part, minlength=3) - count * np.array(WISHED)).max() <= (2 if count == 3 else 1)


def test_seeds_give_different_parts_and_one_seed_always_the_same() -> None:
    units = equal_units(500)
    one, again, other = (assign(units, WISHED, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(one, again)
    assert 0.2 < (one != other).mean() < 0.5  # 1 - 0.8² - 2 · 0.1² = 0.34 of independent choices


def test_units_that_are_added_move_few_others() -> None:
    old, added = equal_units(2000), equal_units(100, first=2000)
    both = Units(np.arange(2100), np.concatenate([old.name, added.name]))
    before, after = assign(old, WISHED, seed=3), assign(both, WISHED, seed=3)[:2000]
    assert (before != after).mean() < 0.02


def test_the_order_of_units_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    sizes, names = rng.integers(1, 30, 200), rng.integers(0, 2**62, 200)
    shuffled = rng.permutation(200)
    part = assign(Units(np.repeat(np.arange(200), sizes), names), WISHED, seed=5)
    again = assign(Units(np.repeat(np.arange(200), sizes[shuffled]), names[shuffled]), WISHED, seed=5)
    assert np.array_equal(part[shuffled], again)


@given(st.lists(st.integers(1, 60), min_size=3, max_size=40), st.integers(0, 9))
@settings(max_examples=200, deadline=None)
def test_no_part_is_empty_and_large_units_do_not_starve_the_others(sizes: list[int], seed: int) -> None:
    units = Units(np.repeat(np.arange(len(sizes)), sizes), np.arange(len(sizes)) * 104729)
    part = assign(units, WISHED, seed=seed)
    assert set(part.tolist()) == {0, 1, 2}
    off = np.abs(shares(units, part) - WISHED)
    assert off.max() <= 1.5 * max(sizes) / sum(sizes)


def test_one_huge_unit_goes_to_the_largest_part() -> None:
    sizes = [500] + [1] * 500
    units = Units(np.repeat(np.arange(501), sizes), np.arange(501) * 31)
    for seed in range(20):
        part = assign(units, WISHED, seed=seed)
        assert part[0] == 0
        assert shares(units, part) == pytest.approx(WISHED, abs=0.01)


@pytest.mark.parametrize("buffer_m", [30.0, 120.0])
def test_rows_give_way_to_those_of_later_parts_only(buffer_m: float) -> None:
    """The twin looks at every pair, the last part first."""
    rng = np.random.default_rng(4)
    lon, lat = from_local_metres(*rng.uniform(-700, 700, (2, 300)), lon0=180.0, lat0=52.0)
    rows = rows_of(*(at(x, y) for x, y in zip(lon.tolist(), lat.tolist(), strict=True)))
    part = rng.choice(3, 300, p=WISHED)
    out = give_way(rows, part, parts=3, buffer_m=buffer_m)
    expected = np.zeros(300, bool)
    for own in (1, 0):
        for i in np.flatnonzero(part == own):
            near = distance_m(lon[i], lat[i], lon, lat) < buffer_m
            expected[i] = (near & (part > own) & ~expected).any()
    assert np.array_equal(out, expected)
    assert 0 < out.sum() < 250
    assert not out[part == 2].any()
    assert not give_way(rows, part, parts=3, buffer_m=0.0).any()


def test_cities_are_those_of_the_rows_or_clusters() -> None:
    named = rows_of(at(0, 0, city="Oslo"), at(0, 0.001, city="Bergen"), at(0, 0, city="Oslo"))
    city, names = cities_of(named)
    assert ([names[i] for i in city], names) == (["Oslo", "Bergen", "Oslo"], ("Oslo", "Bergen"))
    city, names = cities_of(rows_of(at(8.5, 47.3), at(-179.99, 10), at(8.6, 47.4), at(179.97, 10.02)))
    assert city.tolist() == [0, 1, 0, 1]
    assert names == ("8.5500,47.3500", "179.9900,10.0100")
    with pytest.raises(DataError, match="there: no city; 1 of 2 rows") as error:
        cities_of(rows_of(at(0, 0, city="Oslo"), at(0, 0.001)._replace(where="there")))
    assert error.value.code == "city-missing"


def test_links_know_the_names_of_some_rows() -> None:
    links = Links.of([0, 0, 1, 2], [5, 6, 5, 7])
    assert links.of_rows(np.array([True, True, False])).tolist() == [5, 6]
