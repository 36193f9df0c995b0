"""Names on a map do not cover each other."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from ugembed.eval.report.labels import CHARACTER_PX, FONT_PX, Box, Placed, Wanted, place_labels

FRAME = Box(0, 0, 400, 400)


def box_of(label: Placed) -> Box:
    bottom = label.y + 3
    return Box(label.x, bottom - FONT_PX - 2, label.x + CHARACTER_PX * len(label.text), bottom)


def test_no_label_overlaps_another_or_leaves_the_frame() -> None:
    places = np.random.default_rng(0).uniform(0, 400, size=(120, 2))
    placed = place_labels([Wanted(x, y, f"place {n}") for n, (x, y) in enumerate(places)], frame=FRAME)
    assert 20 < len(placed) < 120
    boxes = [box_of(label) for label in placed]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    assert all(box.inside(FRAME) for box in boxes)


def test_the_first_come_first_and_a_crowded_point_moves_to_its_other_side() -> None:
    placed = place_labels([Wanted(200, 200, "first"), Wanted(202, 200, "second")], frame=FRAME)
    assert [label.text for label in placed] == ["first", "second"]
    assert placed[0].x > 200
    assert placed[1].x < 200


def test_a_name_that_stands_already_or_fits_nowhere_is_left_out() -> None:
    wanted = [Wanted(200, 200, "Oak Street"), Wanted(100, 100, "Oak Street"), Wanted(200, 300, "x" * 99)]
    assert [label.text for label in place_labels(wanted, frame=FRAME)] == ["Oak Street"]
    assert place_labels(wanted, frame=FRAME, occupied=[FRAME]) == []
