"""The choice of wrong answers."""

from __future__ import annotations

import numpy as np
import pytest

from ugembed.compose.candidates import FAR_M, NEAR_M, Candidate, choose_distractors, distances_m, with_gold
from ugembed.errors import DataError
from ugembed.geo.geodesy import from_local_metres
from ugembed.records.item import Place


def at(east: float, text: str = "") -> Candidate:
    lon, lat = from_local_metres(east, 0.0, lon0=9.0, lat0=48.0)
    return Candidate(f"c{east:g}", Place(float(lon), float(lat)), text or f"place {east:g}")


ANCHOR = at(0.0, "here")
POOL = [at(float(east)) for east in range(0, 1500, 20)]


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_only_places_in_the_ring_are_chosen() -> None:
    chosen = choose_distractors(ANCHOR, POOL, rng=rng())
    away = distances_m(ANCHOR.place, chosen)
    assert len(chosen) == 19
    assert away.min() >= NEAR_M
    assert away.max() <= FAR_M


def test_texts_are_distinct_and_not_the_right_one() -> None:
    twins = [at(200.0 + k, "twin") for k in range(9)] + [at(300.0, "here")]
    texts = [candidate.text for candidate in choose_distractors(ANCHOR, twins + POOL, rng=rng())]
    assert len(set(texts)) == 19
    assert "here" not in texts


def test_first_ones_come_first_wherever_they_are() -> None:
    near = [at(5.0, "next door"), at(7.0, "here")]
    chosen = choose_distractors(ANCHOR, POOL, rng=rng(), first=near)
    assert chosen[0].text == "next door"
    assert len(chosen) == 19


def test_equal_generators_choose_equally_and_others_differ() -> None:
    one, same, other = (choose_distractors(ANCHOR, POOL, rng=rng(seed)) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_too_few_places_are_refused() -> None:
    with pytest.raises(DataError) as caught:
        choose_distractors(ANCHOR, POOL[:10], rng=rng())
    assert caught.value.code == "candidates-few"


def test_the_right_answer_is_everywhere_equally_often() -> None:
    others = choose_distractors(ANCHOR, POOL, rng=rng(), count=3)
    positions = []
    for seed in range(200):
        everyone, right = with_gold(ANCHOR, others, rng(seed))
        assert everyone[right] is ANCHOR
        positions.append(right)
    assert np.bincount(positions, minlength=4).min() > 30
