"""The last word on a split: its written files are read again, and nothing may be in two of its parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ugembed.errors import DataError
from ugembed.geo.neighbours import nearest_m
from ugembed.records.split.rows import Ints, Rows

_HAIR_M = 1e-6  # by which rounding may differ


@dataclass(frozen=True, slots=True)
class Checked:
    """What lies between the parts.

    Attributes:
        nearest_m: Metres between the nearest places of two parts, by ``"train / test"``; without parts without places.
        shown_elsewhere: Pictures of one part that rows of another show as negatives or wrong candidates.
    """

    nearest_m: Mapping[str, float]
    shown_elsewhere: int


def check_parts(parts: Mapping[str, Rows], *, whole: Mapping[str, Ints], apart_m: float) -> Checked:
    """Compare every two parts.

    Args:
        parts: The rows of each part, as they were written.
        whole: The cells or cities of each part, if these were not to be cut.
        apart_m: Least metres between two parts.

    Raises:
        DataError: ``split-leak``. It would be a fault of this program, or of whoever wrote to the files meanwhile.
    """
    own = {name: np.unique(np.concatenate([rows.images.name, rows.groups.name])) for name, rows in parts.items()}
    nearest: dict[str, float] = {}
    for one, other in combinations(parts, 2):
        pair = f"{one} / {other}"
        if count := len(np.intersect1d(own[one], own[other])):
            raise _leak(pair, f"{count} pictures or groups are in both")
        if whole and (count := len(np.intersect1d(whole[one], whole[other]))):
            raise _leak(pair, f"{count} cells or cities are in both")
        metres = _nearest(parts[one], parts[other])
        if metres < apart_m - _HAIR_M:
            raise _leak(pair, f"two places are {metres:.1f} m apart, less than {apart_m:g} m")
        if np.isfinite(metres):
            nearest[pair] = metres
    return Checked(nearest, _shown_elsewhere(parts))


def _nearest(some: Rows, others: Rows) -> float:
    one, two = some.placed, others.placed
    metres = nearest_m(some.lon[one], some.lat[one], to_lon=others.lon[two], to_lat=others.lat[two])
    return float(metres.min(initial=np.inf))


def _shown_elsewhere(parts: Mapping[str, Rows]) -> int:
    found = [
        np.intersect1d(parts[one].others.name, parts[other].images.name)
        for one in parts
        for other in parts
        if one != other
    ]
    return len(np.unique(np.concatenate(found))) if found else 0


def _leak(pair: str, what: str) -> DataError:
    return DataError(
        f"{pair}: {what}", code="split-leak", hint="split again when nothing writes to the files; else report it"
    )
