"""The search itself, compiled (`ugembed.graphs.city.compiled`); imported only where someone walks (`walking`).

Arrays travel in tuples:
    network: ``first``, ``neighbour``, ``metres``, ``forward`` of a `WalkNetwork`.
    starts: node (starts, 2) int32 and metres (starts, 2) float64, both ends of the link on which each start lies.
    space: ``label`` (nodes, 2) float64, the number of the last search that came to a node and what it found there;
        ``order`` (nodes,) int32, the nodes of the present search as they were found; a heap's ``key`` float64 and
        ``item`` int32, with room for two more than the network has arcs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from ugembed.graphs.city.compiled import compiled, inlined, read_only

_FEW = 1024  # nodes there is room for at first


_INT, _NUMBER, _FLOAT, _FLAG = (read_only(kind) for kind in (types.int64, types.int32, types.float64, types.boolean))
_NETWORK = types.Tuple((_INT, _NUMBER, _FLOAT, _FLAG))
_STARTS = types.Tuple((read_only(types.int32, 2), read_only(types.float64, 2)))
_SPACE = types.Tuple((types.float64[:, ::1], types.int32[::1], types.float64[::1], types.int32[::1]))
_ROWS = types.Tuple((_INT, _NUMBER))


@inlined
def _push(heap: Any, size: int, key: float, item: int) -> int:
    """Put one item into the binary heap (smallest key on top); returns the new size."""
    keys, items = heap
    hole = size
    while hole > 0:
        above = (hole - 1) >> 1
        if keys[above] <= key:
            break
        keys[hole], items[hole] = keys[above], items[above]
        hole = above
    keys[hole], items[hole] = key, item
    return size + 1


@inlined
def _pop(heap: Any, size: int) -> int:
    """Take the top away, which the caller has read; returns the new size.

    Which of two children is smaller cannot be foretold, so it is reckoned, not branched upon: a quarter faster.
    """
    keys, items = heap
    size -= 1
    key, item = keys[size], items[size]
    hole, below = 0, 1
    while below < size:
        below += keys[below + 1] < keys[below]  # at the end this reads ``key`` itself, which ends the loop
        if keys[below] >= key:
            break
        keys[hole], items[hole] = keys[below], items[below]
        hole, below = below, 2 * below + 1
    keys[hole], items[hole] = key, item
    return size


@inlined
def _sort(node: Any, start: int, stop: int, heap: Any) -> None:
    """Sort ``node[start:stop]``."""
    size = 0
    for i in range(start, stop):
        size = _push(heap, size, node[i], node[i])
    for i in range(start, stop):
        node[i] = heap[1][0]
        size = _pop(heap, size)


@inlined
def _sort_ties(order: Any, label: Any, found: int, heap: Any) -> None:
    """Bring what was found, which comes sorted by what its labels say, into the order of (label, node)."""
    start = 0
    for i in range(1, found + 1):
        if i == found or label[order[i], 1] != label[order[start], 1]:
            if i - start > 1:
                _sort(order, start, i, heap)
            start = i


@inlined
def _longer(array: Any, size: int) -> Any:
    """The same with room for at least ``size``."""
    more = np.empty(max(2 * len(array), size), array.dtype)
    more[: len(array)] = array
    return more


@inlined
def _reach(node: int, metres: float, bounds: Any, label: Any, heap: Any, size: int) -> int:
    """Note a way to a node, if it is within the limit and the shortest so far; returns the heap's new size."""
    limit_m, search = bounds
    if metres > limit_m or (label[node, 0] == search and label[node, 1] <= metres):
        return size
    label[node, 0], label[node, 1] = search, metres
    return _push(heap, size, metres, node)


@inlined
def _walk(network: Any, start: Any, bounds: Any, space: Any) -> Any:
    """Dijkstra (1959) from one start, with a heap in which old entries stay; returns nodes found and arcs looked at."""
    first, neighbour, metres, _ = network
    label, order, heap = space[0], space[1], (space[2], space[3])
    size, found, arcs = 0, 0, 0
    for end in range(2):
        size = _reach(start[0][end], start[1][end], bounds, label, heap, size)
    while size > 0:
        here_m, here = heap[0][0], heap[1][0]
        size = _pop(heap, size)
        if here_m > label[here, 1]:  # an old entry: a shorter way has come since
            continue
        order[found] = here
        found += 1
        arcs += first[here + 1] - first[here]
        for arc in range(first[here], first[here + 1]):
            size = _reach(neighbour[arc], here_m + metres[arc], bounds, label, heap, size)
    return found, arcs


@inlined
def _visit(node: int, hops: float, search: float, label: Any, order: Any, found: int) -> int:
    """Add a node unless this search has it; returns how many there are."""
    if label[node, 0] == search:
        return found
    label[node, 0], label[node, 1] = search, hops
    order[found] = node
    return found + 1


@inlined
def _hop(network: Any, start: Any, bounds: Any, space: Any) -> Any:
    """Breadth first from one start; returns the numbers of nodes found and of arcs looked at."""
    first, neighbour, _, _ = network
    label, order = space[0], space[1]
    limit, search = bounds
    found, arcs, done = 0, 0, 0
    if limit >= 1:
        for end in range(2):
            found = _visit(start[0][end], 1, search, label, order, found)
    while done < found and label[order[done], 1] < limit:
        here = order[done]
        done += 1
        arcs += first[here + 1] - first[here]
        for arc in range(first[here], first[here + 1]):
            found = _visit(neighbour[arc], label[here, 1] + 1, search, label, order, found)
    return found, arcs


@compiled(_NETWORK, _STARTS, types.Tuple((types.float64, types.boolean)), _SPACE, types.int64)
def reached(network: Any, starts: Any, limit: Any, space: Any, search: int) -> Any:
    """Nodes within the limit of each start.

    Args:
        limit: How far, and whether it counts metres (else links; the ends of a start's own link are 1 away).
        search: The number of the last search in this space.

    Returns:
        first (starts + 1) int64; node int32 and how far it is, float64; the number of arcs looked at.
    """
    label, order, heap = space[0], space[1], (space[2], space[3])
    first = np.zeros(len(starts[0]) + 1, np.int64)
    node, away = np.empty(_FEW, np.int32), np.empty(_FEW, np.float64)
    arcs = 0
    for i in range(len(starts[0])):
        start, bounds = (starts[0][i], starts[1][i]), (limit[0], float(search + 1 + i))
        found, seen = _walk(network, start, bounds, space) if limit[1] else _hop(network, start, bounds, space)
        _sort_ties(order, label, found, heap)
        arcs += seen
        begin, first[i + 1] = first[i], first[i] + found
        if first[i + 1] > len(node):
            node, away = _longer(node, first[i + 1]), _longer(away, first[i + 1])
        for j in range(found):
            node[begin + j], away[begin + j] = order[j], label[order[j], 1]
    return first, node[: first[-1]].copy(), away[: first[-1]].copy(), arcs


@compiled(_NETWORK, read_only(types.int32), _ROWS, _SPACE, types.int64)
def links_among(network: Any, link_of_arc: Any, rows: Any, space: Any, search: int) -> Any:
    """Links with both ends among the nodes of one start, for each start.

    Args:
        rows: first (starts + 1) int64 and node int32.
        search: The number of the last search in this space.

    Returns:
        first (starts + 1) int64; link, and the positions of its start and end among the nodes, int32.
    """
    first_arc, neighbour, _, forward = network
    begin, node = rows
    label = space[0]
    first = np.zeros(len(begin), np.int64)
    most = 0
    for here in node:
        most += first_arc[here + 1] - first_arc[here]
    link, source, target = np.empty(most, np.int32), np.empty(most, np.int32), np.empty(most, np.int32)
    found = 0
    for i in range(len(begin) - 1):
        search += 1
        for j in range(begin[i], begin[i + 1]):
            label[node[j], 0], label[node[j], 1] = search, j - begin[i]
        for j in range(begin[i], begin[i + 1]):
            for arc in range(first_arc[node[j]], first_arc[node[j] + 1]):
                if forward[arc] and label[neighbour[arc], 0] == search:
                    link[found], source[found] = link_of_arc[arc], j - begin[i]
                    target[found] = label[neighbour[arc], 1]
                    found += 1
        first[i + 1] = found
    return first, link[:found].copy(), source[:found].copy(), target[:found].copy()
