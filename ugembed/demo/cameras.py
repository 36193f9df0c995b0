"""Where the pictures are taken, and which of them are for training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ugembed.demo.model import Camera, CityConfig, District, Edges, Floats, Street, rng_for
from ugembed.errors import DataError

APART_M = 20.0
"""No two pictures of the city are taken nearer to each other, so no held-out place is a training place."""


def place_cameras(
    config: CityConfig, districts: Sequence[District], streets: Sequence[Street], edges: Edges
) -> tuple[Camera, ...]:
    """Cameras on the right-hand lane, looking along the street within a few degrees.

    Raises:
        DataError: ``city-too-small`` when a district has no room for its pictures 20 m apart.
    """
    district_of = np.array([streets[k].district for k in edges.street])
    cameras: list[Camera] = []
    for district in districts:
        if district.seen:
            splits = ["train"] * config.images_per_district + ["heldout"] * config.heldout_per_district
            splits += ["validation"] * config.validation_per_district
        else:
            splits = ["unseen"] * config.unseen_images
        rng = rng_for(config, "cameras", district.number)
        spots = _spots(edges, np.flatnonzero(district_of == district.number), rng, len(splits))
        if len(spots) < len(splits):
            raise DataError(
                f"district {district.number} has room for {len(spots)} pictures {APART_M:.0f} m apart, "
                f"not {len(splits)}",
                code="city-too-small",
                hint="ask for fewer images per district or raise district_m",
            )
        for (edge, position, heading), split in zip(spots, rng.permutation(splits).tolist(), strict=True):
            name = f"v{len(cameras):05d}"
            cameras.append(Camera(name, position, heading, int(edges.street[edge]), district.number, split))
    return tuple(cameras)


def _spots(
    edges: Edges, candidates: np.ndarray, rng: np.random.Generator, count: int
) -> list[tuple[int, tuple[float, float], float]]:
    """Up to ``count`` of (edge, position, heading), `APART_M` from each other."""
    lengths = np.linalg.norm(edges.end - edges.start, axis=1)
    proposals = [(k, t) for k in candidates.tolist() for t in np.arange(10.0, lengths[k] - 10.0, 9.0).tolist()]
    taken = np.empty((0, 2))
    spots: list[tuple[int, tuple[float, float], float]] = []
    for k in rng.permutation(len(proposals)).tolist():
        if len(spots) == count:
            break
        edge, metres = proposals[k]
        forth = (edges.end[edge] - edges.start[edge]) / lengths[edge]
        if rng.random() < 0.5:
            forth = -forth
            metres = lengths[edge] - metres
        origin = edges.start[edge] if forth @ (edges.end[edge] - edges.start[edge]) > 0 else edges.end[edge]
        position: Floats = origin + forth * metres + np.array([forth[1], -forth[0]]) * edges.half_width[edge] * 0.4
        if len(taken) and np.linalg.norm(taken - position, axis=1).min() < APART_M:
            continue
        taken = np.vstack([taken, position])
        heading = float((np.degrees(np.arctan2(forth[0], forth[1])) + rng.normal(0, 5.0)) % 360.0)
        spots.append((edge, (float(position[0]), float(position[1])), heading))
    return spots
