"""Where lines meet that name no nodes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.graphs.drawn_maps import write_map
from tests.graphs.maps.written_maps import content
from ugembed.graphs.maps.city_map import Link
from ugembed.graphs.maps.joints import links_of_lines
from ugembed.graphs.maps.osm.read import read_osm
from ugembed.graphs.maps.street_line import StreetLine


def street(name: str, *spots: tuple[float, float], layer: int = 0, highway: str = "residential") -> StreetLine:
    """Positions in thousandths of a degree."""
    points = np.array(spots, dtype=np.float64) / 1000 + (9.0, 48.0)
    return StreetLine(f"line/{name}", name, highway, points, layer, False)


def stretches(lines: list[StreetLine]) -> list[tuple[str, int]]:
    """Name and number of points of every link."""
    return sorted((link.name, len(link.points)) for link in links_of_lines(lines))


def test_a_shared_point_is_a_crossing() -> None:
    oak = street("Oak", (0, 0), (5, 0), (9, 0))
    assert stretches([oak, street("Elm", (5, -5), (5, 0), (5, 5))]) == [("Elm", 2), ("Elm", 2), ("Oak", 2), ("Oak", 2)]
    assert stretches([oak, street("Elm", (5, 0), (5, 5))]) == [("Elm", 2), ("Oak", 2), ("Oak", 2)]


def test_lines_that_cross_without_a_shared_point_do_not_meet() -> None:
    assert stretches([street("Oak", (0, 0), (9, 0)), street("Elm", (5, -5), (5, 5))]) == [("Elm", 2), ("Oak", 2)]


def test_a_line_that_goes_on_meets_only_its_own_layer() -> None:
    oak, bridge = street("Oak", (0, 0), (5, 0), (9, 0)), street("High", (5, -5), (5, 0), (5, 5), layer=1)
    assert stretches([oak, bridge]) == [("High", 3), ("Oak", 3)]
    stairs = street("Stairs", (5, 0), (6, 1), layer=1)
    assert stretches([oak, bridge, stairs]) == [("High", 2), ("High", 2), ("Oak", 3), ("Stairs", 2)]


def test_a_bridge_lands_at_its_ends_whatever_its_layer() -> None:
    bridge = street("Bridge", (5, 0), (5, 9), layer=1)
    assert stretches([bridge, street("Ramp", (0, 0), (5, 0))]) == [("Bridge", 2), ("Ramp", 2)]
    links = links_of_lines([bridge, street("Quay", (0, 0), (5, 0), (9, 0))])
    assert sorted((link.name, link.start) for link in links if "9.0050000,48.0000000" in (link.start, link.end)) == [
        ("Bridge", "9.0050000,48.0000000"),
        ("Quay", "9.0000000,48.0000000"),
        ("Quay", "9.0050000,48.0000000"),
    ]


def test_one_street_drawn_in_two_lines_is_one_stretch() -> None:
    assert stretches([street("Oak", (0, 0), (5, 0)), street("Oak", (5, 0), (9, 0))]) == [("Oak", 3)]
    nameless = [street("", (0, 0), (5, 0)), street("", (5, 0), (9, 0), highway="steps")]
    assert stretches(nameless) == [("", 2), ("", 2)]


@given(st.lists(st.lists(st.integers(0, 8), min_size=2, max_size=6), min_size=1, max_size=8), st.randoms())
@settings(max_examples=150, deadline=None)
def test_links_hold_every_stretch_once_and_meet_where_three_ends_do(walks: list[list[int]], rng: object) -> None:
    """Random walks over nine points in a circle (no three in a line): every step is in a link, as often as walked."""
    spots = [(100 * np.cos(i * 0.7), 100 * np.sin(i * 0.7)) for i in range(9)]
    lines = []
    for walk in walks:
        steps = [here for i, here in enumerate(walk) if i == 0 or here != walk[i - 1]]
        if len(steps) > 1:
            lines.append(street("Oak", *(spots[here] for here in steps)))
    distinct = {min(line.points.tobytes(), line.points[::-1].tobytes()): line for line in lines}
    rng.shuffle(lines)  # type: ignore[attr-defined]
    links = links_of_lines(lines)
    assert _steps([link.points for link in links]) == _steps([line.points for line in distinct.values()])
    ends: dict[bytes, int] = {}
    for link in links:
        for end in (0, -1):
            ends[link.points[end].tobytes()] = ends.get(link.points[end].tobytes(), 0) + 1
    inner = {point.tobytes() for link in links for point in link.points[1:-1]}
    assert not inner & {spot for spot, count in ends.items() if count > 2}


def _steps(lines: list[np.ndarray]) -> list[bytes]:
    return sorted(
        min(np.array([a, b]).tobytes(), np.array([b, a]).tobytes()) for line in lines for a, b in pairwise(line)
    )


def test_ways_of_a_map_as_lines_give_the_links_of_the_map(tmp_path: Path) -> None:
    links = read_osm(write_map(tmp_path / "drawn.osm")).links
    cut = [_line(link, link.points[i : i + 2]) for link in links for i in range(len(link.points) - 1)]
    back = links_of_lines(cut)
    assert sorted(content(link, nodes=False)[1:] for link in back) == sorted(
        content(link, nodes=False)[1:] for link in links
    )


def _line(link: Link, points: np.ndarray) -> StreetLine:
    return StreetLine(link.id, link.name, link.highway, points, link.layer, link.is_tunnel)
