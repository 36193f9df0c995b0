"""Bounded search over streets against networkx, and what its answers must not depend on."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.graphs.city.walked import as_networkx, networks, rows, twice, twin_in_hops, twin_within, walks, with_start
from ugembed.errors import GraphError
from ugembed.graphs.city.walking import Reached, WalkNetwork, Workspace, cut_out, reached_in_hops, reached_within

Walk = tuple[WalkNetwork, NDArray[np.int64], NDArray[np.float64]]
unhurried = settings(deadline=None)  # the first call may compile
LIMITS = st.one_of(st.sampled_from([0.0, 1.0, 2.0, 4.5, float("inf")]), st.floats(0, 30))

# 0 --5-- 1 --5-- 2     two ways from 1 to 2, a ring at 2, and 3 -- 4 apart
ENDS = np.array([[0, 1], [1, 2], [2, 1], [2, 2], [3, 4]], dtype=np.int32)
LENGTHS = np.array([5.0, 5.0, 3.0, 8.0, 0.0])


def starts(*links: int) -> NDArray[np.int64]:
    return np.array(links, dtype=np.int64)


def metres(*along: float) -> NDArray[np.float64]:
    return np.array(along)


def test_a_start_on_a_link_goes_both_ways_and_takes_the_shorter_of_two_links() -> None:
    net = WalkNetwork(ENDS, LENGTHS)
    reached = reached_within(net, link=starts(0, 3, 4), along_m=metres(1.0, 6.0, 0.0), limit_m=7.0)
    assert rows(reached, 0) == [(0, 1.0), (1, 4.0), (2, 7.0)]
    assert rows(reached, 1) == [(2, 2.0), (1, 5.0)]  # the ring's shorter side
    assert rows(reached, 2) == [(3, 0.0), (4, 0.0)]
    assert (reached.first.dtype, reached.node.dtype, reached.metres.dtype) == (np.int64, np.int32, np.float64)


def test_hops_count_links_the_own_link_first() -> None:
    net = WalkNetwork(ENDS, LENGTHS)
    assert [rows(reached_in_hops(net, link=starts(0), hops=hops), 0) for hops in range(3)] == [
        [],
        [(0, 1), (1, 1)],
        [(0, 1), (1, 1), (2, 2)],
    ]


def test_the_cut_out_tells_every_link_among_the_nodes_once() -> None:
    net = WalkNetwork(ENDS, LENGTHS)
    reached = reached_within(net, link=starts(0, 1), along_m=metres(1.0, 5.0), limit_m=4.0)
    cut = cut_out(net, reached)
    assert cut.first.tolist() == [0, 1, 4]
    assert list(zip(cut.link, cut.source, cut.target, strict=True)) == [(0, 0, 1), (2, 0, 1), (3, 0, 0), (1, 1, 0)]


@unhurried
@given(walks(), LIMITS)
def test_the_same_nodes_and_metres_as_networkx(walk: Walk, limit_m: float) -> None:
    net, link, along_m = walk
    reached = reached_within(net, link=link, along_m=along_m, limit_m=limit_m)
    graph = as_networkx(net)
    assert len(reached.first) == len(link) + 1
    for i, (start, along) in enumerate(zip(link, along_m, strict=True)):
        found = rows(reached, i)
        assert found == sorted(found, key=lambda row: (row[1], row[0]))
        assert dict(found) == twin_within(with_start(graph, net, start, along), limit_m)
        assert len(dict(found)) == len(found)


@unhurried
@given(walks(), st.integers(0, 14))
def test_the_same_hops_as_networkx(walk: Walk, hops: int) -> None:
    net, link, along_m = walk
    reached = reached_in_hops(net, link=link, hops=hops)
    graph = as_networkx(net)
    for i, (start, along) in enumerate(zip(link, along_m, strict=True)):
        found = rows(reached, i)
        assert found == sorted(found, key=lambda row: (row[1], row[0]))
        assert dict(found) == twin_in_hops(with_start(graph, net, start, along), hops)
        assert len(dict(found)) == len(found)


@unhurried
@given(walks(), LIMITS)
def test_the_same_links_as_the_subgraph_of_networkx(walk: Walk, limit_m: float) -> None:
    net, link, along_m = walk
    reached = reached_within(net, link=link, along_m=along_m, limit_m=limit_m)
    cut = cut_out(net, reached)
    graph = as_networkx(net)
    for i in range(len(link)):
        nodes = reached.node[slice(*reached.first[i : i + 2])]
        here = slice(*cut.first[i : i + 2])
        induced: nx.MultiGraph = graph.subgraph(nodes.tolist())
        assert sorted(cut.link[here].tolist()) == sorted(key for _, _, key in induced.edges(keys=True))
        ends = np.stack([nodes[cut.source[here]], nodes[cut.target[here]]], axis=1)
        assert ends.tolist() == net.ends[cut.link[here]].tolist()
        order = list(zip(cut.source[here], ends[:, 1], cut.link[here], strict=True))
        assert order == sorted(order)


@unhurried
@given(walks(), LIMITS, st.randoms(use_true_random=False))
def test_an_answer_depends_on_its_own_start_only(walk: Walk, limit_m: float, chance: object) -> None:
    net, link, along_m = walk
    room = Workspace(net)
    order = list(range(len(link)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    reached = reached_within(net, link=link, along_m=along_m, limit_m=limit_m)
    mixed = reached_within(net, link=link[order], along_m=along_m[order], limit_m=limit_m, workspace=room)
    for place, i in enumerate(order):
        alone = reached_within(net, link=link[i : i + 1], along_m=along_m[i : i + 1], limit_m=limit_m, workspace=room)
        assert rows(mixed, place) == rows(reached, i) == rows(alone, 0)


@unhurried
@given(networks(), st.randoms(use_true_random=False))
def test_the_order_and_direction_of_links_change_nothing(net: WalkNetwork, chance: object) -> None:
    order = list(range(len(net.ends)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    other = WalkNetwork(net.ends[order][:, ::-1], net.length_m[order])
    along = net.length_m[order[0]]
    one = reached_within(net, link=starts(order[0]), along_m=metres(along), limit_m=9.0)
    two = reached_within(other, link=starts(0), along_m=metres(0.0), limit_m=9.0)
    assert rows(one, 0) == rows(two, 0)


@unhurried
@given(walks(), LIMITS)
def test_a_city_twice_as_large_is_not_more_work(walk: Walk, limit_m: float) -> None:
    net, link, along_m = walk
    larger = twice(net)
    rooms = Workspace(net), Workspace(larger)
    for city, room in zip((net, larger), rooms, strict=True):
        reached_within(city, link=link, along_m=along_m, limit_m=limit_m, workspace=room)
        reached_in_hops(city, link=link, hops=3, workspace=room)
    assert rooms[0].arcs == rooms[1].arcs
    degree = Counter(net.ends.reshape(-1).tolist())
    found = reached_within(net, link=link, along_m=along_m, limit_m=limit_m).node.tolist()
    found += reached_in_hops(net, link=link, hops=2).node.tolist()
    assert rooms[0].arcs == sum(degree[node] for node in found)


def test_more_nodes_than_there_is_room_for_at_first() -> None:
    """A long street: 5000 nodes in a row, then many starts at once."""
    nodes = np.arange(5000, dtype=np.int32)
    net = WalkNetwork(np.stack([nodes[:-1], nodes[1:]], axis=1), np.ones(4999))
    reached = reached_within(net, link=starts(0, *range(0, 4000, 7)), along_m=np.zeros(573), limit_m=1e9)
    assert rows(reached, 0) == [(i, float(i)) for i in range(5000)]
    assert len(reached.node) == 5000 * 573
    assert len(cut_out(net, reached).link) == 4999 * 573
    assert rows(reached_in_hops(net, link=starts(0), hops=10**9), 0)[-1] == (4999, 4999)


def test_many_nodes_equally_far_come_by_number() -> None:
    """A star of no length, numbered outwards from its last node."""
    ends = np.array([[300, i] for i in reversed(range(300))], dtype=np.int32)
    reached = reached_within(WalkNetwork(ends, np.zeros(300)), link=starts(5), along_m=metres(0.0), limit_m=0.0)
    assert rows(reached, 0) == [(i, 0.0) for i in range(301)]


def test_threads_with_a_workspace_each_agree_with_one() -> None:
    rng = np.random.default_rng(5)
    grid = np.arange(10_000).reshape(100, 100)
    across, down = (
        np.stack([a.ravel(), b.ravel()], 1) for a, b in ((grid[:, :-1], grid[:, 1:]), (grid[:-1], grid[1:]))
    )
    net = WalkNetwork(np.concatenate([across, down]).astype(np.int32), rng.uniform(30, 130, 19_800))
    link = rng.integers(0, 19_800, 200)

    def search(part: NDArray[np.int64]) -> Reached:
        return reached_within(net, link=part, along_m=np.zeros(len(part)), limit_m=800.0)

    whole = search(link)
    with ThreadPoolExecutor(2) as threads:
        parts = list(threads.map(search, np.split(link, 8)))
    assert np.array_equal(np.concatenate([part.node for part in parts]), whole.node)
    assert np.array_equal(np.concatenate([part.metres for part in parts]), whole.metres)


def test_a_network_may_lie_in_read_only_files(tmp_path: Path) -> None:
    net, mapped = WalkNetwork(ENDS, LENGTHS), WalkNetwork(ENDS, LENGTHS)
    for name in ("first", "neighbour", "metres", "link", "forward", "ends", "length_m"):
        np.save(tmp_path / f"{name}.npy", getattr(net, name))
        setattr(mapped, name, np.load(tmp_path / f"{name}.npy", mmap_mode="r"))
    one, two = (reached_within(city, link=starts(1), along_m=metres(2.0), limit_m=9.0) for city in (net, mapped))
    assert rows(one, 0) == rows(two, 0)
    assert cut_out(net, one).link.tolist() == cut_out(mapped, two).link.tolist()


def test_a_city_without_streets_has_no_start() -> None:
    net = WalkNetwork(np.empty((0, 2), dtype=np.int32), np.empty(0))
    assert len(net) == 0
    reached = reached_within(net, link=starts(), along_m=metres(), limit_m=5.0)
    assert (reached.first.tolist(), cut_out(net, reached).first.tolist()) == ([0], [0])


@pytest.mark.parametrize(
    ("ends", "lengths", "code"),
    [
        ([[0, 1], [1, -1]], [1, 1], "walk-ends"),
        ([[0, 1], [1, 3]], [1, 1], "walk-ends"),
        ([[0, 1], [1, 4]], [1, 1], "walk-ends"),
        ([[0.0, 1.0]], [1], "walk-ends"),
        ([0, 1], [1], "walk-ends"),
        ([[0, 1]], [float("nan")], "walk-length"),
        ([[0, 1]], [float("inf")], "walk-length"),
        ([[0, 1]], [-1e-9], "walk-length"),
        ([[0, 1]], [1, 1], "walk-length"),
    ],
)
def test_what_is_no_network_is_refused(ends: list[object], lengths: list[float], code: str) -> None:
    with pytest.raises(GraphError) as caught:
        WalkNetwork(np.array(ends), np.array(lengths))  # type: ignore[arg-type]
    assert (caught.value.code, bool(caught.value.hint)) == (code, True)


@pytest.mark.parametrize(
    ("link", "along", "limit", "code"),
    [
        ([5], [0], 1, "walk-start"),
        ([0, -1], [0, 0], 1, "walk-start"),
        ([0.0], [0], 1, "walk-start"),
        ([0, 0], [0], 1, "walk-start"),
        ([0], [5.0001], 1, "walk-start"),
        ([0], [-0.0001], 1, "walk-start"),
        ([0], [float("nan")], 1, "walk-start"),
        ([0], [0], -1, "walk-limit"),
        ([0], [0], float("nan"), "walk-limit"),
    ],
)
def test_what_is_no_start_is_refused(link: list[float], along: list[float], limit: float, code: str) -> None:
    with pytest.raises(GraphError) as caught:
        reached_within(WalkNetwork(ENDS, LENGTHS), link=np.array(link), along_m=np.array(along), limit_m=limit)
    assert (caught.value.code, bool(caught.value.hint)) == (code, True)


def test_a_rounding_hair_beyond_the_end_is_the_end() -> None:
    net = WalkNetwork(ENDS, LENGTHS)
    reached = reached_within(net, link=starts(0, 0), along_m=metres(5.0 + 1e-9, -1e-9), limit_m=5.0)
    assert (rows(reached, 0)[0], rows(reached, 1)[0]) == ((1, 0.0), (0, 0.0))


def test_a_workspace_of_another_network_is_refused() -> None:
    net = WalkNetwork(ENDS, LENGTHS)
    with pytest.raises(GraphError) as caught:
        reached_within(net, link=starts(0), along_m=metres(0.0), limit_m=1.0, workspace=Workspace(twice(net)))
    assert caught.value.code == "walk-workspace"
    with pytest.raises(GraphError, match="within -1"):
        reached_in_hops(net, link=starts(0), hops=-1)


@pytest.mark.parametrize(("first", "node"), [([0, 1], [5]), ([0, 1], [-1]), ([0, 2], [1]), ([0, 2, 1], [1]), ([], [])])
def test_rows_of_another_network_are_not_cut_out(first: list[int], node: list[int]) -> None:
    rows_elsewhere = Reached(np.array(first), np.array(node, dtype=np.int32), np.zeros(len(node)))
    with pytest.raises(GraphError) as caught:
        cut_out(WalkNetwork(ENDS, LENGTHS), rows_elsewhere)
    assert caught.value.code == "walk-rows"
