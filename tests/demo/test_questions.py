"""Spatial questions: the right answer is the only one that fits, by coordinates."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.demo.conftest import SMALL
from ugembed.compose.surroundings import Named, compass_word
from ugembed.demo.city import build_city
from ugembed.demo.questions import QUESTIONS
from ugembed.demo.spots import Spot, read_spots
from ugembed.geo.geodesy import bearing_deg, distance_m
from ugembed.progress import silent

_ASKED = re.compile(r"(?:about (?P<metres>\d+) m )?(?:from here|to the (?P<direction>[a-z-]+) of here)\?$")


@pytest.fixture(scope="module")
def spots(written: Path) -> list[Spot]:
    return read_spots(build_city(SMALL), written, written / "graphs", silent)


def fits(spot: Spot, place: Named, metres: str | None, direction: str | None) -> bool:
    """Whether a place lies within 15 m of the metres asked for, and in the direction."""
    here, there = spot.graph.center_node, place.node
    away = float(distance_m(here.lon, here.lat, there.lon, there.lat))
    towards = compass_word(float(bearing_deg(here.lon, here.lat, there.lon, there.lat)))
    return (metres is None or abs(away - float(metres)) < 15.0) and direction in (None, towards)


@pytest.mark.parametrize("kind", ["direction", "distance", "direction_distance"])
def test_only_the_right_place_lies_where_it_is_asked_for(spots: list[Spot], kind: str) -> None:
    asked = 0
    for number, spot in enumerate(spots):
        question = QUESTIONS[kind](spot, np.random.default_rng(number))
        if question is None:
            continue
        found = _ASKED.search(question.text)
        assert found is not None, question.text
        assert (found["metres"] is None) == (kind == "direction")
        assert (found["direction"] is None) == (kind == "distance")
        fitting = [place.name for place in spot.known.places if fits(spot, place, found["metres"], found["direction"])]
        assert fitting == [question.answer.name]
        asked += 1
    assert asked > len(spots) / 3
