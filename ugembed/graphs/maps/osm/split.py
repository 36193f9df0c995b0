"""Ways into links: streets cut where they meet, and joined again where a way ends for a mapper's reasons only.

A node is a joint when streets really part there: three or more street ends meet, or two streets of different names
(or, without names, of different classes). Bridges and tunnels need no rule: they share no node with what they pass.
Where a street dives into a tunnel nothing parts, so nothing is cut: a link is what most of its metres are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from ugembed.geo.geodesy import Floats, distance_m
from ugembed.graphs.maps.city_map import Link, Way

Level: TypeAlias = tuple[bool, int]
"""Whether a way is a tunnel, and its layer."""

_GROUND: Level = (False, 0)
_ALL_ON_THE_GROUND: Mapping[int, Level] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Piece:
    """Part of one way between two cuts."""

    way: Way
    start: int
    end: int
    points: Floats

    def turned(self) -> _Piece:
        return replace(self, start=self.end, end=self.start, points=self.points[::-1])


def split_at_crossings(ways: Sequence[Way], levels: Mapping[int, Level] = _ALL_ON_THE_GROUND) -> list[Link]:
    """Links of all ways, which come sorted by id; nothing else decides the order and direction of the links.

    ``levels`` has the ways, by id, that do not lie on the ground.
    """
    joints = _joints(ways)
    pieces = [piece for way in ways for piece in _cut(way, joints)]
    return [_link(chain, levels) for chain in _chains(pieces, joints)]


def _joints(ways: Sequence[Way]) -> frozenset[int]:
    ends_here: dict[int, int] = defaultdict(int)
    labels: dict[int, set[str]] = defaultdict(set)
    for way in ways:
        for node in way.nodes:
            ends_here[node] += 2
        for node in (way.nodes[0], way.nodes[-1]):
            ends_here[node] -= 1
            labels[node].add(_label(way))
    return frozenset(node for node, ends in ends_here.items() if ends > 2 or (ends == 2 and len(labels[node]) == 2))


def _label(way: Way) -> str:
    return way.name or f"unnamed {way.highway}"


def _cut(way: Way, joints: frozenset[int]) -> Iterator[_Piece]:
    last = len(way.nodes) - 1
    cuts = [0, *(i for i in range(1, last) if way.nodes[i] in joints), last]
    for i, j in pairwise(cuts):
        yield _Piece(way, way.nodes[i], way.nodes[j], way.points[i : j + 1])


def _chains(pieces: Sequence[_Piece], joints: frozenset[int]) -> Iterator[list[_Piece]]:
    """Maximal runs of pieces that meet at nodes which are no joints; first those with ends, then rings."""
    at: dict[int, list[int]] = defaultdict(list)
    for i, piece in enumerate(pieces):
        at[piece.start].append(i)
        at[piece.end].append(i)
    stops = joints | {node for node, here in at.items() if len(here) != 2}
    used: set[int] = set()
    for only_ended in (True, False):
        for i, piece in enumerate(pieces):
            if i in used or (only_ended and piece.start not in stops and piece.end not in stops):
                continue
            first = piece if piece.start in stops or piece.end not in stops else piece.turned()
            used.add(i)
            yield list(_follow(first, pieces, at, stops, used))


def _follow(
    piece: _Piece, pieces: Sequence[_Piece], at: dict[int, list[int]], stops: frozenset[int], used: set[int]
) -> Iterator[_Piece]:
    yield piece
    while piece.end not in stops:
        following = [i for i in at[piece.end] if i not in used]
        if not following:  # a ring has closed
            return
        used.add(following[0])
        after = pieces[following[0]]
        piece = after if after.start == piece.end else after.turned()
        yield piece


def _link(chain: list[_Piece], levels: Mapping[int, Level]) -> Link:
    first = min((piece.way for piece in chain), key=lambda way: way.id)
    points = np.concatenate([chain[0].points, *(piece.points[1:] for piece in chain[1:])])
    is_tunnel, layer = _level(chain, levels)
    return Link(
        f"way/{first.id}",
        first.name,
        first.highway,
        str(chain[0].start),
        str(chain[-1].end),
        np.ascontiguousarray(points),
        layer,
        is_tunnel,
    )


def _level(chain: list[_Piece], levels: Mapping[int, Level]) -> Level:
    """The level of most metres of a chain: first tunnel or not, then the layer; of equally many the nearest to 0."""
    own = [levels.get(piece.way.id, _GROUND) for piece in chain]
    if len(set(own)) == 1:
        return own[0]
    metres: dict[Level, float] = defaultdict(float)
    for piece, level in zip(chain, own, strict=True):
        metres[level] += _length_m(piece.points)
    covered = sum(length for (is_tunnel, _), length in metres.items() if is_tunnel)
    is_tunnel = covered > sum(metres.values()) - covered
    same = [level for level in metres if level[0] == is_tunnel]
    return min(same, key=lambda level: (-round(metres[level], 3), abs(level[1]), level))


def _length_m(points: Floats) -> float:
    lon, lat = points[:, 0], points[:, 1]
    return float(distance_m(lon[:-1], lat[:-1], lon[1:], lat[1:]).sum())
