"""The nearest piece of every line around every point, compiled by numba; imported only where it is measured.

Arrays travel in tuples:
    pairs: point and piece, int64, sorted by point: pieces that may be near.
    frames: for every point its earth-centred place and its axes to the east and to the north, each (points, 3) float64.
    pieces: first vertex of every piece, its line, int64, and the earth-centred vertices, (vertices, 3) float64.
    room: for every line the number of the last point that came to it, over all calls, and its row; never cleared.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from ugembed.graphs.city.compiled import compiled, read_only

_INT, _FLOAT = types.int64, types.float64
_PAIRS = types.Tuple((read_only(_INT), read_only(_INT)))
_FRAMES = types.Tuple((read_only(_FLOAT, 2), read_only(_FLOAT, 2), read_only(_FLOAT, 2)))
_PIECES = types.Tuple((read_only(_INT), read_only(_INT), read_only(_FLOAT, 2)))
_ROOM = types.Tuple((types.int64[::1], types.int64[::1]))


@compiled(_PAIRS, _FRAMES, _PIECES, types.float64, types.Tuple((_ROOM, types.int64)))
def nearest_pieces(pairs: Any, frames: Any, pieces: Any, radius_m: float, space: Any) -> Any:
    """Of every (point, line) at most ``radius_m`` metres apart a row (metres, share of the piece, piece, line, point).

    Rows are sorted by point; of equally near pieces of a line the first counts. ``space`` is the room and how many
    points earlier calls have had.
    """
    point, piece = pairs
    here, east, north = frames
    start, line, vertices = pieces
    (asked, row_of_line), before = space
    found = np.empty((len(point), 5))
    count = 0
    for k in range(len(point)):
        p, a, on = point[k], start[piece[k]], line[piece[k]]
        ax, ay, bx, by = 0.0, 0.0, 0.0, 0.0
        for axis in range(3):
            to_a, to_b = vertices[a, axis] - here[p, axis], vertices[a + 1, axis] - here[p, axis]
            ax, ay = ax + to_a * east[p, axis], ay + to_a * north[p, axis]
            bx, by = bx + to_b * east[p, axis], by + to_b * north[p, axis]
        dx, dy = bx - ax, by - ay
        square = dx * dx + dy * dy
        share = min(max(-(ax * dx + ay * dy) / square, 0.0), 1.0) if square > 0 else 0.0
        metres = np.hypot(ax + share * dx, ay + share * dy)
        if metres > radius_m:
            continue
        if asked[on] != before + p + 1:
            asked[on], row_of_line[on] = before + p + 1, count
            found[count, 0], found[count, 1], found[count, 2], found[count, 3] = metres, share, piece[k], on
            found[count, 4] = p
            count += 1
        else:
            row = row_of_line[on]
            if metres < found[row, 0] or (metres == found[row, 0] and piece[k] < found[row, 2]):
                found[row, 0], found[row, 1], found[row, 2] = metres, share, piece[k]
    return found[:count]
