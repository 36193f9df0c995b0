"""Training rows: a picture, with or without its graph, and texts that belong to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ugembed.demo.model import CityConfig, rng_for
from ugembed.demo.perception import DIMENSIONS, statement
from ugembed.demo.questions import QUESTIONS
from ugembed.demo.spots import Spot
from ugembed.demo.texts import describe_place, path_text
from ugembed.records.item import GRAPH_TAG, IMAGE_TAG, Item
from ugembed.records.pair import Pair

WHERE = "Where was this picture taken?"
STAGE_1, STAGE_2 = "stage1_image_only", "stage2_image_graph"
PARAPHRASES = 2
"""Place texts a picture in each stage."""


def query(spot: Spot, question: str, *, graph: bool) -> Item:
    """The picture of a spot under a question, with its graph in front if wanted."""
    tags, graphs = (GRAPH_TAG + IMAGE_TAG, (spot.graph_file,)) if graph else (IMAGE_TAG, ())
    return Item(f"{tags}{question}", images=(spot.image,), graphs=graphs, id=spot.id, place=spot.place)


def stage1_pairs(config: CityConfig, spots: Sequence[Spot]) -> Iterator[Pair]:
    """Picture to place text (paraphrases) and to a spatial reasoning path."""
    for spot in spots:
        yield from _where_pairs(config, spot, graph=False)


def stage2_pairs(config: CityConfig, spots: Sequence[Spot]) -> Iterator[Pair]:
    """Graph and picture to place text (other paraphrases than in stage 1) and to another spatial reasoning path."""
    for spot in spots:
        yield from _where_pairs(config, spot, graph=True)


def spatial_pairs(config: CityConfig, spots: Sequence[Spot]) -> Iterator[Pair]:
    """Graph and picture under a question of each spatial type, to the name that answers it."""
    for spot in spots:
        rng = rng_for(config, "spatial-rows", _number(spot))
        asked = [question for ask in QUESTIONS.values() if (question := ask(spot, rng)) is not None]
        yield from _pairs(spot, [(question.text, question.answer.name) for question in asked], graph=True)


def perception_pairs(config: CityConfig, spots: Sequence[Spot]) -> Iterator[Pair]:
    """Graph and picture under a question on one dimension of perception, to the judgement with its reasons."""
    for spot in spots:
        dimension = DIMENSIONS[int(rng_for(config, "perception-rows", _number(spot)).integers(len(DIMENSIONS)))]
        judged = statement(dimension, spot.view, spot.known)
        yield from _pairs(spot, [(f"How {dimension} does this place feel?", judged)], graph=True)


def _where_pairs(config: CityConfig, spot: Spot, *, graph: bool) -> Iterator[Pair]:
    rng = rng_for(config, "rows-of-stage", 2 if graph else 1, _number(spot))
    texts = [describe_place(spot.view, spot.known, rng) for _ in range(PARAPHRASES)]
    path = path_text(spot.graph, rng)
    if path is not None:
        texts.append(path)
    yield from _pairs(spot, [(WHERE, text) for text in dict.fromkeys(texts)], graph=graph)


def _pairs(spot: Spot, texts: Sequence[tuple[str, str]], *, graph: bool) -> Iterator[Pair]:
    """A row for every (question, answer); ids are those of the picture with a running number."""
    for k, (question, answer) in enumerate(texts):
        yield Pair(
            query=replace(query(spot, question, graph=graph), id=f"{spot.id}-{k}"),
            positives=(Item(answer),),
            pair_type=STAGE_2 if graph else STAGE_1,
            group=spot.id,
        )


def _number(spot: Spot) -> int:
    return int(spot.id[1:])
