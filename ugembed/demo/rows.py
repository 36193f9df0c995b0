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
from ugembed.demo.texts import describe_place, path_text, visible_caption
from ugembed.demo.views import look_alike
from ugembed.records.item import GRAPH_TAG, IMAGE_TAG, Item
from ugembed.records.pair import Pair

WHERE = "Where was this picture taken?"
STAGE_1, STAGE_2, RETRIEVAL = "stage1_image_only", "stage2_image_graph", "text_to_image_graph"
FEEL = "How {} does this place feel?"
SHOWN = "What does the picture show?"
PARAPHRASES = 2
"""Place texts a picture in stage 1."""
FIND = "Which picture shows this place?"
AROUND = ("What is around this place?", "Which place is near here?", "Name something close by.")
QUESTIONS_ASKED = 4
"""Spatial questions to each graph, of different types."""
WRONG_NAMES = 6
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


def seen_pairs(config: CityConfig, spots: Sequence[Spot]) -> Iterator[Pair]:
    """Picture to captions of what it shows."""
    for spot in spots:
        rng = rng_for(config, "seen-rows", _number(spot))
        captions = dict.fromkeys(visible_caption(spot.view, rng) for _ in range(PARAPHRASES))
        yield from (_pair(spot, SHOWN, text, k, graph=False) for k, text in enumerate(captions))


def stage2_pairs(config: CityConfig, spots: Sequence[Spot]) -> Iterator[Pair]:
    """Graph and picture to a place text; wrong ones differ in the names of places or of streets, or in what is seen."""
    for spot in spots:
        rng = rng_for(config, "stage2-rows", _number(spot), spot.copy)
        seed = int(rng.integers(1 << 31))
        other = surroundings(renamed(spot.graph, rng))
        sight = unlike(spot, spots, rng)
        right, *wrong = (
            describe_place(view, known, np.random.default_rng(seed))
            for view, known in (
                (spot.view, spot.known),
                (spot.view, replace(spot.known, places=other.places)),
                (spot.view, replace(spot.known, street=other.street, crossings=other.crossings)),
                (sight.view, spot.known),
            )
        )
        yield _pair(spot, WHERE, right, 0, wrong=[text for text in wrong if text != right], graph=True)


def unlike(spot: Spot, spots: Sequence[Spot], rng: np.random.Generator) -> Spot:
    """A random one of the spots whose picture looks unlike that of ``spot``; the spot itself where there is none."""
    order = (spots[k] for k in rng.permutation(len(spots)).tolist())
    return next((other for other in order if not look_alike(spot.view, other.view)), spot)


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


def retrieval_pairs(config: CityConfig, spots: Sequence[Spot]) -> Iterator[Pair]:
    """A place text, asked for as the benchmark asks, to the picture with its graph; not to another beside the graph."""
    for spot in spots:
        rng = rng_for(config, "retrieval-rows", _number(spot), spot.copy)
        other = unlike(spot, spots, rng)
        shown = [Item(GRAPH_TAG + IMAGE_TAG, (seen.image,), (spot.graph_file,)) for seen in (spot, other)]
        yield Pair(
            query=Item(
                f"{FIND} {describe_place(spot.view, spot.known, rng)}",
                id=f"{spot.id}-{spot.copy}-find",
                place=spot.place,
            ),
            positives=(shown[0],),
            negatives=tuple(shown[1:] if other is not spot else ()),
            pair_type=RETRIEVAL,
            group=spot.id,
        )


def around_pairs(config: CityConfig, spots: Sequence[Spot]) -> Iterator[Pair]:
    """Graph and picture to the name of anything around: names are read before it is asked which."""
    for spot in spots:
        rng = rng_for(config, "around-rows", _number(spot), spot.copy)
        if spot.known.places:
            place = spot.known.places[int(rng.integers(len(spot.known.places)))]
            yield _pair(spot, AROUND[int(rng.integers(len(AROUND)))], place.name, 0, graph=True)


def perception_pairs(config: CityConfig, spots: Sequence[Spot], *, graph: bool = True) -> Iterator[Pair]:
    """Picture, with its graph if wanted, under a question on a dimension of perception, to the judgement with reasons.

    Wrong ones have the reasons of another place, in what is seen or, with the graph, in what is around.
    """
    for spot in spots:
        rng = rng_for(config, "perception-rows", _number(spot), spot.copy)
        dimension = DIMENSIONS[int(rng.integers(len(DIMENSIONS)))]
        other = unlike(spot, spots, rng)
        told = [(spot, spot), (other, spot), *([(spot, other)] if graph else [])]
        right, *wrong = (statement(dimension, seen.view, around.known) for seen, around in told)
        wrong = [text for text in wrong if text != right]
        yield _pair(spot, FEEL.format(dimension), right, 0, wrong=wrong, graph=graph)


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
