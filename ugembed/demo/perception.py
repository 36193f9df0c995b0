"""How a place of the synthetic city feels: six scores from what is visible and from what is around, by plain sums.

The weights are a convention of this demo, not a finding: they make half of every score readable from the picture and
half from the graph, so that a model needs both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ugembed.compose.surroundings import Surroundings
from ugembed.demo.palette import NUMBER_WORDS
from ugembed.demo.views import View

DIMENSIONS = ("beautiful", "boring", "depressing", "lively", "safe", "wealthy")
AROUND_M = 180.0
"""Places within this distance count as surroundings."""
_LEVELS = ((0.25, "not"), (0.4, "hardly"), (0.55, "somewhat"), (0.7, "quite"), (1.01, "very"))
_SHOPS = ("bakery", "cafe", "supermarket", "cinema", "hotel")
_CULTURE = ("library", "museum", "school")
_CARE = ("pharmacy", "bus station", "school")
_PLURALS = {"bakery": "bakeries", "library": "libraries", "pharmacy": "pharmacies"}
_LIGHT_WALLS = ("cream", "white", "yellow", "lilac")


def places_around(known: Surroundings) -> Counter[str]:
    """Number of places of each category within `AROUND_M` metres."""
    return Counter(named.category for named in known.places if named.distance_m <= AROUND_M)


def perception_scores(view: View, around: Mapping[str, int]) -> dict[str, float]:
    """Six scores from 0 to 1.

    ``share(group, n)`` is the number of places of a group around, up to n, divided by n; visible things count 0 or 1
    (trees on one side 0.5). beautiful, lively, safe and wealthy are sums; boring and depressing are what these leave.
    """

    def share(group: tuple[str, ...], most: int) -> float:
        return min(sum(around.get(name, 0) for name in group), most) / most

    trees = {"": 0.0, "both": 1.0}.get(view.trees, 0.5)
    water, green, sight, fronts = (bool(seen) for seen in (view.river, view.park, view.landmarks, view.places))
    wide, narrow = view.road == "wide", view.road == "narrow"
    light = view.wall in _LIGHT_WALLS
    beautiful = 0.1 + 0.2 * trees + 0.15 * water + 0.15 * green + 0.1 * sight + 0.2 * share(_CULTURE, 3)
    beautiful += 0.1 * share(("park", "river"), 1)
    lively = 0.05 + 0.25 * fronts + 0.15 * wide + 0.1 * view.junction + 0.45 * share(_SHOPS, 5)
    safe = 0.25 + 0.2 * fronts + 0.1 * view.junction + 0.1 * trees - 0.15 * narrow + 0.35 * share(_CARE, 3)
    wealthy = 0.1 + 0.25 * light + 0.15 * trees + 0.1 * (view.storeys <= 2) + 0.4 * share(("hotel", "museum"), 2)
    return {
        "beautiful": beautiful,
        "boring": 1.0 - 0.65 * lively - 0.35 * beautiful,
        "depressing": 1.0 - 0.45 * beautiful - 0.3 * lively - 0.25 * safe,
        "lively": lively,
        "safe": safe,
        "wealthy": wealthy,
    }


def level(score: float) -> str:
    """The word for a score: not, hardly, somewhat, quite, very."""
    return next(word for bound, word in _LEVELS if score < bound)


def statement(dimension: str, view: View, known: Surroundings) -> str:
    """A short judgement with its reasons and no names.

    ``"quite lively, somewhat safe, not wealthy: three-storey brick houses, trees; two cafes, one park nearby"``
    """
    around = places_around(known)
    scores = perception_scores(view, around)
    others = [name for name in ("lively", "safe", "wealthy", "beautiful") if name != dimension][:2]
    judged = ", ".join(f"{level(scores[name])} {name}" for name in (dimension, *others))
    return f"{judged}: {_seen(view)}; {_counted(around)}"


def _seen(view: View) -> str:
    seen = [f"{NUMBER_WORDS[min(view.storeys, 5)]}-storey {view.wall} houses" if view.wall else "no houses"]
    seen += [f"{landmark.colour} {landmark.kind}" for landmark in view.landmarks[:1]]
    seen += [f"{place.category} front" for place in view.places[:1]]
    seen += [name for name in ("river", "park", "trees") if getattr(view, name)]
    seen += [f"{view.road} road"] if view.road else []
    return ", ".join(seen)


def _counted(around: Mapping[str, int]) -> str:
    words = []
    for name, count in sorted(around.items(), key=lambda item: (-item[1], item[0]))[:4]:
        many = NUMBER_WORDS[min(count, 5)]
        words.append(f"{many} {_PLURALS.get(name, name + 's') if count > 1 else name}")
    return f"{', '.join(words)} nearby" if words else "nothing nearby"
