"""Street patterns of a district: crossings in local metres, and the lines that run through them.

Each pattern is a function ``(rng, size_m) -> Plan`` around (0, 0); ``PATTERNS`` names them. The first axis points east,
the second north.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plan:
    """Crossings (n, 2) in metres, and lines: runs of crossing indices along which streets are laid."""

    nodes: Points
    lines: list[list[int]]


def _steps(rng: np.random.Generator, size: float, low: float, high: float) -> Points:
    """Positions from -size/2 to size/2 with irregular steps."""
    steps = rng.uniform(low, high, size=round(2 * size / (low + high)))
    positions = np.concatenate([[0.0], np.cumsum(steps)])
    return np.asarray((positions / positions[-1] - 0.5) * size)


def _turned(nodes: Points, angle: float) -> Points:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.asarray(nodes @ np.array([[cos, sin], [-sin, cos]]))


def _lattice(xs: Points, ys: Points) -> Plan:
    nodes = np.stack(np.meshgrid(xs, ys, indexing="ij"), axis=-1).reshape(-1, 2)
    number = np.arange(len(nodes)).reshape(len(xs), len(ys))
    return Plan(nodes, [*number.tolist(), *number.T.tolist()])


def grid(rng: np.random.Generator, size: float) -> Plan:
    """Two families of straight streets at right angles, turned a little from north."""
    plan = _lattice(_steps(rng, size, 95, 150), _steps(rng, size, 95, 150))
    return Plan(_turned(plan.nodes, rng.uniform(-0.25, 0.25)), plan.lines)


def organic(rng: np.random.Generator, size: float) -> Plan:
    """A grown quarter: no straight street, no right angle."""
    plan = _lattice(_steps(rng, size, 105, 150), _steps(rng, size, 105, 150))
    phase = rng.uniform(0, 2 * np.pi, 2)
    wave = 45 * np.sin(plan.nodes[:, ::-1] / 170 + phase)
    return Plan(plan.nodes + wave + rng.uniform(-22, 22, plan.nodes.shape), plan.lines)


def radial(rng: np.random.Generator, size: float) -> Plan:
    """Rings around a square, crossed by spokes; every second spoke starts at the second ring."""
    spokes, rings = 18, max(2, round(size / 2 / 115))
    radii = np.linspace(size / 2 / rings, size / 2, rings)
    angles = rng.uniform(0, 2 * np.pi) + np.arange(spokes) * 2 * np.pi / spokes
    outer = (radii[:, None] * np.sin(angles), radii[:, None] * np.cos(angles))
    nodes = np.concatenate([[[0.0, 0.0]], np.stack(outer, axis=-1).reshape(-1, 2)])

    def number(ring: int, spoke: int) -> int:
        return 1 + ring * spokes + spoke % spokes

    lines = [[number(ring, spoke) for spoke in range(0, spokes + 1, 2 if ring == 0 else 1)] for ring in range(rings)]
    for spoke in range(spokes):
        start = [0, number(0, spoke)] if spoke % 2 == 0 else []
        lines.append(start + [number(ring, spoke) for ring in range(1, rings)])
    return Plan(nodes, lines)


def staggered(rng: np.random.Generator, size: float) -> Plan:
    """Long parallel streets, joined by short ones that do not meet across them."""
    ys = _steps(rng, size, 95, 130)
    joins = [_steps(rng, size * 0.96, 130, 190) + rng.uniform(-25, 25) for _ in ys[1:]]
    nodes: list[tuple[float, float]] = []
    rows: list[list[int]] = []
    for row, y in enumerate(ys):
        beside = [joins[gap] for gap in (row - 1, row) if 0 <= gap < len(joins)]
        xs = np.unique(np.concatenate(beside).round(1))
        rows.append(list(range(len(nodes), len(nodes) + len(xs))))
        nodes.extend((float(x), float(y)) for x in xs)
    lines = list(rows)
    for gap, xs in enumerate(joins):
        for x in xs.round(1):
            ends = [next(k for k in rows[row] if nodes[k][0] == x) for row in (gap, gap + 1)]
            lines.append(ends)
    return Plan(_turned(np.array(nodes), rng.uniform(-0.25, 0.25)), lines)


PATTERNS: dict[str, Callable[[np.random.Generator, float], Plan]] = {
    "grid": grid,
    "radial": radial,
    "organic": organic,
    "staggered": staggered,
}


def split_into_streets(plan: Plan, gone: set[tuple[int, int]], longest: float) -> list[list[int]]:
    """Cut the lines where an edge is ``gone`` and after at most ``longest`` metres: one run of crossings a street."""
    streets: list[list[int]] = []
    for line in plan.lines:
        run = [line[0]]
        length = 0.0
        for a, b in pairwise(line):
            step = float(np.linalg.norm(plan.nodes[b] - plan.nodes[a]))
            missing = (min(a, b), max(a, b)) in gone
            if len(run) > 1 and (missing or length + step > longest):
                streets.append(run)
                run, length = [a], 0.0
            if missing:
                run = [b]
            else:
                run.append(b)
                length += step
        if len(run) > 1:
            streets.append(run)
    return streets


def largest_component(streets: list[list[int]]) -> list[list[int]]:
    """The streets of the largest connected part (most crossings; the earlier on ties)."""
    parent: dict[int, int] = {}

    def root(node: int) -> int:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    for street in streets:
        for node in street[1:]:
            parent[root(node)] = root(street[0])
    sizes: dict[int, int] = {}
    for node in list(parent):
        sizes[root(node)] = sizes.get(root(node), 0) + 1
    main = max(sizes, key=lambda key: sizes[key])
    return [street for street in streets if root(street[0]) == main]
