"""What is asked: the bed's benchmark by split, and again with more answers to choose from.

A file is called ``<candidates>/<split>/<family>/<kind>.jsonl`` below the bed's ``questions``; the kind of a family
without kinds is its own name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ugembed.compose.candidates import (
    CANDIDATES,
    FAR_M,
    NEAR_M,
    Candidate,
    choose_distractors,
    distances_m,
    with_gold,
)
from ugembed.demo.model import CityConfig, rng_for
from ugembed.demo.run import SPLITS
from ugembed.embed.encode import content_key
from ugembed.errors import DataError
from ugembed.eval.benchmark import BenchmarkFile, find_benchmark, read_benchmark_file
from ugembed.files import write_jsonl
from ugembed.records.case import RankingCase
from ugembed.records.item import Item
from ugembed.records.uge_jsonl import case_row

QUESTIONS = "questions"
WIDENED = ("geolocation", "retrieval")
"""Families whose answers are places, of which there are many."""


@dataclass(frozen=True, slots=True)
class QuestionFile:
    """What a file of questions holds, as its name says."""

    candidates: int
    split: str
    family: str
    kind: str

    @property
    def name(self) -> str:
        """Its path below the folder of questions, without ``.jsonl``."""
        return f"{self.candidates}/{self.split}/{self.family}/{self.kind}"

    @classmethod
    def parse(cls, name: str) -> QuestionFile:
        """From `name`."""
        candidates, split, family, kind = name.split("/")
        return cls(int(candidates), split, family, kind)


def write_questions(city: CityConfig, bed: Path, *, candidates: Sequence[int]) -> None:
    """Write ``bed/questions`` from ``bed/benchmark``.

    Raises:
        DataError: ``candidates-few`` when there are not so many other places at least 100 m away.
    """
    for source in find_benchmark([bed / "benchmark"]):
        cases = read_benchmark_file(source, roots=[bed])
        for count in candidates:
            if count == CANDIDATES:
                asked = cases
            elif source.family in WIDENED:
                asked = [widened(case, cases, count, city) for case in cases]
            else:
                continue
            file = bed / QUESTIONS / f"{_described(source, count).name}.jsonl"
            write_jsonl(file, [case_row(case, relative_to=bed) for case in asked])


def _described(source: BenchmarkFile, count: int) -> QuestionFile:
    stem = source.path.stem.removesuffix("_with_graph")
    split = next((name for name in SPLITS if name in source.name), None)
    if split is None:
        raise DataError(f"{source.path}: of no known split", code="benchmark-missing", hint="make the bed again")
    return QuestionFile(count, split, source.family, source.family if stem == split else stem)


def widened(case: RankingCase, cases: Sequence[RankingCase], count: int, city: CityConfig) -> RankingCase:
    """A case with ``count`` candidates: its own, then right answers of other cases.

    These are 100 to 1000 m away, by chance; where there are too few, the nearest of those further away join them. No
    picture comes in that is there already, beside another graph.

    Raises:
        DataError: ``candidates-few``.
    """
    rng = rng_for(city, "widened", count, *map(ord, case.query.id))
    everyone = {_key(item): item for item in (*case.candidates, *(other.candidates[other.gold] for other in cases))}
    gold = _candidate(case, case.candidates[case.gold])
    own = [_candidate(case, item) for k, item in enumerate(case.candidates) if k != case.gold]
    shown = {image for item in case.candidates for image in item.images}
    right_ones = [(other, other.candidates[other.gold]) for other in cases]
    pool = [_candidate(other, item) for other, item in right_ones if shown.isdisjoint(item.images)]
    metres = distances_m(gold.place, pool)
    near = rng.permutation(np.flatnonzero((metres >= NEAR_M) & (metres <= FAR_M))).tolist()
    far = [k for k in np.argsort(metres, kind="stable").tolist() if metres[k] > FAR_M]
    others = choose_distractors(gold, [], rng=rng, count=count - 1, first=[*own, *(pool[k] for k in (*near, *far))])
    chosen, right = with_gold(gold, others, rng)
    return replace(case, candidates=tuple(everyone[candidate.text] for candidate in chosen), gold=right)


def _candidate(case: RankingCase, item: Item) -> Candidate:
    if case.place is None:
        raise DataError(f"{case.source}: no place", code="benchmark-place", hint="widened questions need places")
    return Candidate(case.query.id, case.place, _key(item))


def _key(item: Item) -> str:
    return repr(content_key(item))
