"""Names never lie on one another, whatever is wanted."""

from __future__ import annotations

import math
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from ugembed.graphs.drawing.names import LONGEST, Box, Placed, Wanted, place

FRAME = Box(0, 0, 300, 300)
HEIGHT = 9.0
coordinates = st.floats(0, 300)


def width_of(text: str, *, is_street: bool) -> float:
    return 5.0 * len(text)


def put(*wanted: Wanted, taken: tuple[Box, ...] = ()) -> list[Placed]:
    return place(wanted, width_of=width_of, height=HEIGHT, frame=FRAME, taken=taken)


def corners(name: Placed, *, shrunk: float = 0.0) -> list[tuple[float, float]]:
    """Of the turned box, against the clock."""
    wide, high = width_of(name.text, is_street=name.is_street) / 2 - shrunk, HEIGHT / 2 - shrunk
    cos, sin = math.cos(math.radians(name.turned)), math.sin(math.radians(name.turned))
    return [
        (name.x + x * cos - y * sin, name.y + x * sin + y * cos)
        for x, y in ((-wide, -high), (wide, -high), (wide, high), (-wide, high))
    ]


@given(
    st.lists(
        st.builds(Wanted, st.text("abc", min_size=1, max_size=12), coordinates, coordinates)
        | st.builds(
            Wanted,
            st.text("xyz", min_size=1, max_size=12),
            coordinates,
            coordinates,
            end=st.tuples(coordinates, coordinates),
        ),
        max_size=25,
    )
)
def test_no_two_names_overlap_and_all_lie_in_the_frame(wanted: list[Wanted]) -> None:
    from shapely import Polygon

    placed = put(*wanted)
    shapes = [Polygon(corners(name, shrunk=0.01)) for name in placed]
    assert all(not a.intersects(b) for a, b in combinations(shapes, 2))
    assert all(-0.1 <= v <= 300.1 for name in placed for corner in corners(name) for v in corner)
    assert len({name.text for name in placed}) == len(placed)


def test_the_first_name_wins_and_the_second_steps_aside() -> None:
    first, second = put(Wanted("first", 150, 150), Wanted("other", 150, 150))
    assert (first.x > 150, first.y) == (True, 150)
    assert second.x < 150


def test_a_name_without_room_is_left_out() -> None:
    assert put(Wanted("name", 150, 150), taken=(FRAME,)) == []
    assert put(Wanted("x" * 30, 150, 150, end=(160, 150))) == []  # longer than its street


def test_a_street_is_named_along_its_course_and_never_upside_down() -> None:
    for end, turned in (((250, 150), 0), ((50, 150), 0), ((150, 250), -90), ((250, 250), 45), ((50, 250), -45)):
        [name] = put(Wanted("street", 150, 150, end=end))
        assert name.turned == turned
        assert (name.x, name.y) == ((150 + end[0]) / 2, (150 + end[1]) / 2)


def test_long_names_are_cut() -> None:
    [name] = put(Wanted("n" * 80, 10, 150))
    assert name.text == "n" * (LONGEST - 1) + "…"
