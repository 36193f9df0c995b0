"""How far the nodes of a city are along its streets, from how far the ends of its links are; compiled.

Arrays travel in tuples:
    network: links at every network node as groups (first, rows); ends (links, 2) int32; length of links; street of
        links; crossing at network nodes, -1 for none.
    places: rows by link as groups (first, rows); node, metres from the link's start, metres from the link, of each row.
    areas: rows by street as groups (first, rows); area and metres from the street, of each row.
    starts: link and metres from its start, of each image.
    reached: network nodes and how far each is, of image i the rows ``first[i]:first[i + 1]``: (first, node, metres).
    seen: the city's nodes that are asked about, of image i the rows ``first[i]:first[i + 1]``: (first, node).
    space: ``node_m`` of network nodes, ``walk_m`` of nodes, both infinite elsewhere; ``mark`` of links, zero elsewhere;
        room for the numbers of all nodes, and of all links and one more.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from ugembed.graphs.city.compiled import compiled, inlined, read_only

_INTS, _FLOATS, _NUMBERS = read_only(types.int64), read_only(types.float64), read_only(types.int32)
_NETWORK = types.Tuple((_INTS, _INTS, read_only(types.int32, 2), _FLOATS, _INTS, _INTS))
_PLACES = types.Tuple((_INTS, _INTS, _INTS, _FLOATS, _FLOATS))
_AREAS = types.Tuple((_INTS, _INTS, _INTS, _FLOATS))
_IMAGES = types.Tuple((types.Tuple((_INTS, _FLOATS)), types.Tuple((_INTS, _NUMBERS, _FLOATS))))
_SPACE = types.Tuple((types.float64[::1], types.float64[::1], types.int64[::1], types.int64[::1], types.int64[::1]))


@inlined
def _reach(walk_m: Any, node: int, metres: float, touched: Any, count: int) -> int:
    """Note a way to a node if it is the shortest so far; returns how many nodes were touched."""
    if metres >= walk_m[node]:
        return count
    if walk_m[node] == np.inf:
        touched[count] = node
        count += 1
    walk_m[node] = metres
    return count


@inlined
def _link(link: int, network: Any, places: Any, start: Any, space: Any, count: int) -> int:
    """The street of a link and the places on it; returns how many nodes were touched."""
    _, _, ends, length_m, street, _ = network
    first, rows, node, along_m, gap_m = places
    own, own_along_m = start
    node_m, walk_m, _, touched, _ = space
    from_m, to_m = node_m[ends[link, 0]], node_m[ends[link, 1]]
    count = _reach(walk_m, street[link], 0.0 if link == own else min(from_m, to_m), touched, count)
    for k in range(first[link], first[link + 1]):
        row = rows[k]
        metres = min(from_m + along_m[row], to_m + length_m[link] - along_m[row])
        if link == own:
            metres = min(metres, abs(along_m[row] - own_along_m))
        count = _reach(walk_m, node[row], metres + gap_m[row], touched, count)
    return count


@inlined
def _spread_one(network: Any, places: Any, areas: Any, start: Any, reached: Any, space: Any) -> int:
    """From one image; returns how many nodes were touched."""
    link_first, link_rows, _, _, street, crossing = network
    area_first, area_rows, area, area_gap_m = areas
    node_m, walk_m, mark, touched, links = space
    count, linked = 0, 1
    links[0] = start[0]
    mark[start[0]] = 1
    for node in reached:
        if crossing[node] >= 0:
            count = _reach(walk_m, crossing[node], node_m[node], touched, count)
        for k in range(link_first[node], link_first[node + 1]):
            link = link_rows[k]
            if mark[link] == 0:
                mark[link] = 1
                links[linked] = link
                linked += 1
    for k in range(linked):
        mark[links[k]] = 0
        count = _link(links[k], network, places, start, space, count)
    for k in range(linked):
        on = street[links[k]]
        for row in range(area_first[on], area_first[on + 1]):
            there = area_rows[row]
            count = _reach(walk_m, area[there], walk_m[on] + area_gap_m[there], touched, count)
    return count


@compiled(_NETWORK, _PLACES, _AREAS, _IMAGES, types.Tuple((_INTS, _INTS)), _SPACE)
def spread(network: Any, places: Any, areas: Any, images: Any, seen: Any, space: Any) -> Any:
    """Metres from every image to the city's nodes ``seen``, infinite where ``reached`` does not lead.

    ``images`` is ``(starts, reached)``. A crossing is as far as its network node; a street as its nearer end (0 for the
    image's own); a place as the way to its place on the link, plus the metres from there; an area as the nearest street
    it touches, plus the gap.
    """
    (link, along_m), (reached_first, reached_node, reached_m) = images
    seen_first, seen_node = seen
    node_m, walk_m, _, touched, _ = space
    found = np.empty(len(seen_node), np.float64)
    for i in range(len(link)):
        begin, end = reached_first[i], reached_first[i + 1]
        for k in range(begin, end):
            node_m[reached_node[k]] = reached_m[k]
        count = _spread_one(network, places, areas, (link[i], along_m[i]), reached_node[begin:end], space)
        for k in range(seen_first[i], seen_first[i + 1]):
            found[k] = walk_m[seen_node[k]]
        for k in range(begin, end):
            node_m[reached_node[k]] = np.inf
        for k in range(count):
            walk_m[touched[k]] = np.inf
    return found
