"""Lines without named nodes to links: which of their points are crossings is found in the lines themselves.

Two lines meet where they have a point in common, equal to seven decimals of a degree. What crosses in the plane without
such a point does not meet: a bridge. Lines that both go on through a point meet when they are on one layer. A line that
ends there meets the lines of its own layer, or all if there are none: a bridge lands on the ground.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ugembed.graphs.maps.city_map import Link, Way
from ugembed.graphs.maps.edges import DECIMALS, Spot, link_order
from ugembed.graphs.maps.osm.split import split_at_crossings
from ugembed.graphs.maps.street_line import StreetLine, either_way, rank


@dataclass(frozen=True, slots=True)
class ChainedLine:
    """A line and, for each of its points, the node that it is: equal nodes are one place where lines meet."""

    line: StreetLine
    nodes: tuple[Hashable, ...]


def links_of_lines(lines: Sequence[StreetLine]) -> list[Link]:
    """Links between the points where lines meet, sorted by id; a line that comes twice, either way drawn, counts once.

    Where a line ends and only one of the same name (without names: class) goes on, nothing is cut, as in OSM maps.
    """
    distinct: dict[bytes, StreetLine] = {}
    for line in lines:
        key = either_way(line.points)
        if line.points.tobytes() != key:
            line = replace(line, points=np.ascontiguousarray(line.points[::-1]))
        distinct[key] = min(distinct.get(key, line), line, key=rank)
    spots = [(line, _spots(line)) for line in distinct.values()]
    landings = _landings(spots)
    return links_of_chained([ChainedLine(line, _nodes(line, here, landings)) for line, here in spots])


def _landings(spots: Sequence[tuple[StreetLine, Sequence[Spot]]]) -> dict[Spot, set[int]]:
    """Where lines end: the layers of the lines that go on through there and are met."""
    ends: dict[Spot, set[int]] = defaultdict(set)
    for line, here in spots:
        for end in (here[0], here[-1]):
            ends[end].add(line.layer)
    passing: dict[Spot, set[int]] = defaultdict(set)
    for line, here in spots:
        for spot in ends.keys() & set(here[1:-1]):
            passing[spot].add(line.layer)
    return {spot: passing[spot] & layers or passing[spot] for spot, layers in ends.items()}


def _nodes(line: StreetLine, spots: Sequence[Spot], landings: Mapping[Spot, set[int]]) -> tuple[Hashable, ...]:
    first, *inner, last = spots
    return (first, *(spot if line.layer in landings.get(spot, ()) else (*spot, line.layer) for spot in inner), last)


def links_of_chained(lines: Sequence[ChainedLine]) -> list[Link]:
    """Cut lines at nodes where streets part, and join them where they do not, by `split_at_crossings`; sorted by id."""
    lines = sorted(lines, key=lambda one: (len(one.line.id), one.line.id, one.line.points.tobytes()))  # way/9, way/10
    numbers: dict[Hashable, int] = {}
    ways = []
    for i, one in enumerate(lines):
        kept = [0, *(k for k, (before, node) in enumerate(pairwise(one.nodes), 1) if before != node)]
        nodes = tuple(numbers.setdefault(one.nodes[k], len(numbers)) for k in kept)
        if len(nodes) > 1:
            ways.append(Way(i, one.line.name, one.line.highway, nodes, one.line.points[kept]))
    names = list(map(_node_name, numbers))
    levels = {way.id: (line.is_tunnel, line.layer) for way in ways if (line := lines[way.id].line)}
    links = [
        replace(
            link,
            id=lines[int(link.id.removeprefix("way/"))].line.id,
            start=names[int(link.start)],
            end=names[int(link.end)],
        )
        for link in split_at_crossings(ways, levels)
    ]
    return sorted(links, key=link_order)


def _node_name(node: Hashable) -> str:
    """A place as ``9.1700000,48.7700000``, with its layer where it belongs to one only; other nodes have names."""
    if not isinstance(node, tuple):
        return str(node)
    lon, lat, *layer = node
    return ",".join([f"{lon:.{DECIMALS}f}", f"{lat:.{DECIMALS}f}", *map(str, layer)])


def _spots(line: StreetLine) -> list[Spot]:
    return [(lon, lat) for lon, lat in np.round(line.points, DECIMALS).tolist()]
