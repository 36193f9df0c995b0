"""Wrong answers that are worth ranking: other places 100 to 1000 m from where a question is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ugembed.errors import DataError
from ugembed.geo.geodesy import Floats, distance_m
from ugembed.records.item import Place

CANDIDATES = 20
NEAR_M, FAR_M = 100.0, 1000.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible answer: what it is called in messages, where it is, and what is shown."""

    id: str
    place: Place
    text: str


def choose_distractors(
    anchor: Candidate,
    pool: Sequence[Candidate],
    *,
    rng: np.random.Generator,
    count: int = CANDIDATES - 1,
    first: Iterable[Candidate] = (),
) -> list[Candidate]:
    """``count`` wrong answers: ``first`` in their order, wherever they are, topped up from ``pool`` by chance.

    Of the pool only places `NEAR_M` to `FAR_M` metres from the anchor are taken. No two texts are equal, and none is
    the anchor's. What belongs to another split must not be in ``pool``.

    Raises:
        DataError: ``candidates-few`` when there are not enough.
    """
    distance = distances_m(anchor.place, pool)
    within = np.flatnonzero((distance >= NEAR_M) & (distance <= FAR_M))
    taken = {anchor.text}
    chosen: list[Candidate] = []
    for candidate in (*first, *(pool[k] for k in rng.permutation(within).tolist())):
        if len(chosen) == count:
            break
        if candidate.text not in taken:
            taken.add(candidate.text)
            chosen.append(candidate)
    if len(chosen) < count:
        raise DataError(
            f"{anchor.id}: {len(chosen)} other answers {NEAR_M:.0f} to {FAR_M:.0f} m away, {count} are needed",
            code="candidates-few",
            hint="use more places per split, or fewer candidates",
        )
    return chosen


def with_gold(gold: Candidate, others: Sequence[Candidate], rng: np.random.Generator) -> tuple[list[Candidate], int]:
    """All candidates in random order, and the index of the right one."""
    everyone = [gold, *others]
    order = rng.permutation(len(everyone)).tolist()
    return [everyone[k] for k in order], order.index(0)


def distances_m(place: Place, pool: Sequence[Candidate]) -> Floats:
    """Metres from a place to every candidate."""
    lon = np.array([candidate.place.lon for candidate in pool])
    lat = np.array([candidate.place.lat for candidate in pool])
    return distance_m(place.lon, place.lat, lon, lat)
