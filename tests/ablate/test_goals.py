"""Goals are met by every group or not at all, and what was not measured is not met."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ablate.synthetic import ONE, TWO, ablation, answers, drawn
from ugembed.ablate.answers import ALL, Group, Table
from ugembed.ablate.config import Goal
from ugembed.ablate.goals import Verdict, judge
from ugembed.ablate.statistics import Bootstrap

TABLE: Table = {
    Group("heldout", 20, "geolocation"): {TWO: {1: answers([1] * 95 + [0] * 5)}, ONE: {1: answers([1, 0] * 50)}},
    Group("unseen", 20, "geolocation"): {TWO: {1: answers([1] * 80 + [0] * 20)}, ONE: {1: answers([1, 0] * 50)}},
    Group("unseen", 20, ALL): {TWO: {1: drawn(0.5, cases=100, seed=1)}, ONE: {1: drawn(0.5, cases=100, seed=2)}},
}
BOOTSTRAPS = {group: Bootstrap(rows, samples=500) for group, rows in TABLE.items()}


def verdict(**goal: Any) -> Verdict:
    whole = {"text": "x", "row": TWO, "families": ["geolocation"], **goal}
    (found,) = judge([Goal.model_validate(whole)], BOOTSTRAPS)
    return found


@pytest.mark.parametrize(
    ("goal", "state"),
    [
        ({"at_least": 95}, "met"),
        ({"at_least": 95.1}, "not met"),
        ({"at_least": 95, "splits": ["heldout", "unseen"]}, "not met"),
        ({"at_least": 80, "splits": ["heldout", "unseen"]}, "met"),
        ({"at_least": 30, "minus": ONE, "p_below": 0.01}, "met"),
        ({"at_least": 50, "minus": ONE}, "not met"),
        ({"at_least": 0, "minus": TWO}, "not met"),
        ({"at_least": -50, "minus": ONE, "p_below": 0.01, "families": ["all"], "splits": ["unseen"]}, "not met"),
        ({"at_least": 1, "families": ["geolocation", "perception"]}, "not measured"),
        ({"at_least": 1, "candidates": 100}, "not measured"),
    ],
)
def test_a_goal_is_met_by_every_group(goal: dict[str, Any], state: str) -> None:
    assert verdict(**goal).state == state


def test_the_group_furthest_from_the_goal_is_shown() -> None:
    found = verdict(at_least=0, minus=ONE, splits=["heldout", "unseen"])
    assert found.where == Group("unseen", 20, "geolocation")
    assert found.worst is not None
    assert found.worst.mean == pytest.approx(0.3)
    assert found.p == max(
        one.p
        for bootstrap in BOOTSTRAPS.values()
        if ALL not in {group.name for group, boot in BOOTSTRAPS.items() if boot is bootstrap}
        if (one := bootstrap.difference(TWO, ONE, "hit@5")) is not None and one.p is not None
    )


def test_goals_name_rows_of_the_ablation() -> None:
    goal = {"text": "x", "row": {"variant": "two"}, "at_least": 5}
    assert ablation(goals=[goal]).goals[0].row == TWO
