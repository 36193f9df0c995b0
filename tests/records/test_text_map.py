"""The map in characters shows every place in its dot."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ugembed.geo.geodesy import distance_m
from ugembed.records.text_map import extent_m, text_map

BLANK = chr(0x2800)


def test_four_corners_stand_in_the_corners() -> None:
    lines = text_map([(0.0, 0.0), (0.01, 0.0), (0.0, 0.01), (0.01, 0.01)])
    assert len(lines) == 12  # as high as wide: 48 x 48 dots
    assert {len(line) for line in lines} == {24}
    assert (lines[0][0], lines[0][-1], lines[-1][0], lines[-1][-1]) == ("⠁", "⠈", "⡀", "⢀")
    assert sum(character != BLANK for line in lines for character in line) == 4


def test_north_is_up_and_east_is_right() -> None:
    lines = text_map([(103.80, 1.30), (103.81, 1.31), (103.805, 1.305)])
    dots = [(line, column) for line, text in enumerate(lines) for column, c in enumerate(text) if c != BLANK]
    assert [column for _, column in dots] == sorted((column for _, column in dots), reverse=True)
    assert len(dots) == 3


def test_one_place_is_one_dot_and_none_are_no_map() -> None:
    assert text_map([(2.35, 48.86)] * 5) == ["⠁"]
    assert text_map([]) == []


def test_neighbours_across_the_antimeridian_stay_neighbours() -> None:
    here = [(179.999, -17.0), (-179.999, -17.0), (180.0, -17.001)]
    there = [(20.999, -17.0), (21.001, -17.0), (21.0, -17.001)]
    assert text_map(here) == text_map(there)
    assert extent_m(here) == pytest.approx(extent_m(there), rel=1e-6)


def test_the_extent_is_in_metres() -> None:
    across, along = extent_m([(10.0, 59.9), (11.0, 60.1)])
    assert across == pytest.approx(distance_m(10.0, 60.0, 11.0, 60.0), rel=0.005)
    assert along == pytest.approx(distance_m(10.0, 59.9, 10.0, 60.1), rel=0.03)  # the parallel bends in the frame


PLACES = st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=30)


@given(PLACES, st.integers(1, 60), st.integers(1, 20))
def test_the_map_fits_and_shows_something_of_every_place(
    places: list[tuple[float, float]], columns: int, rows: int
) -> None:
    lines = text_map(places, columns=columns, rows=rows)
    assert 1 <= len(lines) <= rows
    assert len({len(line) for line in lines}) == 1
    assert 1 <= len(lines[0]) <= columns
    dots = sum((ord(character) - 0x2800).bit_count() for line in lines for character in line)
    assert 1 <= dots <= len(places)
