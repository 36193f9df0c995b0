"""Plane geometry of the synthetic city, in metres."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def distance_to_segments(points: Floats, start: Floats, end: Floats) -> Floats:
    """(n, m) distances of points (n, 2) from segments ``start`` to ``end`` (m, 2)."""
    along = end - start
    length2 = np.maximum((along**2).sum(axis=1), 1e-9)
    relative = points[:, None, :] - start[None]
    t = np.clip((relative * along[None]).sum(axis=2) / length2, 0.0, 1.0)
    return np.asarray(np.linalg.norm(relative - t[..., None] * along[None], axis=2))
