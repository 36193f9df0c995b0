"""Benchmark cases of the four families: one question, 20 candidates, one right.

Candidates stand 100 to 1000 m from the place that is asked about and belong to the same split; only in spatial
reasoning some wrong answers are nearer, namely other names in the same graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from ugembed.compose.candidates import FAR_M, NEAR_M, Candidate, choose_distractors, distances_m, with_gold
from ugembed.compose.surroundings import Named
from ugembed.demo.model import City, CityConfig, rng_for
from ugembed.demo.perception import DIMENSIONS, statement
from ugembed.demo.questions import QUESTIONS, Question
from ugembed.demo.rows import FEEL, FIND, WHERE, query
from ugembed.demo.spots import Spot
from ugembed.demo.texts import describe_place
from ugembed.demo.views import look_alike
from ugembed.records.case import RankingCase
from ugembed.records.item import GRAPH_TAG, IMAGE_TAG, Item, Place

RIVALS, NEIGHBOURS = 6, 6
"""At most so many wrong answers of the right kind within 1000 m, and so many from the same graph."""


KIN = 6
"""At most so many wrong answers that have the surroundings of the right one, and so many that have its sight."""
Tell = Callable[[Spot, Spot], str]
"""A text on what is seen at one spot and what is around another; of one and the same spot, it is true."""


def _rng(config: CityConfig, purpose: str, spot: Spot) -> np.random.Generator:
    return rng_for(config, purpose, _number(spot))


def descriptions(config: CityConfig) -> Tell:
    """Benchmark texts of a place, which no training row contains."""

    def tell(seen: Spot, around: Spot) -> str:
        rng = rng_for(config, "benchmark-text", _number(seen), _number(around))
        return describe_place(seen.view, around.known, rng)

    return tell


def geolocation(config: CityConfig, spots: Sequence[Spot]) -> Iterator[RankingCase]:
    """Picture and graph; which description is of this place?"""
    told = _Told(spots, descriptions(config))
    for spot in spots:
        candidates, right = told.choices(spot, _rng(config, "geolocation", spot))
        yield _text_case(spot, WHERE, candidates, right, "geolocation")


def retrieval(config: CityConfig, spots: Sequence[Spot]) -> Iterator[RankingCase]:
    """A description; which picture with its graph is of this place?

    Some wrong answers are other pictures beside the right graph, some are places that look like the right one. No
    picture stands twice in a case.
    """
    told = _Told(spots, descriptions(config))
    by_id = {spot.id: spot for spot in spots}
    for spot in spots:
        candidates, right = told.choices_of_pictures(spot, _rng(config, "retrieval", spot))
        shown = [[by_id[part] for part in candidate.id.split()] for candidate in candidates]
        yield RankingCase(
            query=Item(f"{FIND} {candidates[right].text}", id=spot.id),
            candidates=tuple(Item(GRAPH_TAG + IMAGE_TAG, (s.image,), (a.graph_file,)) for s, a in shown),
            gold=right,
            query_type="place_description",
            place=spot.place,
        )


def perception(config: CityConfig, spots: Sequence[Spot]) -> Iterator[RankingCase]:
    """Picture and graph; how does the place feel? The dimensions take turns from spot to spot."""
    told = [_Told(spots, _statements(dimension)) for dimension in DIMENSIONS]
    for k, spot in enumerate(spots):
        dimension = DIMENSIONS[k % len(DIMENSIONS)]
        candidates, right = told[k % len(DIMENSIONS)].choices(spot, _rng(config, "perception", spot))
        yield _text_case(spot, FEEL.format(dimension), candidates, right, dimension)


def _statements(dimension: str) -> Tell:
    return lambda seen, around: statement(dimension, seen.view, around.known)


class _Told:
    """The spots of a split, with a text for each of them, and texts that are true in one half.

    Those are what another picture shows, with what is around the right place, or the other way round: so neither graph
    nor picture is enough to tell the right one. Each candidate is to be judged by itself: the halves that occur most
    in a case are those of the right one. The id of a candidate is that of the spot whose picture it tells, and of the
    spot whose surroundings.
    """

    def __init__(self, spots: Sequence[Spot], tell: Tell) -> None:
        self.spots, self.tell = spots, tell
        self.everyone = [self.candidate(spot, spot) for spot in spots]

    def candidate(self, seen: Spot, around: Spot) -> Candidate:
        return Candidate(f"{seen.id} {around.id}", around.place, self.tell(seen, around))

    def choices(self, spot: Spot, rng: np.random.Generator) -> tuple[list[Candidate], int]:
        """The candidates of a question whose answer is a text: half-true ones, then those of other places."""
        others = self._near(spot, rng)
        first = [self.candidate(other, spot) for other in others if not look_alike(spot.view, other.view)][:KIN]
        named = _near_names(spot)
        first += [self.candidate(spot, other) for other in others if named.isdisjoint(_near_names(other))][:KIN]
        return self._with_gold(spot, rng, first, self.everyone)

    def choices_of_pictures(self, spot: Spot, rng: np.random.Generator) -> tuple[list[Candidate], int]:
        """As `choices`, of pictures: look-alikes of the right one stand for it, since none may be there twice."""
        others = self._near(spot, rng)
        unlike = [other for other in others if not look_alike(spot.view, other.view)][:KIN]
        left = [other for other in others if other not in unlike]
        alike = [other for other in left if look_alike(spot.view, other.view)][:KIN]
        first = [self.candidate(other, spot) for other in unlike] + [self.candidate(other, other) for other in alike]
        return self._with_gold(spot, rng, first, [self.candidate(other, other) for other in left])

    def _near(self, spot: Spot, rng: np.random.Generator) -> list[Spot]:
        away = distances_m(spot.place, self.everyone)
        return [self.spots[k] for k in rng.permutation(np.flatnonzero((away >= NEAR_M) & (away <= FAR_M))).tolist()]

    def _with_gold(
        self, spot: Spot, rng: np.random.Generator, first: Sequence[Candidate], pool: Sequence[Candidate]
    ) -> tuple[list[Candidate], int]:
        gold = self.candidate(spot, spot)
        return with_gold(gold, choose_distractors(gold, pool, rng=rng, first=first), rng)


def _near_names(spot: Spot) -> set[str]:
    return {place.name for place in spot.known.places[:2]}


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


def _number(spot: Spot) -> int:
    return int(spot.id[1:])
