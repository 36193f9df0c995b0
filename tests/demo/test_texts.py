"""Sentences about places: short, true to what is visible, in several forms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ugembed.compose.surroundings import Surroundings
from ugembed.demo.model import City
from ugembed.demo.perception import DIMENSIONS, level, perception_scores
from ugembed.demo.texts import MOST_WORDS, describe_place, name_sentences, visible_caption
from ugembed.demo.views import SeenLandmark, SeenPlace, View, look_alike

FULL = View(
    id="v00000",
    landmarks=(SeenLandmark(0, "dome", "red", "left", "near"), SeenLandmark(1, "arch", "orange", "right", "far")),
    places=(SeenPlace(4, "bakery", "ahead"),),
    wall="brick",
    storeys=3,
    trees="both",
    park="left",
    river="ahead",
    junction=True,
    road="wide",
    weather="rain",
)
BARE = View("v00001", (), (), "", 0, "", "", "", False, "", "clear")
NOTHING = Surroundings("", (), ())


def test_a_caption_tells_what_is_seen_and_is_short() -> None:
    captions = {visible_caption(FULL, np.random.default_rng(seed)) for seed in range(40)}
    assert len(captions) >= 30
    for caption in captions:
        assert "red dome" in caption
        assert "brick" in caption
        assert "three" in caption
        assert len(caption.split()) <= MOST_WORDS


def test_what_is_not_seen_is_not_told() -> None:
    for seed in range(20):
        caption = visible_caption(BARE, np.random.default_rng(seed)).lower()
        assert not any(word in caption for word in ("houses", "dome", "trees", "park", "river", "crossing"))


def test_pictures_look_alike_by_their_houses_or_by_a_landmark_of_one_kind_and_colour() -> None:
    grey = replace(FULL, wall="grey")
    assert look_alike(FULL, replace(FULL, landmarks=()))
    assert look_alike(FULL, grey)
    assert not look_alike(FULL, replace(grey, landmarks=()))
    assert not look_alike(FULL, replace(grey, landmarks=(SeenLandmark(0, "dome", "blue", "left", "near"),)))


def test_a_place_text_tells_at_most_three_visible_things() -> None:
    words = ("dome", "arch", "bakery", "brick", "trees", "park", ("river", "water"), ("crossing", "junction"), "road")
    told = set()
    for seed in range(40):
        text = describe_place(FULL, NOTHING, np.random.default_rng(seed)).lower()
        told.add(sum(any(one in text for one in ((word,) if isinstance(word, str) else word)) for word in words))
    assert told == {3}


def test_equal_generators_give_equal_texts() -> None:
    one, two = (describe_place(FULL, NOTHING, np.random.default_rng(3)) for _ in range(2))
    assert one == two


def test_every_name_of_the_city_is_in_its_sentences(city: City) -> None:
    text = " ".join(name_sentences(city))
    things = (*city.streets, *city.pois, *city.landmarks, *city.parks, *city.rivers, *city.districts)
    assert all(thing.name in text for thing in things)


def test_perception_depends_on_the_picture_and_on_the_surroundings() -> None:
    alone, seen, both = (
        perception_scores(BARE, {}),
        perception_scores(FULL, {}),
        perception_scores(FULL, {"bakery": 2, "museum": 1, "pharmacy": 1, "hotel": 1}),
    )
    for dimension in DIMENSIONS:
        scores = [alone[dimension], seen[dimension], both[dimension]]
        assert scores == sorted(scores, reverse=dimension in ("boring", "depressing"))
        assert len(set(scores)) == 3
        assert 0.0 <= min(scores) <= max(scores) <= 1.0


def test_levels_go_from_not_to_very() -> None:
    assert [level(score) for score in (0.0, 0.3, 0.5, 0.6, 1.0)] == ["not", "hardly", "somewhat", "quite", "very"]
