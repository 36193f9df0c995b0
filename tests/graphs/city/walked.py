"""Networks to walk on, and the slow obvious twin of the search: networkx on a graph with the start as a node."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ugembed.graphs.city.walking import WalkNetwork

START = "start"


@st.composite
def networks(draw: st.DrawFn) -> WalkNetwork:
    """Small multigraphs with rings, parallel links, links of no length, dead ends and separate parts."""
    nodes = draw(st.integers(1, 12))
    pairs = st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1))
    lengths = st.one_of(st.sampled_from([0.0, 1.0, 1.0, 2.0, 2.5]), st.floats(0, 10))
    links = draw(st.lists(st.tuples(pairs, lengths), min_size=1, max_size=24))
    ends = np.unique([pair for pair, _ in links], return_inverse=True)[1].reshape(-1, 2)
    return WalkNetwork(ends.astype(np.int32), np.array([length for _, length in links]))


@st.composite
def walks(draw: st.DrawFn) -> tuple[WalkNetwork, NDArray[np.int64], NDArray[np.float64]]:
    """A network and a few starts on it."""
    net = draw(networks())
    link = np.array(draw(st.lists(st.integers(0, len(net.ends) - 1), max_size=6)), dtype=np.int64)
    share = [draw(st.sampled_from([0.0, 0.25, 0.5, 1.0])) for _ in link]
    return net, link, net.length_m[link] * np.array(share)


def as_networkx(net: WalkNetwork) -> nx.MultiGraph:
    """The network with ``metres`` on its edges, whose keys are link numbers."""
    graph = nx.MultiGraph()
    for link, ((a, b), metres) in enumerate(zip(net.ends.tolist(), net.length_m.tolist(), strict=True)):
        graph.add_edge(a, b, key=link, metres=metres)
    return graph


def with_start(graph: nx.MultiGraph, net: WalkNetwork, link: int, along_m: float) -> nx.MultiGraph:
    """The graph with a place on a link as one more node (in place: the next start replaces it)."""
    if graph.has_node(START):
        graph.remove_node(START)
    a, b = net.ends[link].tolist()
    graph.add_edge(START, a, metres=float(along_m))
    graph.add_edge(START, b, metres=float(net.length_m[link] - along_m))
    return graph


def twin_within(graph: nx.MultiGraph, limit_m: float) -> dict[int, float]:
    found = nx.single_source_dijkstra_path_length(graph, START, cutoff=limit_m, weight="metres")
    return {node: metres for node, metres in found.items() if node != START}


def twin_in_hops(graph: nx.MultiGraph, hops: int) -> dict[int, int]:
    found = nx.single_source_shortest_path_length(graph, START, cutoff=hops)
    return {node: away for node, away in found.items() if node != START}


def rows(reached: Any, start: int) -> list[tuple[int, float]]:
    """(node, metres or hops) of one start, in the order told."""
    here = slice(*reached.first[start : start + 2])
    away = reached.metres if hasattr(reached, "metres") else reached.hops
    return list(zip(reached.node[here].tolist(), away[here].tolist(), strict=True))


def twice(net: WalkNetwork) -> WalkNetwork:
    """Two of it, side by side, not joined."""
    return WalkNetwork(np.concatenate([net.ends, net.ends + len(net)]), np.tile(net.length_m, 2))
