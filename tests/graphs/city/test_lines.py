"""Lines near points, checked against a slow obvious twin."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from ugembed.geo.geodesy import Floats, distance_m, local_metres
from ugembed.graphs.city.lines import Lines

RNG = np.random.default_rng(7)


def random_lines(count: int, lon0: float, lat0: float) -> list[Floats]:
    """Wiggly lines of 2 to 6 vertices within about a kilometre of a place."""
    return [
        np.array([lon0, lat0]) + RNG.uniform(-0.01, 0.01, 2) + RNG.uniform(-0.002, 0.002, (RNG.integers(2, 7), 2))
        for _ in range(count)
    ]


def slow_distance_m(line: Floats, lon: float, lat: float) -> float:
    """The least distance to a thousand points on every piece of the line."""
    steps = np.linspace(0, 1, 1001)[:, None]
    dense = np.concatenate([a + steps * (b - a) for a, b in pairwise(line)])
    return float(np.hypot(*local_metres(dense[:, 0], dense[:, 1], lon0=lon, lat0=lat)).min())


@pytest.mark.parametrize(
    ("lon0", "lat0"), [(9.17, 48.77), (103.85, 1.3), (179.9995, -17.0), (-179.9995, 65.0), (20, -85)]
)
def test_near_finds_what_a_dense_walk_along_every_line_finds(lon0: float, lat0: float) -> None:
    shapes = random_lines(60, lon0, lat0)
    lines = Lines.of([np.column_stack([(line[:, 0] + 180) % 360 - 180, line[:, 1]]) for line in shapes])
    lon, lat = lon0 + RNG.uniform(-0.01, 0.01, 12), lat0 + RNG.uniform(-0.01, 0.01, 12)
    found = lines.near((lon + 180) % 360 - 180, lat, 300.0)
    seen = {(p, n): d for p, n, d in zip(found.point.tolist(), found.line.tolist(), found.distance_m, strict=True)}
    wanted = {(p, n): slow_distance_m(shapes[n], lon[p], lat[p]) for p in range(12) for n in range(60)}
    assert len(seen) > 20
    for pair, metres in wanted.items():
        assert (pair in seen) == (metres <= 300.0) or abs(metres - 300.0) < 0.05
        if pair in seen:
            assert seen[pair] == pytest.approx(metres, abs=0.05)


def test_the_nearest_point_is_on_the_line_and_as_far_as_said() -> None:
    lines = Lines.of(random_lines(40, 9.17, 48.77))
    lon, lat = 9.17 + RNG.uniform(-0.01, 0.01, 30), 48.77 + RNG.uniform(-0.01, 0.01, 30)
    found = lines.nearest(lon, lat, 2000.0)
    assert found.point.tolist() == list(range(30))
    away = distance_m(lon[found.point], lat[found.point], found.lon, found.lat)
    np.testing.assert_allclose(away, found.distance_m, atol=0.003)
    again = lines.nearest(found.lon, found.lat, 1.0)
    assert again.distance_m.max() < 0.003


def test_the_place_on_a_line_is_as_far_from_its_start_as_said() -> None:
    shapes = random_lines(20, 9.17, 48.77)
    lines = Lines.of(shapes)
    lon, lat = 9.17 + RNG.uniform(-0.01, 0.01, 30), 48.77 + RNG.uniform(-0.01, 0.01, 30)
    found = lines.near(lon, lat, 1000.0)
    assert len(found) > 50
    for row in range(len(found)):
        line = shapes[found.line[row]]
        steps = np.concatenate([[0.0], np.cumsum(distance_m(*line[:-1].T, *line[1:].T))])
        to_place = [
            start + float(distance_m(*vertex, found.lon[row], found.lat[row]))
            for vertex, start in zip(line, steps, strict=True)
            if start <= found.along_m[row] + 1e-6
        ]
        assert found.along_m[row] == pytest.approx(to_place[-1], abs=0.01)
    assert found.along_m.min() >= 0
    assert (found.along_m <= lines.length_m[found.line] + 1e-9).all()


def test_the_middle_of_a_line_is_half_way_along_it() -> None:
    shapes = random_lines(20, 9.17, 48.77)
    lines = Lines.of(shapes)
    lon, lat = lines.middles()
    on_line = lines.near(lon, lat, 0.1)
    own = on_line.take(on_line.point == on_line.line)
    assert own.line.tolist() == list(range(20))
    assert own.along_m == pytest.approx(lines.length_m / 2, abs=0.01)


def test_a_point_in_the_middle_of_a_long_piece_is_near_it_although_both_ends_are_far() -> None:
    street = Lines.of([np.array([[0.0, 0.0], [0.1, 0.0]])])
    found = street.nearest(np.array([0.05]), np.array([0.0001]), 100.0)
    assert found.distance_m[0] == pytest.approx(11.057, abs=0.001)
    assert (found.lon[0], found.lat[0]) == pytest.approx((0.05, 0.0))


def test_many_points_are_answered_as_one_by_one() -> None:
    lines = Lines.of(random_lines(10, 9.17, 48.77))
    lon, lat = 9.17 + RNG.uniform(-0.02, 0.02, 4500), 48.77 + RNG.uniform(-0.02, 0.02, 4500)
    together = lines.nearest(lon, lat, 300.0)
    assert 0 < len(together) < 4500
    assert together.point[-1] > 4000
    for row in range(0, len(together), 97):
        i = together.point[row]
        alone = lines.nearest(lon[i : i + 1], lat[i : i + 1], 300.0)
        assert (alone.line[0], alone.distance_m[0]) == (together.line[row], pytest.approx(together.distance_m[row]))


def test_lengths_are_summed_along_the_line() -> None:
    shapes = [*random_lines(5, 9.17, 48.77), np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0]])]
    length = Lines.of(shapes).length_m
    for line, metres in zip(shapes, length, strict=True):
        steps = pairwise(line)
        assert metres == pytest.approx(sum(float(distance_m(*a, *b)) for a, b in steps))


def test_of_equally_near_lines_the_first_wins() -> None:
    twice = np.array([[0.0, 0.001], [0.001, 0.001]])
    found = Lines.of([np.array([[0.0, 1.0], [1.0, 1.0]]), twice, twice]).nearest(
        np.array([0.0005]), np.array([0.0]), 500.0
    )
    assert found.line.tolist() == [1]


def test_a_piece_without_length_is_a_point() -> None:
    found = Lines.of([np.array([[0.0, 0.0], [0.0, 0.0]])]).nearest(np.array([0.0]), np.array([0.0001]), 100.0)
    assert found.distance_m[0] == pytest.approx(11.057, abs=0.001)


def test_no_lines_are_near_nothing() -> None:
    lines = Lines.of([])
    assert len(lines.near(np.array([1.0]), np.array([2.0]), 100.0)) == 0
    assert lines.length_m.tolist() == []
