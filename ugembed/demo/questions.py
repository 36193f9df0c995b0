"""Questions on a place whose answer is a name in its graph: the picture alone cannot tell it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ugembed.compose.surroundings import Named, Surroundings, rounded_m
from ugembed.demo.palette import CATEGORIES, LANDMARK_SIZES
from ugembed.demo.spots import Spot


@dataclass(frozen=True, slots=True)
class Question:
    """A question without its answer, a place in the graph; ``rivals`` are the categories of names like the answer."""

    text: str
    answer: Named
    rivals: tuple[str, ...]


Asker = Callable[[Spot, np.random.Generator], Question | None]
_KINDS = tuple(LANDMARK_SIZES)


def nearest_landmark(spot: Spot, rng: np.random.Generator) -> Question | None:
    """The landmark nearest to the camera."""
    for place in spot.known.places:
        if place.category in _KINDS:
            return Question("Which landmark is nearest to this place?", place, _KINDS)
    return None


def nearest_category(spot: Spot, rng: np.random.Generator) -> Question | None:
    """The nearest place of one of the categories around."""
    found = sorted({place.category for place in spot.known.places} & set(CATEGORIES))
    if not found:
        return None
    category = found[int(rng.integers(len(found)))]
    nearest = next(place for place in spot.known.places if place.category == category)
    return Question(f"Which {category} is the nearest to this place?", nearest, (category,))


def direction_distance(spot: Spot, rng: np.random.Generator) -> Question | None:
    """The only place in one compass direction at about one distance."""
    known = spot.known
    clear = [place for place in known.places if place.category in CATEGORIES and _alone(place, known)]
    if not clear:
        return None
    place = clear[int(rng.integers(len(clear)))]
    text = f"Which place lies about {rounded_m(place.distance_m)} m to the {place.direction} of here?"
    return Question(text, place, (place.category,))


def distance(spot: Spot, rng: np.random.Generator) -> Question | None:
    """The only place at about one distance."""
    known = spot.known
    clear = [place for place in known.places if place.category in CATEGORIES and _alone(place, known, anywhere=True)]
    if not clear:
        return None
    place = clear[int(rng.integers(len(clear)))]
    return Question(f"Which place lies about {rounded_m(place.distance_m)} m from here?", place, (place.category,))


def direction(spot: Spot, rng: np.random.Generator) -> Question | None:
    """The only place in one compass direction."""
    found = [place.direction for place in spot.known.places]
    clear = [p for p in spot.known.places if p.category in CATEGORIES and found.count(p.direction) == 1]
    if not clear:
        return None
    place = clear[int(rng.integers(len(clear)))]
    return Question(f"Which place lies to the {place.direction} of here?", place, (place.category,))


def seen_landmark(spot: Spot, rng: np.random.Generator) -> Question | None:
    """The name of the most prominent landmark in the picture: its kind is seen, its name is in the graph."""
    named = [place for place in spot.known.places if place.name in spot.seen_names[:1]]
    if not named:
        return None
    return Question("What is the landmark in the picture called?", named[0], _KINDS)


def _alone(place: Named, known: Surroundings, *, anywhere: bool = False) -> bool:
    """Whether no other place has the same direction (or lies ``anywhere``) and a distance within 30 m."""
    return not any(
        other is not place
        and (anywhere or other.direction == place.direction)
        and abs(other.distance_m - place.distance_m) < 30.0
        for other in known.places
    )


QUESTIONS: dict[str, Asker] = {
    "direction": direction,
    "direction_distance": direction_distance,
    "distance": distance,
    "nearest_category": nearest_category,
    "nearest_landmark": nearest_landmark,
    "seen_landmark": seen_landmark,
}
"""Question types by the name of their benchmark file."""
