"""Rows of a made-up town that the tests of this folder cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import orjson

from tests.records.helpers import TEXT, user, write_rows
from ugembed.geo.geodesy import from_local_metres


def row(image: str, lon: float, lat: float, **more: Any) -> dict[str, Any]:
    """A training row."""
    return {
        "messages": user("<image>Where?"),
        "images": [image],
        "positive_messages": [TEXT],
        "place": {"lon": lon, "lat": lat},
        **more,
    }


def town(
    count: int, *, lon: float = 8.54, lat: float = 47.37, metres: float = 6000, seed: int = 0
) -> list[dict[str, Any]]:
    """Two rows of each of ``count`` images, anywhere in a square of ``metres``."""
    rng = np.random.default_rng(seed)
    lons, lats = from_local_metres(*rng.uniform(-metres / 2, metres / 2, (2, count)), lon0=lon, lat0=lat)
    return [
        row(f"{seed}/{i}.jpg", lons[i].item(), lats[i].item(), id=f"{seed}-{i}-{k}")
        for k in range(2)
        for i in range(count)
    ]


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def decoded(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in lines(path)]


__all__ = ["decoded", "lines", "row", "town", "write_rows"]
