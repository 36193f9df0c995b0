"""Sentences about a place of the synthetic city: what is visible (from the `View`) and what is around (from the graph).

Every kind of text has several forms with the same content; the generator that is passed in chooses among them.
"""

from __future__ import annotations

import numpy as np

from ugembed.compose.captions import beside_crossing
from ugembed.compose.paths import destination, reasoning_path
from ugembed.compose.surroundings import Named, Surroundings, rounded_m, surroundings
from ugembed.demo.model import City
from ugembed.demo.phrases import capital, pick, visible_phrases
from ugembed.demo.views import View
from ugembed.graphs.schema import UrbanGraph

MOST_WORDS = 40
MOST_SEEN = 3

_VISIBLE = (
    "{V}.",
    "The picture shows {v}.",
    "In view: {v}.",
    "One sees {v}.",
    "{V}; {w} weather.",
    "On a {w} day: {v}.",
)
_WEATHER = {"clear": "clear", "overcast": "grey", "rain": "rainy", "dusk": "late", "fog": "foggy"}
_PLACE = (
    "{where}{near}{cross}. {V}.",
    "{V}. This is {where}{near}{cross}.",
    "View of {where}{cross}: {v}{semi_near}.",
    "{where}{near}: {v}{semi_cross}.",
    "{where}{cross}{near}. In view: {v}.",
)
_SENTENCES = (
    "{name} is a {category}.",
    "The {category} is called {name}.",
    "{name} ({category}) is 120 m to the south.",
    "Near {name}, 60 m north of {street}.",
    "From {street} one reaches {name}.",
)


def visible_caption(view: View, rng: np.random.Generator) -> str:
    """What the picture shows, without any name, in at most 40 words."""
    form = pick(rng, _VISIBLE)
    words = _fitting(visible_phrases(view, rng), MOST_WORDS - 5)
    return form.format(v=words, V=capital(words), w=_WEATHER[view.weather])


def place_text(view: View, graph: UrbanGraph, rng: np.random.Generator) -> str:
    """`describe_place` with the names that a graph holds."""
    return describe_place(view, surroundings(graph), rng)


def describe_place(view: View, known: Surroundings, rng: np.random.Generator, *, seen: int = MOST_SEEN) -> str:
    """Street, two near places, the nearest crossing, and at most ``seen`` things that are visible.

    ``"Maple Street near Harbour Library and Old Heron Café, 60 m north of Old Mill Road. A red dome ahead, trees."`` No
    more: a picture then narrows the place down, and it takes the names of the graph to tell it.
    """
    form = pick(rng, _PLACE)
    near = _near(known.places[:2], rng)
    cross = beside_crossing(known)
    where = known.street or "a street"
    phrases = visible_phrases(view, rng)
    chosen = sorted(rng.permutation(len(phrases))[:seen].tolist())
    words = ", ".join(phrases[k] for k in chosen)
    text = form.format(
        where=where,
        near=f" {near}" if near else "",
        semi_near=f"; {near}" if near else "",
        cross=f", {cross}" if cross else "",
        semi_cross=f"; {cross}" if cross else "",
        v=words,
        V=capital(words),
    )
    return capital(text)


def path_text(graph: UrbanGraph, rng: np.random.Generator) -> str | None:
    """A spatial reasoning path with its destination; None when the graph holds none."""
    path = reasoning_path(graph, rng, max_hops=2)
    if path is None:
        return None
    goal = destination(graph, path)
    form = pick(
        rng,
        (
            "You can reach {goal} from here: {path}.",
            "The way to {goal}: {path}.",
            "From here to {goal}: {path}.",
            "{path} leads to {goal}.",
        ),
    )
    return form.format(goal=goal, path=path)


def name_sentences(city: City) -> list[str]:
    """Plain sentences with every name of the city: text for a tokenizer or for pretraining."""
    named = [(poi.name, poi.category) for poi in city.pois]
    named += [(landmark.name, landmark.kind) for landmark in city.landmarks]
    named += [(park.name, "park") for park in city.parks]
    named += [(river.name, "river") for river in city.rivers]
    named += [(district.name, "district") for district in city.districts]
    sentences = []
    for k, (name, category) in enumerate(named):
        street = city.streets[k % len(city.streets)].name
        sentences.append(_SENTENCES[k % len(_SENTENCES)].format(name=name, category=category, street=street))
    for k, street_ in enumerate(city.streets):
        other = city.streets[(7 * k + 3) % len(city.streets)].name
        sentences.append(f"{street_.name} crosses {other}. Intersection of {street_.name} and {other}.")
    return sentences


def _near(places: tuple[Named, ...], rng: np.random.Generator) -> str:
    if not places:
        return ""
    first = places[0]
    rest = f" and {places[1].name}" if len(places) > 1 else ""
    forms = (
        f"near {first.name}{rest}",
        f"by {first.name}{rest}",
        f"with {first.name} {rounded_m(first.distance_m)} m to the {first.direction}{rest}",
    )
    return pick(rng, forms)


def _fitting(phrases: list[str], most: int) -> str:
    """The first phrases, joined by commas, while they have at most ``most`` words; always one."""
    kept = phrases[:1]
    for phrase in phrases[1:]:
        if len(", ".join([*kept, phrase]).split()) <= most:
            kept.append(phrase)
    return ", ".join(kept)
