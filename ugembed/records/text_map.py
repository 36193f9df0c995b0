"""A small map in characters: each braille character is 2 x 4 dots, which a terminal draws about square."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ugembed.geo.geodesy import Floats, local_metres

_BLANK = 0x2800
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""The bit of a braille character for the dot in a row (of four, from above) and a column (of two)."""


def text_map(places: Sequence[tuple[float, float]], *, columns: int = 40, rows: int = 12) -> list[str]:
    """Lines of at most ``columns`` x ``rows`` characters with a dot for every (lon, lat); north is up.

    Both axes have the same scale, so the map is as wide or as high as the places ask for. No places give no lines.
    """
    if not places:
        return []
    east, north = _frame(places)
    metres_a_dot = max(np.ptp(east) / (2 * columns - 1), np.ptp(north) / (4 * rows - 1))
    scale = 1 / metres_a_dot if metres_a_dot > 0 else 0.0
    x = np.rint((east - east.min()) * scale).astype(np.int64)
    y = np.rint((north.max() - north) * scale).astype(np.int64)
    cells = np.full((y.max() // 4 + 1, x.max() // 2 + 1), _BLANK)
    np.bitwise_or.at(cells, (y // 4, x // 2), _BITS[y % 4, x % 2])
    return ["".join(map(chr, line)) for line in cells.tolist()]


def extent_m(places: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Metres from the westernmost to the easternmost place, and from the southernmost to the northernmost."""
    east, north = _frame(places)
    return float(np.ptp(east)), float(np.ptp(north))


def _frame(places: Sequence[tuple[float, float]]) -> tuple[Floats, Floats]:
    """Metres east and north of the first place, so that places beside the antimeridian stay neighbours."""
    lon, lat = np.array(places, dtype=np.float64).T
    return local_metres(lon, lat, lon0=float(lon[0]), lat0=float(np.median(lat)))
