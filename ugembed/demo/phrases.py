"""What a picture shows, in short phrases; no names, and nothing that the picture does not show."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ugembed.demo.palette import NUMBER_WORDS
from ugembed.demo.views import SeenLandmark, SeenPlace, View

_SIDES = {
    "left": ("on the left", "to the left", "at left"),
    "ahead": ("ahead", "straight ahead", "in front"),
    "right": ("on the right", "to the right", "at right"),
    "both": ("on both sides", "left and right"),
}
_BANDS = {"near": ("nearby ", "close "), "middle": ("",), "far": ("distant ", "faraway ")}


def pick(rng: np.random.Generator, options: Sequence[str]) -> str:
    """One of the options."""
    return options[int(rng.integers(len(options)))]


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


def landmark_phrase(landmark: SeenLandmark, rng: np.random.Generator) -> str:
    """``"a red dome ahead"``, ``"a distant red dome on the left"``."""
    looks = f"{pick(rng, _BANDS[landmark.band])}{landmark.colour} {landmark.kind}"
    return f"{_article(looks)} {looks} {pick(rng, _SIDES[landmark.side])}"


def place_phrase(place: SeenPlace, rng: np.random.Generator) -> str:
    """``"a bakery on the left"``: the category shows in the colour of the shop front."""
    return f"a {place.category} {pick(rng, _SIDES[place.side])}"


def house_phrase(view: View, rng: np.random.Generator) -> str:
    """``"brick houses of three storeys"``."""
    many = NUMBER_WORDS[min(view.storeys, len(NUMBER_WORDS) - 1)]
    storeys = "storey" if view.storeys == 1 else "storeys"
    forms = (
        f"{view.wall} houses of {many} {storeys}",
        f"{many}-storey {view.wall} houses",
        f"{view.wall} {many}-storey fronts",
    )
    return pick(rng, forms)


def _trees(view: View, rng: np.random.Generator) -> str:
    return f"trees {pick(rng, _SIDES[view.trees])}"


def _park(view: View, rng: np.random.Generator) -> str:
    return f"a park {pick(rng, _SIDES[view.park])}"


def _river(view: View, rng: np.random.Generator) -> str:
    return f"{pick(rng, ('a river', 'water'))} {pick(rng, _SIDES[view.river])}"


def _junction(view: View, rng: np.random.Generator) -> str:
    return pick(rng, ("a crossing ahead", "a zebra crossing", "a junction ahead"))


def _road(view: View, rng: np.random.Generator) -> str:
    return {"wide": "a wide road", "narrow": "a narrow cobbled lane"}[view.road]


_OPTIONAL: tuple[tuple[str, Callable[[View, np.random.Generator], str]], ...] = (
    ("river", _river),
    ("park", _park),
    ("trees", _trees),
    ("road", _road),
    ("junction", _junction),
)


def visible_phrases(view: View, rng: np.random.Generator) -> list[str]:
    """Phrases on a view, the most telling first: landmarks, houses, shop fronts, water, green, road."""
    phrases = [landmark_phrase(landmark, rng) for landmark in view.landmarks[:2]]
    if view.wall:
        phrases.append(house_phrase(view, rng))
    phrases += [place_phrase(place, rng) for place in view.places[:2]]
    phrases += [phrase(view, rng) for name, phrase in _OPTIONAL if getattr(view, name)]
    return phrases or [pick(rng, ("open country", "no house in view"))]


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]
