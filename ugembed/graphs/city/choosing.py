"""Which nodes and edges of the city are in a local graph, of many images at once; compiled by numba.

What belongs to image i of several arrays stands in their rows ``first[i]:first[i + 1]``. An order (a, b, rank) is
by the float64 a, then by the float64 b, then by the int64 rank, which no two rows of an image share.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from ugembed.graphs.city.compiled import compiled, inlined, read_only

_INTS, _FLOATS, _FLAGS = read_only(types.int64), read_only(types.float64), read_only(types.boolean)
_ORDER = types.Tuple((_FLOATS, _FLOATS, _INTS))
_FOUND = types.Tuple((read_only(types.int64, 2), _INTS, _FLOATS))
_RUN = 8  # rows that are sorted by insertion before runs are merged
_INSIDE = 3  # the last group that `seen_rows` is given
NEAREST, INSIDE, NEAR = 0, 1, 2
"""Kinds of an image's own edges."""


@inlined
def _is_before(i: int, j: int, order: Any) -> bool:
    a, b, rank = order
    if a[i] != a[j]:
        return bool(a[i] < a[j])
    if b[i] != b[j]:
        return bool(b[i] < b[j])
    return bool(rank[i] < rank[j])


@inlined
def _merge(rows: Any, room: Any, begin: int, middle: int, end: int, order: Any) -> None:
    """Two sorted neighbouring runs of ``rows`` become one, by way of ``room``."""
    left, right = begin, middle
    for k in range(begin, end):
        if left < middle and (right >= end or not _is_before(rows[right], rows[left], order)):
            room[k] = rows[left]
            left += 1
        else:
            room[k] = rows[right]
            right += 1
    for k in range(begin, end):
        rows[k] = room[k]


@inlined
def _sort(rows: Any, room: Any, order: Any) -> None:
    """Merge sort."""
    size = len(rows)
    for begin in range(0, size, _RUN):
        for k in range(begin + 1, min(begin + _RUN, size)):
            row, hole = rows[k], k
            while hole > begin and _is_before(row, rows[hole - 1], order):
                rows[hole] = rows[hole - 1]
                hole -= 1
            rows[hole] = row
    width = _RUN
    while width < size:
        for begin in range(0, size - width, 2 * width):
            _merge(rows, room, begin, begin + width, min(begin + 2 * width, size), order)
        width *= 2


@compiled(_FOUND, types.float64, types.int64[::1])
def seen_rows(found: Any, radius_m: float, row_of: Any) -> Any:
    """Of every (image, node) at most ``radius_m`` metres apart the nearest row; of equally near ones the first.

    Args:
        found: ``first`` (groups, images + 1), of group g and image i the rows ``first[g, i]:first[g, i + 1]`` of the
            node numbers and of the metres. Groups come in turn; the last holds the areas that an image is in.
        row_of: Room, -1 for every node.

    Returns:
        first (images + 1); row, metres to the millimetre, and whether the image is in it, of every node seen.
    """
    group_first, node, metres = found
    images = group_first.shape[1] - 1
    first = np.zeros(images + 1, np.int64)
    row, away, is_inside = np.empty(len(node), np.int64), np.empty(len(node)), np.zeros(len(node), np.bool_)
    count = 0
    for i in range(images):
        for group in range(len(group_first)):
            for k in range(group_first[group, i], group_first[group, i + 1]):
                if metres[k] > radius_m:
                    continue
                there, rounded = row_of[node[k]], np.rint(metres[k] * 1000.0) / 1000.0
                if there < 0:
                    there = count
                    row_of[node[k]], row[there], away[there] = there, k, rounded
                    count += 1
                elif rounded < away[there]:
                    row[there], away[there] = k, rounded
                if group == _INSIDE:
                    is_inside[there] = True
        first[i + 1] = count
        for k in range(first[i], count):
            row_of[node[row[k]]] = -1
    return first, row[:count].copy(), away[:count].copy(), is_inside[:count].copy()


@compiled(_INTS, _FLAGS, _ORDER, types.Tuple((_INTS, _INTS)), types.int64)
def kept_rows(first: Any, allowed: Any, order: Any, caps: Any, most: int) -> Any:
    """The rows that stay, in their order; ``most`` of an image.

    Args:
        first: Rows of each image.
        allowed: Rows that may stay.
        order: (a, b, rank) of every row.
        caps: The kind of every row, and how many of each kind may stay.
    """
    kind, most_of_kind = caps
    kept, kept_first, count = np.empty(len(allowed), np.int64), np.zeros(len(first), np.int64), 0
    room, left = np.empty(len(allowed), np.int64), np.empty(len(most_of_kind), np.int64)
    for i in range(len(first) - 1):
        size = 0
        for row in range(first[i], first[i + 1]):
            if allowed[row]:
                room[size] = row
                size += 1
        rows = room[:size].copy()
        _sort(rows, room, order)
        left[:] = most_of_kind
        for row in rows:
            if count - kept_first[i] < most and left[kind[row]] > 0:
                left[kind[row]] -= 1
                kept[count] = row
                count += 1
        kept_first[i + 1] = count
    return kept_first, kept[:count].copy()


@compiled(_INTS, types.Tuple((_INTS, _INTS)), types.Tuple((_FLAGS, _FLAGS)), _ORDER, types.int64)
def own_rows(first: Any, streets: Any, flags: Any, order: Any, near: int) -> Any:
    """The ends of each image's own edges: its street, the areas it is in, and the ``near`` nearest places.

    Args:
        first: Rows of each image.
        streets: The street of every image, and the node of every row.
        flags: Whether a row is an area that the image is in, and whether it is a place.
        order: What decides which places are nearest.

    Returns:
        first (images + 1); the kind (`NEAREST`, `INSIDE`, `NEAR`) and the row of every edge.
    """
    street, node = streets
    is_inside, is_place = flags
    own_first, count = np.zeros(len(first), np.int64), 0
    kind, own, room = np.empty(len(node), np.int64), np.empty(len(node), np.int64), np.empty(len(node), np.int64)
    for i in range(len(first) - 1):
        for wanted in (NEAREST, INSIDE):
            for row in range(first[i], first[i + 1]):
                if is_inside[row] if wanted == INSIDE else node[row] == street[i]:
                    kind[count], own[count] = wanted, row
                    count += 1
        size = 0
        for row in range(first[i], first[i + 1]):
            if is_place[row] and not is_inside[row]:
                room[size] = row
                size += 1
        places = room[:size].copy()
        _sort(places, room, order)
        for row in places[:near]:
            kind[count], own[count] = NEAR, row
            count += 1
        own_first[i + 1] = count
    return own_first, kind[:count].copy(), own[:count].copy()


@compiled(_INTS, _INTS, types.Tuple((_INTS, _INTS, _INTS)), types.int64[::1])
def edges_among(first: Any, node: Any, edges: Any, row_of: Any) -> Any:
    """The edges with both ends among the nodes of an image, sorted by source, then by their own order.

    Args:
        first, node: Nodes of each image.
        edges: Rows by source as groups (first, rows), and the target of every edge.
        row_of: Room, -1 for every node.

    Returns:
        first (images + 1); the edge, and the rows of its source and its target.
    """
    edge_first, edge_rows, target = edges
    among_first, count = np.zeros(len(first), np.int64), 0
    size = 0
    for here in node:
        size += edge_first[here + 1] - edge_first[here]
    edge, source_row, target_row = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64)
    for i in range(len(first) - 1):
        begin, end = first[i], first[i + 1]
        for row in range(begin, end):
            row_of[node[row]] = row
        for here in np.sort(node[begin:end]):
            for k in range(edge_first[here], edge_first[here + 1]):
                there = row_of[target[edge_rows[k]]]
                if there >= 0:
                    edge[count], source_row[count], target_row[count] = edge_rows[k], row_of[here], there
                    count += 1
        for row in range(begin, end):
            row_of[node[row]] = -1
        among_first[i + 1] = count
    return among_first, edge[:count].copy(), source_row[:count].copy(), target_row[:count].copy()
