"""`WalkNetwork`: which nodes of the street network can be reached on foot within some metres or links.

Work and memory grow with what is reached, not with the city, once a `Workspace` is there. An answer depends on nothing
but its own start: not on other starts, their order, or the order of links of equal ends and length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ugembed.errors import GraphError
from ugembed.geo.geodesy import Floats
from ugembed.graphs.city.lines import Ints
from ugembed.graphs.city.walking_checks import (
    checked_ends,
    checked_lengths,
    checked_limit,
    checked_rows,
    checked_starts,
)

Numbers = NDArray[np.int32]


class WalkNetwork:
    """The street network as compressed rows: links, walked both ways, between nodes 0..n-1.

    Nodes are the ends of links: crossings, dead ends, and where a clipped way stops. A link may return to its own node,
    and two nodes may share several links. Every link is two arcs; those of node ``u`` are ``first[u]:first[u + 1]``,
    sorted by (neighbour, link).

    Attributes:
        ends: (links, 2) int32, node numbers at start and end.
        length_m: (links,) float64.
        first: (n + 1,) int64.
        neighbour: (2 * links,) int32, the node at the other end of each arc.
        metres: (2 * links,) float64.
        link: (2 * links,) int32.
        forward: (2 * links,) bool, whether the arc runs from the start of its link to the end.

    Raises:
        GraphError: ``walk-ends`` for node numbers that are no whole numbers or leave gaps; ``walk-length`` for lengths
            that are negative, infinite, not numbers, or not as many as links.
    """

    def __init__(self, ends: Numbers, length_m: Floats) -> None:
        self.ends = checked_ends(ends)
        self.length_m = checked_lengths(length_m, len(self.ends))
        links = len(self.ends)
        tail, head = self.ends.T.reshape(-1), self.ends[:, ::-1].T.reshape(-1)
        order = np.lexsort((np.tile(np.arange(links), 2), head, tail))
        self.first: Ints = np.concatenate([[0], np.cumsum(np.bincount(tail))]).astype(np.int64)
        self.neighbour: Numbers = np.ascontiguousarray(head[order])
        self.link: Numbers = (order % max(links, 1)).astype(np.int32)
        self.metres: Floats = self.length_m[self.link]
        self.forward: NDArray[np.bool_] = order < links

    def __len__(self) -> int:
        """The number of nodes."""
        return len(self.first) - 1

    @property
    def _arrays(self) -> tuple[Any, ...]:
        return self.first, self.neighbour, self.metres, self.forward


@dataclass(frozen=True, slots=True)
class Reached:
    """What lies within some metres: of start i the rows ``first[i]:first[i + 1]``, sorted by (metres, node).

    Attributes:
        first: (starts + 1,) int64.
        node: int32 node numbers, none twice in one start.
        metres: float64, the shortest way from the start along streets.
    """

    first: Ints
    node: Numbers
    metres: Floats


@dataclass(frozen=True, slots=True)
class ReachedInHops:
    """What lies within some links: of start i the rows ``first[i]:first[i + 1]``, sorted by (hops, node).

    Attributes:
        first: (starts + 1,) int64.
        node: int32 node numbers, none twice in one start.
        hops: int32, the fewest links walked, the start's own link counted as the first.
    """

    first: Ints
    node: Numbers
    hops: Numbers


@dataclass(frozen=True, slots=True)
class CutOut:
    """The links among the nodes of each start: of start i the rows ``first[i]:first[i + 1]``.

    Every link with both ends among the nodes is told once, rings and parallel links too, sorted by
    (source, node number of the target, link).

    Attributes:
        first: (starts + 1,) int64.
        link: int32 link numbers.
        source, target: int32 positions of the link's start and end among the start's nodes, from 0.
    """

    first: Ints
    link: Numbers
    source: Numbers
    target: Numbers


class Workspace:
    """Room for searches in one network, kept from call to call by whoever makes many calls; one for each thread.

    It is never cleared: what a node holds counts only when it bears the number of the search that asks.

    Attributes:
        arcs: How many arcs (directions of links) all searches have looked at: a measure of their work.
    """

    def __init__(self, net: WalkNetwork) -> None:
        self.arcs = 0
        self._searches = 0
        self._label = np.zeros((len(net), 2))
        self._order = np.empty(len(net), dtype=np.int32)
        self._key, self._item = np.empty(len(net.neighbour) + 2), np.empty(len(net.neighbour) + 2, dtype=np.int32)

    def _for(self, net: WalkNetwork, searches: int) -> tuple[tuple[Any, ...], int]:
        """The arrays, and the number after which the coming searches are numbered."""
        if (len(self._label), len(self._key)) != (len(net), len(net.neighbour) + 2):
            raise GraphError(
                f"a workspace for {len(self._label)} nodes was given to a network of {len(net)}",
                code="walk-workspace",
                hint="make a Workspace for every WalkNetwork",
            )
        before, self._searches = self._searches, self._searches + searches
        return (self._label, self._order, self._key, self._item), before


def reached_within(
    net: WalkNetwork, *, link: Ints, along_m: Floats, limit_m: float, workspace: Workspace | None = None
) -> Reached:
    """Nodes at most ``limit_m`` metres away along streets, and how far they are.

    Start i lies on ``link[i]``, ``along_m[i]`` metres from the link's start. It reaches both ends of that link at what
    remains to them, and all else through these. ``limit_m`` may be infinite.

    Raises:
        GraphError: ``walk-start`` for links that do not exist or places beyond their ends (by over a micrometre);
            ``walk-limit`` for a limit that is negative or no number.
    """
    from ugembed.graphs.city.walking_search import reached

    starts = checked_starts(net.ends, net.length_m, link=link, along_m=along_m)
    limit = checked_limit(limit_m)
    room = workspace or Workspace(net)
    first, node, metres, arcs = reached(net._arrays, starts, (limit, True), *room._for(net, len(starts[0])))
    room.arcs += arcs
    return Reached(first, node, metres)


def reached_in_hops(net: WalkNetwork, *, link: Ints, hops: int, workspace: Workspace | None = None) -> ReachedInHops:
    """Nodes at most ``hops`` links away, whatever their lengths; both ends of a start's own ``link`` are 1 away.

    Raises:
        GraphError: ``walk-start`` for links that do not exist; ``walk-limit`` for ``hops`` below 0.
    """
    from ugembed.graphs.city.walking_search import reached

    starts = checked_starts(net.ends, net.length_m, link=link, along_m=np.zeros(len(link)))
    limit = checked_limit(hops)
    room = workspace or Workspace(net)
    first, node, away, arcs = reached(net._arrays, starts, (limit, False), *room._for(net, len(starts[0])))
    room.arcs += arcs
    return ReachedInHops(first, node, away.astype(np.int32))


def cut_out(net: WalkNetwork, reached: Reached | ReachedInHops, *, workspace: Workspace | None = None) -> CutOut:
    """The links among the nodes that each start has reached: with the nodes, its part of the network.

    Raises:
        GraphError: ``walk-rows`` for nodes that this network has not.
    """
    from ugembed.graphs.city.walking_search import links_among

    rows = checked_rows(reached.first, reached.node, len(net))
    room = workspace or Workspace(net)
    space, before = room._for(net, len(rows[0]) - 1)
    return CutOut(*links_among(net._arrays, net.link, rows, space, before))
