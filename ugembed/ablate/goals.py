"""Goals read off the answers: met, not met, or not measured yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ugembed.ablate.answers import Group
from ugembed.ablate.config import Goal
from ugembed.ablate.statistics import Bootstrap, Estimate

State = Literal["met", "not met", "not measured"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A goal and where it is furthest from being met.

    Attributes:
        goal: What must hold.
        state: ``not measured`` when an answer to one of its groups is missing.
        worst: The figure of the group that is furthest from the goal, of those measured.
        where: Which group that is.
        p: The largest p of the groups; None where nothing is compared.
    """

    goal: Goal
    state: State
    worst: Estimate | None
    where: Group | None
    p: float | None


def judge(goals: Sequence[Goal], bootstraps: Mapping[Group, Bootstrap]) -> list[Verdict]:
    """A verdict for every goal."""
    return [_judge(goal, bootstraps) for goal in goals]


def _judge(goal: Goal, bootstraps: Mapping[Group, Bootstrap]) -> Verdict:
    groups = [Group(split, goal.candidates, name) for split in goal.splits for name in goal.families]
    found = {group: one for group in groups if (one := _measured(goal, bootstraps.get(group))) is not None}
    if not found:
        return Verdict(goal, "not measured", None, None, None)
    where = min(found, key=lambda group: found[group].mean)
    tested = [one.p for one in found.values() if one.p is not None]
    p = max(tested) if tested else None
    if len(found) < len(groups):
        return Verdict(goal, "not measured", found[where], where, p)
    state: State = "met" if all(_reached(goal, one) for one in found.values()) else "not met"
    return Verdict(goal, state, found[where], where, p)


def _measured(goal: Goal, bootstrap: Bootstrap | None) -> Estimate | None:
    if bootstrap is None or goal.row not in bootstrap.rows:
        return None
    if goal.minus is None:
        return bootstrap.estimate(goal.row, goal.metric)
    return bootstrap.difference(goal.row, goal.minus, goal.metric)


def _reached(goal: Goal, one: Estimate) -> bool:
    above = 100 * one.mean >= goal.at_least if goal.at_least or goal.minus is None else one.mean > 0
    sure = goal.p_below is None or (one.p is not None and one.p < goal.p_below)
    return above and sure
