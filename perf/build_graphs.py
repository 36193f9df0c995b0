"""Local graphs out of a city: our bounded search over streets and the cut-out of what it reaches, against peers.

Peers are `networkx.ego_graph`, which gives a subgraph, and `scipy.sparse.csgraph.dijkstra` with a limit, which gives
distances; a submatrix makes a cut-out of these. scipy is used both ways: with every street stored once and searched
with ``directed=False``, and, fastest, with every street stored in both directions. All search from the same nodes;
before the clock starts, nodes, metres and edges are compared.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from compare import Comparison, compare
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from street_plan import street_grid

from ugembed.geo.geodesy import distance_m
from ugembed.graphs.city.walking import Reached, WalkNetwork, Workspace, cut_out, reached_within
from ugembed.graphs.maps.osm.read import read_osm

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("UGEMBED_SHARED_DATA", ROOT.parent / "shared" / "data"))
STARTS = 300
PORTION = 100  # of starts, in one call of scipy, whose answer has a number for every node of the city
REPEATS = 5
MONACO_M, GRID_M = 440.0, 1700.0  # about 560 nodes each

Found = list[tuple[NDArray[Any], NDArray[Any]]]  # nodes, and metres to them or the edges among them, of every start


@dataclass(frozen=True)
class Town:
    """A network in which every pair of nodes has one link at most, and where to search in it."""

    name: str
    ends: NDArray[np.int32]
    length_m: NDArray[np.float64]
    radius_m: float

    @cached_property
    def link(self) -> NDArray[np.int64]:
        """The starts: beginnings of these links."""
        return np.random.default_rng(0).choice(len(self.ends), STARTS, replace=False)

    @cached_property
    def source(self) -> list[int]:
        return [int(node) for node in self.ends[self.link, 0]]

    @cached_property
    def net(self) -> WalkNetwork:
        return WalkNetwork(self.ends, self.length_m)

    @cached_property
    def workspace(self) -> Workspace:
        return Workspace(self.net)

    @cached_property
    def graph(self) -> nx.Graph:
        graph = nx.Graph()
        graph.add_weighted_edges_from(zip(*self.ends.T.tolist(), self.length_m.tolist(), strict=True), weight="length")
        return graph

    @cached_property
    def matrix(self) -> csr_array:
        a, b = self.ends.T
        both = np.concatenate([a, b]), np.concatenate([b, a])
        return csr_array((np.tile(self.length_m, 2), both), shape=(len(self.net), len(self.net)))

    @cached_property
    def matrix_once(self) -> csr_array:
        return csr_array((self.length_m, tuple(self.ends.T)), shape=(len(self.net), len(self.net)))


def monaco() -> Town:
    """Every vertex of the streets a node, as networks of OSM are when nobody joins the pieces of a street."""
    links = read_osm(SHARED / "osm" / "monaco" / "monaco.osm.pbf").links
    starts = np.concatenate([link.points[:-1] for link in links])
    stops = np.concatenate([link.points[1:] for link in links])
    number = np.unique(np.concatenate([starts, stops]), axis=0, return_inverse=True)[1].reshape(2, -1).T
    return _town("Monaco", number, distance_m(*starts.T, *stops.T), MONACO_M)


def synthetic(nodes: int) -> Town:
    grid = street_grid(nodes)
    return _town(f"synthetic, {nodes:,}", grid.ends, grid.length_m, GRID_M)


def _town(name: str, ends: NDArray[Any], length_m: NDArray[np.float64], radius_m: float) -> Town:
    """Of parallel links the shortest is kept, and no ring: the peers' graphs have room for no more."""
    order = np.lexsort((length_m, *np.sort(ends, axis=1).T))
    pairs = np.sort(ends, axis=1)[order]
    kept = np.ones(len(pairs), dtype=bool)
    kept[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
    kept &= pairs[:, 0] != pairs[:, 1]
    numbered = np.unique(pairs[kept], return_inverse=True)[1].reshape(-1, 2)
    return Town(name, numbered.astype(np.int32), length_m[order][kept], radius_m)


def ours(town: Town, link: NDArray[np.int64]) -> Reached:
    nothing = np.zeros(len(link))
    return reached_within(town.net, link=link, along_m=nothing, limit_m=town.radius_m, workspace=town.workspace)


def ours_one_by_one(town: Town) -> Found:
    answers = (ours(town, town.link[i : i + 1]) for i in range(STARTS))
    return [(reached.node, reached.metres) for reached in answers]


def ours_at_once(town: Town) -> Found:
    reached = ours(town, town.link)
    return list(zip(_parts(reached.node, reached.first), _parts(reached.metres, reached.first), strict=True))


def ours_cut_out(town: Town) -> Found:
    found: Found = []
    for i in range(STARTS):
        reached = ours(town, town.link[i : i + 1])
        cut = cut_out(town.net, reached, workspace=town.workspace)
        found.append((reached.node, np.stack([cut.source, cut.target], axis=1)))
    return found


def ours_cut_out_at_once(town: Town) -> Found:
    reached = ours(town, town.link)
    cut = cut_out(town.net, reached, workspace=town.workspace)
    edges = _parts(np.stack([cut.source, cut.target], axis=1), cut.first)
    return list(zip(_parts(reached.node, reached.first), edges, strict=True))


def _parts(rows: NDArray[Any], first: NDArray[np.int64]) -> list[NDArray[Any]]:
    return [rows[begin:end] for begin, end in pairwise(first)]


def networkx_cut_out(town: Town) -> list[nx.Graph]:
    return [nx.ego_graph(town.graph, node, radius=town.radius_m, distance="length") for node in town.source]


def scipy_one_by_one(town: Town) -> Found:
    return [_reached(dijkstra(town.matrix, indices=node, limit=town.radius_m)) for node in town.source]


def scipy_undirected(town: Town) -> Found:
    search = [dijkstra(town.matrix_once, directed=False, indices=node, limit=town.radius_m) for node in town.source]
    return [_reached(metres) for metres in search]


def scipy_at_once(town: Town) -> Found:
    portions = (town.source[i : i + PORTION] for i in range(0, STARTS, PORTION))
    return [_reached(row) for some in portions for row in dijkstra(town.matrix, indices=some, limit=town.radius_m)]


def _reached(metres: NDArray[np.float64]) -> tuple[NDArray[Any], NDArray[Any]]:
    nodes = np.flatnonzero(np.isfinite(metres))
    return nodes, metres[nodes]


def scipy_cut_out(town: Town) -> Found:
    found: Found = []
    for nodes, _ in scipy_one_by_one(town):
        among = town.matrix[nodes][:, nodes].tocoo()
        found.append((nodes, np.stack(among.coords, axis=1)[among.coords[0] < among.coords[1]]))
    return found


def check(town: Town) -> int:
    """Refuse to measure what is not equal; returns how many nodes are reached in all."""
    expected = [sorted(zip(nodes.tolist(), metres.tolist(), strict=True)) for nodes, metres in scipy_one_by_one(town)]
    for found in (ours_one_by_one(town), ours_at_once(town), scipy_at_once(town), scipy_undirected(town)):
        for (nodes, metres), wanted in zip(found, expected, strict=True):
            order = np.argsort(nodes)
            if nodes[order].tolist() != [node for node, _ in wanted]:
                raise SystemExit(f"{town.name}: not the same nodes")
            np.testing.assert_allclose(metres[order], [away for _, away in wanted], rtol=0, atol=1e-6)
    theirs = [({*graph}, {frozenset(edge) for edge in graph.edges}) for graph in networkx_cut_out(town)]
    for found in (ours_cut_out(town), ours_cut_out_at_once(town), scipy_cut_out(town)):
        if [
            ({*nodes.tolist()}, {frozenset(edge) for edge in nodes[edges].tolist()}) for nodes, edges in found
        ] != theirs:
            raise SystemExit(f"{town.name}: not the same cut-outs")
    return sum(map(len, expected))


ONE, ALL, AND_CUT_OUT = "one at a time", "all at once", "search and cut-out"
PAIRS: list[tuple[str, Callable[[Town], object], str, Callable[[Town], object]]] = [
    (f"search, {ONE}", ours_one_by_one, "scipy, undirected", scipy_undirected),
    (f"search, {ONE}", ours_one_by_one, "scipy, both directions", scipy_one_by_one),
    (f"search, {ALL}", ours_at_once, "scipy, both directions", scipy_at_once),
    (f"{AND_CUT_OUT}, {ONE}", ours_cut_out, "networkx.ego_graph", networkx_cut_out),
    (f"{AND_CUT_OUT}, {ONE}", ours_cut_out, "scipy, both directions", scipy_cut_out),
    (f"{AND_CUT_OUT}, {ALL}", ours_cut_out_at_once, "networkx.ego_graph", networkx_cut_out),
    (f"{AND_CUT_OUT}, {ALL}", ours_cut_out_at_once, "scipy, undirected, search only", scipy_undirected),
]


def search_tables() -> str:
    """How long one local graph takes to search and to cut out of its city."""
    towns = [monaco(), synthetic(54_000), synthetic(100_000)]
    sizes = ["| network | nodes | links | metres | nodes reached | arcs looked at | million arcs/s |", "|" + "---|" * 7]
    lines = ["| network | what | ours, µs | peer | peer, µs | ours is faster by |", "|" + "---|" * 6]
    for town in towns:
        reached = check(town)
        before = town.workspace.arcs
        ours(town, town.link)
        arcs = town.workspace.arcs - before
        measured = compare({run.__name__: _bound(run, town) for _, a, _, b in PAIRS for run in (a, b)}, repeats=REPEATS)
        for what, own, peer, theirs in PAIRS:
            pair = Comparison({name: measured.seconds[name] for name in (own.__name__, theirs.__name__)})
            a, b = (pair.median(name) / STARTS * 1e6 for name in (own.__name__, theirs.__name__))
            lines.append(
                f"| {town.name} | {what} | {a:.0f} | {peer} | {b:,.0f} | {pair.ratio(theirs.__name__):.1f} × |"
            )
        speed = arcs / measured.median(ours_at_once.__name__) / 1e6
        size = f"{len(town.net):,} | {len(town.ends):,} | {town.radius_m:.0f}"
        sizes.append(f"| {town.name} | {size} | {reached / STARTS:.0f} | {arcs / STARTS:.0f} | {speed:.0f} |")
    return "\n".join([*sizes, "", *lines])


def _bound(run: Callable[[Town], object], town: Town) -> Callable[[], object]:
    return lambda: run(town)


def main() -> None:
    if not SHARED.is_dir():
        raise SystemExit(f"{SHARED} is not there: set UGEMBED_SHARED_DATA to the folder that holds osm/monaco")
    print(f"{STARTS} searches in each network:\n")
    print(search_tables())


if __name__ == "__main__":
    main()
