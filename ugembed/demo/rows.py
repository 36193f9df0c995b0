"""Training rows: a picture, with or without its graph, and texts that belong to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ugembed.compose.surroundings import surroundings
from ugembed.demo.model import CityConfig, rng_for
from ugembed.demo.perception import DIMENSIONS, statement
from ugembed.demo.questions import QUESTIONS
from ugembed.demo.renaming import renamed
from ugembed.demo.spots import Spot
from ugembed.demo.texts import describe_place, path_text
from ugembed.records.item import GRAPH_TAG, IMAGE_TAG, Item
from ugembed.records.pair import Pair

WHERE = "Where was this picture taken?"
STAGE_1, STAGE_2 = "stage1_image_only", "stage2_image_graph"
PARAPHRASES = 2
"""Place texts a picture in stage 1."""
QUESTIONS_ASKED = 2
"""Spatial questions to each graph, of different types."""
WRONG_NAMES = 3
"""Names of the same graph that the row of a spatial question lists as wrong answers."""


def query(spot: Spot, question: str, *, graph: bool) -> Item:
    """The picture of a spot under a question, with its graph in front if wanted."""
    tags, graphs = (GRAPH_TAG + IMAGE_TAG, (spot.graph_file,)) if graph else (IMAGE_TAG, ())
    return Item(f"{tags}{question}", images=(spot.image,), graphs=graphs, id=spot.id, place=spot.place)


def stage1_pairs(config: CityConfig, spots: Sequence[Spot]) -> Iterator[Pair]:
    """Picture to place texts (paraphrases) and to a spatial reasoning path."""
    for spot in spots:
        rng = rng_for(config, "stage1-rows", _number(spot))
        texts = [describe_place(spot.view, spot.known, rng) for _ in range(PARAPHRASES)]
        path = path_text(spot.graph, rng)
        if path is not None:
            texts.append(path)
        yield from (_pair(spot, WHERE, text, k, graph=False) for k, text in enumerate(dict.fromkeys(texts)))


def stage2_pairs(config: CityConfig, spots: Sequence[Spot]) -> Iterator[Pair]:
    """Graph and picture to a place text; wrong ones differ only in the names of its places, or of its streets."""
    for spot in spots:
        rng = rng_for(config, "stage2-rows", _number(spot), spot.copy)
        seed = int(rng.integers(1 << 31))
        other = surroundings(renamed(spot.graph, rng))
        right, *wrong = (
            describe_place(spot.view, known, np.random.default_rng(seed))
            for known in (
                spot.known,
                replace(spot.known, places=other.places),
                replace(spot.known, street=other.street, crossings=other.crossings),
            )
        )
        yield _pair(spot, WHERE, right, 0, wrong=[text for text in wrong if text != right], graph=True)


def spatial_pairs(config: CityConfig, spots: Sequence[Spot]) -> Iterator[Pair]:
    """Graph and picture under spatial questions, to the names that answer; wrong ones are names of the same graph."""
    for spot in spots:
        rng = rng_for(config, "spatial-rows", _number(spot), spot.copy)
        asked = [question for ask in QUESTIONS.values() if (question := ask(spot, rng)) is not None]
        for number, k in enumerate(rng.permutation(len(asked))[:QUESTIONS_ASKED].tolist()):
            question = asked[k]
            others = [place.name for place in spot.known.places if place.name != question.answer.name]
            wrong = [others[j] for j in rng.permutation(len(others))[:WRONG_NAMES].tolist()]
            yield _pair(spot, question.text, question.answer.name, number, wrong=wrong, graph=True)


def perception_pairs(config: CityConfig, spots: Sequence[Spot]) -> Iterator[Pair]:
    """Graph and picture under a question on one dimension of perception, to the judgement with its reasons."""
    for spot in spots:
        dimension = DIMENSIONS[int(rng_for(config, "perception-rows", _number(spot)).integers(len(DIMENSIONS)))]
        judged = statement(dimension, spot.view, spot.known)
        yield _pair(spot, f"How {dimension} does this place feel?", judged, 0, graph=True)


def _pair(spot: Spot, question: str, answer: str, number: int, *, wrong: Sequence[str] = (), graph: bool) -> Pair:
    """A row; its id is that of the picture with the number of the copy and of the row."""
    return Pair(
        query=replace(query(spot, question, graph=graph), id=f"{spot.id}-{spot.copy}-{number}"),
        positives=(Item(answer),),
        negatives=tuple(Item(text) for text in wrong),
        pair_type=STAGE_2 if graph else STAGE_1,
        group=spot.id,
    )


def _number(spot: Spot) -> int:
    return int(spot.id[1:])
