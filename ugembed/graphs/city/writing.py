"""Nodes and edges of a graph file put together from ready pieces, compiled by numba; imported where graphs are cut.

Pieces are `Words` as (data, first) tuples. Numbers come as the inside of a JSON list, ``1.5,null,3.25``, with as many
entries as there are rows; ``null`` says that a number is not known.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from ugembed.graphs.city.compiled import compiled, inlined, read_only

_BYTES, _ROWS, _FLAGS = read_only(types.uint8), read_only(types.int64), read_only(types.boolean)
_WORDS = types.Tuple((_BYTES, _ROWS))
_COMMA, _CLOSE, _NULL = b",}n"
_COORDS, _WALK = (np.frombuffer(text, np.uint8) for text in (b',"coords":[', b',"walk_m":'))
_SOURCE, _TARGET, _STREET, _DISTANCE, _BEARING = (
    np.frombuffer(text, np.uint8)
    for text in (b'{"source":', b',"target":', b',"street":', b',"distance":', b',"bearing":')
)
_LONGEST_NUMBER = 32
_NODE_ROOM = len(_COORDS) + len(_WALK) + 3 * _LONGEST_NUMBER  # beside a word
_EDGE_ROOM = len(_SOURCE) + len(_TARGET) + len(_STREET) + len(_DISTANCE) + len(_BEARING) + 2 * _LONGEST_NUMBER


@inlined
def _put(out: Any, at: int, piece: Any, start: int, stop: int) -> int:
    """Copy ``piece[start:stop]``; returns where to go on."""
    end = at + stop - start
    out[at:end] = piece[start:stop]
    return end


@inlined
def _end(text: Any, start: int) -> int:
    """Where the number that begins at ``start`` ends."""
    stop = start
    while stop < len(text) and text[stop] != _COMMA:
        stop += 1
    return stop


@inlined
def _room(words: Any, rows: Any) -> Any:
    _, first = words
    size = 0
    for row in rows:
        size += first[row + 1] - first[row] + _NODE_ROOM
    return np.empty(size, np.uint8)


@compiled(_WORDS, _ROWS, _FLAGS, types.Tuple((_BYTES, _BYTES)), _BYTES)
def nodes_json(words: Any, rows: Any, is_open: Any, place: Any, walk: Any) -> Any:
    """The nodes ``rows``, with commas between: open ones get ``coords``, and those whose way is known ``walk_m``."""
    data, first = words
    lon, lat = place
    out, at, x, y, w = _room(words, rows), 0, 0, 0, 0
    for i in range(len(rows)):
        row = rows[i]
        at = _put(out, at, data, first[row], first[row + 1])
        x_end, y_end, w_end = _end(lon, x), _end(lat, y), _end(walk, w)
        if is_open[i]:
            at = _put(out, at, _COORDS, 0, len(_COORDS))
            at = _put(out, at, lon, x, x_end)
            out[at] = _COMMA
            at = _put(out, at + 1, lat, y, y_end)
            out[at] = 93  # ]
            at += 1
        if walk[w] != _NULL:
            at = _put(out, at, _WALK, 0, len(_WALK))
            at = _put(out, at, walk, w, w_end)
        out[at], out[at + 1] = _CLOSE, _COMMA
        at += 2
        x, y, w = x_end + 1, y_end + 1, w_end + 1
    return out[: max(at - 1, 0)]


@compiled(types.Tuple((_WORDS, _WORDS, _WORDS)), types.Tuple((_ROWS, _ROWS, _ROWS, _ROWS)), _BYTES, _BYTES)
def edges_json(words: Any, edges: Any, metres: Any, degrees: Any) -> Any:
    """Edges, with commas between.

    Args:
        words: Ids of nodes as JSON strings; for every kind its entry ``,"type":"…"``; names of streets as JSON strings.
        edges: Source, target, kind, and the street walked along (-1: none) of each edge.
        metres, degrees: Its ``distance`` and ``bearing``.
    """
    (ids, id_first), (kinds, kind_first), (names, name_first) = words
    source, target, kind, street = edges
    size = 0
    for i in range(len(source)):
        a, b, k, s = source[i], target[i], kind[i], street[i]
        size += id_first[a + 1] - id_first[a] + id_first[b + 1] - id_first[b] + kind_first[k + 1] - kind_first[k]
        size += _EDGE_ROOM + (name_first[s + 1] - name_first[s] if s >= 0 else 0)
    out, at, m, d = np.empty(size, np.uint8), 0, 0, 0
    for i in range(len(source)):
        a, b, k, s = source[i], target[i], kind[i], street[i]
        m_end, d_end = _end(metres, m), _end(degrees, d)
        at = _put(out, at, _SOURCE, 0, len(_SOURCE))
        at = _put(out, at, ids, id_first[a], id_first[a + 1])
        at = _put(out, at, _TARGET, 0, len(_TARGET))
        at = _put(out, at, ids, id_first[b], id_first[b + 1])
        at = _put(out, at, kinds, kind_first[k], kind_first[k + 1])
        if s >= 0:
            at = _put(out, at, _STREET, 0, len(_STREET))
            at = _put(out, at, names, name_first[s], name_first[s + 1])
        at = _put(out, at, _DISTANCE, 0, len(_DISTANCE))
        at = _put(out, at, metres, m, m_end)
        at = _put(out, at, _BEARING, 0, len(_BEARING))
        at = _put(out, at, degrees, d, d_end)
        out[at], out[at + 1] = _CLOSE, _COMMA
        at += 2
        m, d = m_end + 1, d_end + 1
    return out[: max(at - 1, 0)]
