"""Benchmark cases of the four families: one question, 20 candidates, one right.

Candidates stand 100 to 1000 m from the place that is asked about and belong to the same split; only in spatial
reasoning some wrong answers are nearer, namely other names in the same graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ugembed.compose.candidates import FAR_M, Candidate, choose_distractors, distances_m, with_gold
from ugembed.compose.surroundings import Named
from ugembed.demo.model import City, CityConfig, rng_for
from ugembed.demo.perception import DIMENSIONS, statement
from ugembed.demo.questions import QUESTIONS, Question
from ugembed.demo.rows import WHERE, query
from ugembed.demo.spots import Spot
from ugembed.demo.texts import describe_place
from ugembed.records.case import RankingCase
from ugembed.records.item import GRAPH_TAG, IMAGE_TAG, Item, Place

FIND = "Which picture shows this place?"
RIVALS, NEIGHBOURS = 6, 6
"""At most so many wrong answers of the right kind within 1000 m, and so many from the same graph."""


def _rng(config: CityConfig, purpose: str, spot: Spot) -> np.random.Generator:
    return rng_for(config, purpose, int(spot.id[1:]))


def described(config: CityConfig, spots: Sequence[Spot]) -> list[Candidate]:
    """Every spot with its benchmark text, which no training row contains."""
    return [
        Candidate(spot.id, spot.place, describe_place(spot.view, spot.known, _rng(config, "benchmark-text", spot)))
        for spot in spots
    ]


def geolocation(config: CityConfig, spots: Sequence[Spot]) -> Iterator[RankingCase]:
    """Picture and graph; which description is of this place?"""
    answers = described(config, spots)
    for spot, gold in zip(spots, answers, strict=True):
        rng = _rng(config, "geolocation", spot)
        candidates, right = with_gold(gold, choose_distractors(gold, answers, rng=rng), rng)
        yield _text_case(spot, WHERE, candidates, right, "geolocation")


def retrieval(config: CityConfig, spots: Sequence[Spot]) -> Iterator[RankingCase]:
    """A description; which picture (with its graph) is of this place?"""
    answers = described(config, spots)
    by_id = {spot.id: spot for spot in spots}
    for spot, gold in zip(spots, answers, strict=True):
        rng = _rng(config, "retrieval", spot)
        candidates, right = with_gold(gold, choose_distractors(gold, answers, rng=rng), rng)
        shown = [by_id[candidate.id] for candidate in candidates]
        yield RankingCase(
            query=Item(f"{FIND} {gold.text}", id=spot.id),
            candidates=tuple(Item(GRAPH_TAG + IMAGE_TAG, (s.image,), (s.graph_file,)) for s in shown),
            gold=right,
            query_type="place_description",
            place=spot.place,
        )


def perception(config: CityConfig, spots: Sequence[Spot]) -> Iterator[RankingCase]:
    """Picture and graph; how does the place feel? The dimensions take turns from spot to spot."""
    judged = {
        dimension: [Candidate(spot.id, spot.place, statement(dimension, spot.view, spot.known)) for spot in spots]
        for dimension in DIMENSIONS
    }
    for k, spot in enumerate(spots):
        dimension = DIMENSIONS[k % len(DIMENSIONS)]
        answers = judged[dimension]
        rng = _rng(config, "perception", spot)
        candidates, right = with_gold(answers[k], choose_distractors(answers[k], answers, rng=rng), rng)
        yield _text_case(spot, f"How {dimension} does this place feel?", candidates, right, dimension)


def spatial_reasoning(city: City, spots: Sequence[Spot], kind: str) -> Iterator[RankingCase]:
    """Picture and graph under a question of one kind; the answer is a name in the graph."""
    names = _all_names(city)
    everyone = [candidate for candidates in names.values() for candidate in candidates]
    for spot in spots:
        rng = _rng(city.config, f"spatial-{kind}", spot)
        question = QUESTIONS[kind](spot, rng)
        if question is None:
            continue
        gold = _candidate(question.answer)
        anchor = Candidate(spot.id, spot.place, gold.text)
        wrong = _wrong_answers(spot, question, names, rng)
        candidates, right = with_gold(gold, choose_distractors(anchor, everyone, rng=rng, first=wrong), rng)
        yield _text_case(spot, question.text, candidates, right, kind)


def _all_names(city: City) -> dict[str, list[Candidate]]:
    """Every named place and landmark of the city, by the category that its graph node has."""
    things = [(poi.name, poi.category, poi.position) for poi in city.pois]
    things += [(landmark.name, landmark.kind, landmark.position) for landmark in city.landmarks]
    names: dict[str, list[Candidate]] = {}
    for name, category, position in things:
        names.setdefault(category, []).append(Candidate(name, Place(*city.lon_lat(position)), name))
    return names


def _wrong_answers(
    spot: Spot, question: Question, names: Mapping[str, list[Candidate]], rng: np.random.Generator
) -> list[Candidate]:
    """Names of the right kind near by, then other names of the same graph."""
    same = [candidate for category in question.rivals for candidate in names.get(category, ())]
    rivals = np.flatnonzero(distances_m(spot.place, same) <= FAR_M)
    inside = [_candidate(place) for place in spot.known.places]
    chosen = [same[k] for k in rng.permutation(rivals)[:RIVALS].tolist()]
    return chosen + [inside[k] for k in rng.permutation(len(inside))[:NEIGHBOURS].tolist()]


def _candidate(named: Named) -> Candidate:
    return Candidate(named.name, Place(named.node.lon, named.node.lat), named.name)


def _text_case(spot: Spot, question: str, candidates: Sequence[Candidate], right: int, query_type: str) -> RankingCase:
    return RankingCase(
        query=query(spot, question, graph=True),
        candidates=tuple(Item(candidate.text) for candidate in candidates),
        gold=right,
        query_type=query_type,
        place=spot.place,
    )
