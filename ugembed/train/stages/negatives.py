"""Which documents are no negatives of a query, and how much the others count: by label and by place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ugembed.geo.geodesy import distance_m
from ugembed.records.item import Place
from ugembed.train.distributed import gather_objects


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of n queries or n documents beside their vectors.

    Attributes:
        labels: A query and a document with a label in common belong together.
        places: (lon, lat) in degrees where it is known.
    """

    labels: tuple[tuple[str, ...], ...]
    places: tuple[tuple[float, float] | None, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def gathered(self) -> Facts:
        """Those of all processes, in order of rank."""
        labels = [one for part in gather_objects(self.labels) for one in part]
        places = [one for part in gather_objects(self.places) for one in part]
        return Facts(tuple(map(tuple, labels)), tuple(None if one is None else (one[0], one[1]) for one in places))


def lon_lat(place: Place | None) -> tuple[float, float] | None:
    """Degrees of a place, if it is known."""
    return None if place is None else (place.lon, place.lat)


def belonging(queries: Facts, documents: Facts) -> Tensor:
    """(n, m) bool: documents that share a label with a query. What has no label shares nothing."""
    columns: dict[str, list[int]] = {}
    for column, labels in enumerate(documents.labels):
        for label in labels:
            columns.setdefault(label, []).append(column)
    shared = torch.zeros(len(queries), len(documents), dtype=torch.bool)
    for row, labels in enumerate(queries.labels):
        for label in labels:
            shared[row, columns.get(label, [])] = True
    return shared


def metres(queries: Facts, documents: Facts) -> Tensor:
    """(n, m) float64 metres between each query and each document; infinite where a place is not known."""
    (lon1, lat1), (lon2, lat2) = _degrees(queries.places), _degrees(documents.places)
    away = distance_m(lon1[:, None], lat1[:, None], lon2[None, :], lat2[None, :])
    return torch.from_numpy(np.where(np.isnan(away), np.inf, away))


def _degrees(places: Sequence[tuple[float, float] | None]) -> tuple[np.ndarray, np.ndarray]:
    """Longitudes and latitudes, NaN for what is not known."""
    table = np.array([(np.nan, np.nan) if place is None else place for place in places]).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def nearness_weight(away_m: Tensor, near_m: float) -> Tensor:
    """How much negatives count at so many metres: ``1 - exp(-(d / near_m)² / 2)``, 0 at the same place, 1 far away."""
    return -torch.expm1(-(away_m / near_m).square() / 2)
