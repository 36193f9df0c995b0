"""One case ready for the template: what was asked, what the model saw, what it answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ugembed.errors import DataError
from ugembed.eval.report.entries import Entry
from ugembed.eval.report.examples import Example
from ugembed.eval.report.map_svg import Drawing, draw_graph
from ugembed.eval.report.pictures import picture_uri
from ugembed.eval.results import Answer, CaseRank
from ugembed.graphs.schema import UrbanGraph
from ugembed.records.item import GRAPH_TAG, IMAGE_TAG

PICTURE_PX, THUMBNAIL_PX = 560, 160
ANSWERS = 5

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AnswerCard:
    """One answer: its place in the ranking, its text or its picture (data URI), and its cosine."""

    position: str
    text: str
    picture: str | None
    is_right: bool
    score: float


@dataclass(frozen=True, slots=True)
class Column:
    """The answers of one entry; ``verdict`` says at which rank the right one came."""

    label: str
    mode: str
    verdict: str
    is_right: bool
    answers: tuple[AnswerCard, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """Everything the template needs to show one case; ``notes`` say what could not be shown."""

    split: str
    source: str
    question: str
    pictures: tuple[str, ...]
    maps: tuple[Drawing, ...]
    notes: tuple[str, ...]
    columns: tuple[Column, ...]


class _Album:
    """Loads pictures and maps of one card; a file that is gone or broken becomes a note, and the page is still made."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def pictures(self, paths: tuple[str | None, ...], size: int) -> tuple[str, ...]:
        return self._load(paths, lambda path: picture_uri(path, size))

    def maps(self, paths: tuple[str | None, ...]) -> tuple[Drawing, ...]:
        return self._load(paths, lambda path: draw_graph(UrbanGraph.read(path)))

    def _load(self, paths: tuple[str | None, ...], load: Callable[[Path], T]) -> tuple[T, ...]:
        loaded = []
        for path in paths:
            if path is None:
                self.notes.append("a picture or graph was only in memory")
                continue
            try:
                loaded.append(load(Path(path)))
            except DataError as error:
                self.notes.append(error.message)
        return tuple(loaded)


def example_card(example: Example) -> Card:
    """Pictures, maps and answers of a case."""
    case = example.answered[0][1]
    album = _Album()
    return Card(
        split=example.split,
        source=f"{case.file}:{case.line}",
        question=plain(case.query.text),
        pictures=album.pictures(case.query.images, PICTURE_PX),
        maps=album.maps(case.query.graphs),
        columns=tuple(_column(entry, ranked, album) for entry, ranked in example.answered),
        notes=tuple(dict.fromkeys(album.notes)),
    )


def _column(entry: Entry, case: CaseRank, album: _Album) -> Column:
    shown = [(str(place), answer) for place, answer in enumerate(case.top[:ANSWERS], 1)]
    if all(answer.index != case.gold.index for _, answer in shown):
        shown.append((f"{case.rank:g}", case.gold))
    return Column(
        label=entry.label,
        mode=entry.evaluation.query_mode,
        verdict=f"rank {case.rank:g} of {case.candidates}",
        is_right=case.rank == 1,
        answers=tuple(_answer(place, answer, answer.index == case.gold.index, album) for place, answer in shown),
    )


def _answer(place: str, answer: Answer, is_right: bool, album: _Album) -> AnswerCard:
    pictures = album.pictures(answer.item.images[:1], THUMBNAIL_PX)
    return AnswerCard(
        position=place,
        text=plain(answer.item.text),
        picture=pictures[0] if pictures else None,
        is_right=is_right,
        score=answer.score,
    )


def plain(text: str) -> str:
    """Text without tags and surplus space."""
    return " ".join(text.replace(IMAGE_TAG, " ").replace(GRAPH_TAG, " ").split())
