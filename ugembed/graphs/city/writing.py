"""Nodes and edges of graph files put together from ready pieces, compiled by numba; imported where graphs are cut.

Pieces are `Words` as (data, first) tuples. Numbers come as the inside of a JSON list, ``1.5,null,3.25``, with as many
entries as there are rows that want one; ``null`` says that a number is not known. Rows of graph i are
``first[i]:first[i + 1]``; what is made of them has commas between and stands in the bytes
``made_first[i]:made_first[i + 1]`` of what is returned, (data, made_first).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ugembed.graphs.city.compiled import compiled, inlined, read_only

_BYTES, _ROWS, _FLAGS = read_only(types.uint8), read_only(types.int64), read_only(types.boolean)
_WORDS = types.Tuple((_BYTES, _ROWS))
_TEXTS = types.Tuple((_BYTES, _BYTES))
_COMMA, _CLOSE, _END_LIST, _NULL = b",}]n"
_COORDS, _WALK = (np.frombuffer(text, np.uint8) for text in (b',"coords":[', b',"walk_m":'))
_SOURCE, _TARGET, _STREET, _DISTANCE, _BEARING = (
    np.frombuffer(text, np.uint8)
    for text in (b'{"source":', b',"target":', b',"street":', b',"distance":', b',"bearing":')
)
_LONGEST_NUMBER = 32
_NODE_ROOM = len(_COORDS) + len(_WALK) + 3 * _LONGEST_NUMBER  # beside a word
_EDGE_ROOM = len(_SOURCE) + len(_TARGET) + len(_STREET) + len(_DISTANCE) + len(_BEARING) + 2 * _LONGEST_NUMBER


@intrinsic  # type: ignore[untyped-decorator]
def _copy(_: Any, out: Any, at: Any, piece: Any, start: Any, size: Any) -> Any:
    """``out[at : at + size] = piece[start : start + size]`` by one memcpy; a loop over some hundred bytes is slower."""

    def written(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        to, there, source, here, length = values
        to, source = (
            context.make_array(kind)(context, builder, array).data
            for kind, array in ((signature.args[0], to), (signature.args[2], source))
        )
        cgutils.raw_memcpy(builder, builder.gep(to, [there]), builder.gep(source, [here]), length, 1)
        return context.get_dummy_value()

    return types.void(out, types.intp, piece, types.intp, types.intp), written


@inlined
def _put(out: Any, at: int, piece: Any, start: int, stop: int) -> int:
    """Copy ``piece[start:stop]``; returns where to go on."""
    _copy(out, at, piece, start, stop - start)
    return at + stop - start


@inlined
def _end(text: Any, start: int) -> int:
    """Where the number that begins at ``start`` ends."""
    stop = start
    while stop < len(text) and text[stop] != _COMMA:
        stop += 1
    return stop


@inlined
def _room(words: Any, rows: Any, more: int) -> Any:
    """For the words of rows and ``more`` bytes beside each."""
    _, first = words
    size = 0
    for row in rows:
        size += first[row + 1] - first[row] + more
    return np.empty(size, np.uint8)


@compiled(_WORDS, _ROWS, _ROWS, _FLAGS, _TEXTS, _BYTES)
def nodes_json(words: Any, first: Any, rows: Any, is_open: Any, place: Any, walk: Any) -> Any:
    """The nodes ``rows``: open ones get ``coords``, from ``place``, and those whose way is known ``walk_m``."""
    data, word_first = words
    lon, lat = place
    out, at, x, y, w = _room(words, rows, _NODE_ROOM), 0, 0, 0, 0
    made_first = np.zeros(len(first), np.int64)
    for graph in range(len(first) - 1):
        for i in range(first[graph], first[graph + 1]):
            if i > first[graph]:
                out[at] = _COMMA
                at += 1
            at = _put(out, at, data, word_first[rows[i]], word_first[rows[i] + 1])
            if is_open[i]:
                x_end, y_end = _end(lon, x), _end(lat, y)
                at = _put(out, at, _COORDS, 0, len(_COORDS))
                at = _put(out, at, lon, x, x_end)
                out[at] = _COMMA
                at = _put(out, at + 1, lat, y, y_end)
                out[at] = _END_LIST
                at, x, y = at + 1, x_end + 1, y_end + 1
            w_end = _end(walk, w)
            if walk[w] != _NULL:
                at = _put(out, at, _WALK, 0, len(_WALK))
                at = _put(out, at, walk, w, w_end)
            out[at] = _CLOSE
            at, w = at + 1, w_end + 1
        made_first[graph + 1] = at
    return out[:at], made_first


@compiled(types.Tuple((_WORDS, _WORDS, _WORDS)), types.Tuple((_ROWS, _ROWS, _ROWS, _ROWS)), _FLAGS, _TEXTS)
def edge_words(words: Any, edges: Any, is_open: Any, measured: Any) -> Any:
    """The JSON object of every edge, as words; an open one without its end, ``distance`` and ``bearing``.

    Args:
        words: Ids of nodes as JSON strings; for every kind its entry ``,"type":"…"``; names of streets as JSON strings.
        edges: Source, target, kind, and the street walked along (-1: none) of each edge.
        measured: ``distance`` and ``bearing`` of every edge, whatever they are of open ones.
    """
    (ids, id_first), (kinds, kind_first), (names, name_first) = words
    source, target, kind, street = edges
    size = 0
    for i in range(len(source)):
        a, b, k, s = source[i], target[i], kind[i], street[i]
        size += id_first[a + 1] - id_first[a] + id_first[b + 1] - id_first[b] + kind_first[k + 1] - kind_first[k]
        size += _EDGE_ROOM + (name_first[s + 1] - name_first[s] if s >= 0 else 0)
    out, at, m, d = np.empty(size, np.uint8), 0, 0, 0
    made_first = np.zeros(len(source) + 1, np.int64)
    for i in range(len(source)):
        a, b, k, s = source[i], target[i], kind[i], street[i]
        at = _put(out, at, _SOURCE, 0, len(_SOURCE))
        at = _put(out, at, ids, id_first[a], id_first[a + 1])
        at = _put(out, at, _TARGET, 0, len(_TARGET))
        at = _put(out, at, ids, id_first[b], id_first[b + 1])
        at = _put(out, at, kinds, kind_first[k], kind_first[k + 1])
        if s >= 0:
            at = _put(out, at, _STREET, 0, len(_STREET))
            at = _put(out, at, names, name_first[s], name_first[s + 1])
        m_end, d_end = _end(measured[0], m), _end(measured[1], d)
        if not is_open[i]:
            at = _put(out, at, _DISTANCE, 0, len(_DISTANCE))
            at = _put(out, at, measured[0], m, m_end)
            at = _put(out, at, _BEARING, 0, len(_BEARING))
            at = _put(out, at, measured[1], d, d_end)
            out[at] = _CLOSE
            at += 1
        m, d = m_end + 1, d_end + 1
        made_first[i + 1] = at
    return out[:at].copy(), made_first


@compiled(_WORDS, _ROWS, _ROWS, _FLAGS, _TEXTS)
def edges_json(words: Any, first: Any, rows: Any, is_open: Any, measured: Any) -> Any:
    """The edges ``rows``: open ones get their end, with ``distance`` and ``bearing`` from ``measured``."""
    data, word_first = words
    out, at, m, d = _room(words, rows, _EDGE_ROOM), 0, 0, 0
    made_first = np.zeros(len(first), np.int64)
    for graph in range(len(first) - 1):
        for i in range(first[graph], first[graph + 1]):
            if i > first[graph]:
                out[at] = _COMMA
                at += 1
            at = _put(out, at, data, word_first[rows[i]], word_first[rows[i] + 1])
            if is_open[i]:
                m_end, d_end = _end(measured[0], m), _end(measured[1], d)
                at = _put(out, at, _DISTANCE, 0, len(_DISTANCE))
                at = _put(out, at, measured[0], m, m_end)
                at = _put(out, at, _BEARING, 0, len(_BEARING))
                at = _put(out, at, measured[1], d, d_end)
                out[at] = _CLOSE
                at, m, d = at + 1, m_end + 1, d_end + 1
        made_first[graph + 1] = at
    return out[:at], made_first
