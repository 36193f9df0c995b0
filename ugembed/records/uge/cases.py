"""Benchmark rows: one question, candidates, one right answer.

Candidates are texts, or pictures: a case is a retrieval case when it has ``candidate_images`` or when all of its
candidates name picture files. A picture is shown as ``<image>``, or ``<graph><image>`` with ``candidate_graphs``.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import Any

from ugembed.records.case import RankingCase
from ugembed.records.images import SUFFIXES
from ugembed.records.item import GRAPH_TAG, IMAGE_TAG, Item
from ugembed.records.uge.pairs import parse_query
from ugembed.records.uge.place import PLACE_FIELDS, read_place
from ugembed.records.uge.row import Row, shown

CASE_FIELDS = frozenset(
    {"id", "messages", "images", "graphs", "candidates", "candidate_images", "candidate_graphs"}
    | {"ground_truth", "ground_truth_idx", "query_type", "question_type"}
    | set(PLACE_FIELDS)
)
"""Every field of a benchmark row."""

_COMPARED = 300  # characters up to which texts are compared for likeness, which takes the square of their length


def parse_case(row: Row) -> RankingCase:
    """A benchmark row.

    Raises:
        RowError: with the field at fault; ``gold-missing`` when the right answer is not among the candidates.
    """
    names = _strings(row, "candidates") or _strings(row, "candidate_images")
    if len(names) < 2:
        raise row.error(
            "candidates", f"{len(names)} given, wants two or more", code="candidates-few", hint="texts or image files"
        )
    _check_distinct(row, "candidates", names)
    candidates = _pictures(row, names) if _is_retrieval(row, names) else _texts(row, names)
    return RankingCase(
        query=parse_query(row),
        candidates=candidates,
        gold=_gold(row, names),
        query_type=row.text("query_type") or row.text("question_type"),
        place=read_place(row),
        source=row.source,
    )


def _strings(row: Row, key: str) -> list[str]:
    value: Any = row.values.get(key)
    names = [] if value is None else value
    if not isinstance(names, list) or not all(isinstance(name, str) and name.strip() for name in names):
        raise row.error(key, f"wants a list of strings, not {shown(value)}", code="field-type", hint='["one", "two"]')
    return names


def _check_distinct(row: Row, key: str, values: Sequence[Hashable]) -> None:
    seen: dict[Hashable, int] = {}
    for position, value in enumerate(values):
        if value in seen:
            raise row.error(
                f"{key}[{position}]",
                f"{shown(str(value))} is also {key}[{seen[value]}]",
                code="candidate-duplicate",
                hint="candidates must differ, or the rank of the right one means nothing",
            )
        seen[value] = position


def _is_retrieval(row: Row, names: list[str]) -> bool:
    if row.values.get("candidate_images") is not None:
        return True
    files = sum(PurePosixPath(name).suffix.lower() in SUFFIXES for name in names)
    if 0 < files < len(names):
        raise row.error(
            "candidates",
            f"{files} of {len(names)} are image files, the others are texts",
            code="candidates-mixed",
            hint="candidates are all texts or all image files",
        )
    return files > 0


def _texts(row: Row, names: list[str]) -> tuple[Item, ...]:
    if row.values.get("candidate_graphs") not in (None, []):
        raise row.error(
            "candidate_graphs",
            "given, but the candidates are texts",
            code="candidate-graphs",
            hint="only picture candidates have graphs; list the pictures in candidate_images",
        )
    items = []
    for position, name in enumerate(names):
        with row.located(f"candidates[{position}]"):
            items.append(Item(name))
    return tuple(items)


def _pictures(row: Row, names: list[str]) -> tuple[Item, ...]:
    images = _beside(row, "candidate_images", names) or list(names)
    graphs = _beside(row, "candidate_graphs", names) or [None] * len(names)
    image_key = "candidate_images" if row.values.get("candidate_images") is not None else "candidates"
    items: list[Item] = []
    for position, (image, graph) in enumerate(zip(images, graphs, strict=True)):
        if image is None:
            raise row.error(
                f"{image_key}[{position}]", "null; every candidate wants its picture", code="field-type", hint="name it"
            )
        picture = row.find(image, "image", f"{image_key}[{position}]")
        if graph is None:
            items.append(Item(IMAGE_TAG, (picture,)))
        else:
            drawn = row.find(graph, "graph", f"candidate_graphs[{position}]")
            items.append(Item(GRAPH_TAG + IMAGE_TAG, (picture,), (drawn,)))
    _check_distinct(row, image_key, [item.images[0] for item in items])
    return tuple(items)


def _beside(row: Row, key: str, names: list[str]) -> list[str | None]:
    """The files parallel to the candidates: each a name, a list of one, or null; empty when the field is missing."""
    value: Any = row.values.get(key)
    if value is None or value == []:
        return []
    if not isinstance(value, list) or len(value) != len(names):
        found = f"{len(value)} entries" if isinstance(value, list) else shown(value)
        raise row.error(
            key,
            f"wants one entry for each of {len(names)} candidates, not {found}",
            code="parallel-length",
            hint="null for none",
        )
    files: list[str | None] = []
    for position, entry in enumerate(value):
        listed = row.names(f"{key}[{position}]", entry)
        if len(listed) > 1:
            raise row.error(f"{key}[{position}]", "wants one file", code="field-type", hint="one file a candidate")
        files.append(listed[0] if listed else None)
    return files


def _gold(row: Row, names: list[str]) -> int:
    truth = row.values.get("ground_truth")
    if not isinstance(truth, str) or not truth.strip():
        raise row.error(
            "ground_truth", f"wants the right candidate, not {shown(truth)}", code="gold-missing", hint="copy its text"
        )
    if truth not in names:
        if not _is_retrieval(row, names):
            _refuse_damaged_paths(row, truth, names)
        raise row.error(
            "ground_truth",
            f"{shown(truth)} is not among the {len(names)} candidates",
            code="gold-missing",
            hint=f"{_nearest(truth, names)}ground_truth must equal one candidate, letter by letter",
        )
    gold = names.index(truth)
    stated = row.values.get("ground_truth_idx")
    if stated is not None and (isinstance(stated, bool) or stated != gold):
        raise row.error(
            "ground_truth_idx",
            f"{shown(stated)}, but ground_truth is candidate {gold}",
            code="gold-index",
            hint="indices count from 0; correct it or leave it out",
        )
    return gold


def _nearest(truth: str, names: list[str]) -> str:
    short = [name for name in names if len(name) <= _COMPARED]
    near = get_close_matches(truth, short, n=1, cutoff=0.8) if len(truth) <= _COMPARED else []
    return f"did you mean {shown(near[0])}? " if near else ""


def _refuse_damaged_paths(row: Row, truth: str, names: list[str]) -> None:
    """Name the known fault of a reference script: it puts an image folder in front of candidates that are texts.

    It replaces what stands before the last slash of every candidate, so all begin with one folder, and does not touch
    a text ``ground_truth``.
    """
    folders = {name.rpartition("/")[0] for name in names}
    folder = min(folders)
    if len(folders) == 1 and folder and not truth.startswith(f"{folder}/"):
        raise row.error(
            "candidates",
            f"a path rewriter put {shown(f'{folder}/')} in front of every candidate, but these are texts and "
            "ground_truth is without it",
            code="path-damaged",
            hint="take the file from before the paths were rewritten: what stood before the last '/' of a text is lost",
        )
