"""Our types back into the reference's rows: what is written here is read back equal (but for ``source``)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ugembed.errors import DataError
from ugembed.records.case import RankingCase
from ugembed.records.item import GRAPH_TAG, IMAGE_TAG, Item, Place
from ugembed.records.pair import Pair
from ugembed.records.uge.pairs import default_group


def pair_row(pair: Pair, relative_to: Path | None = None) -> dict[str, Any]:
    """The training row of a pair.

    Args:
        pair: Ids and places of its positives and negatives have no field in the format and are not written.
        relative_to: File names are written relative to this folder (which must hold them); else as they stand.

    Raises:
        DataError: ``unwritable`` for a picture or graph in memory; ``path-escapes`` for one outside ``relative_to``.
    """
    row = _query(pair.query, pair.query.place, relative_to)
    for side, items in (("positive", pair.positives), ("negative", pair.negatives)):
        if items:
            row[f"{side}_messages"] = [_turns(item) for item in items]
        for key in ("images", "graphs"):
            if any(getattr(item, key) for item in items):
                row[f"{side}_{key}"] = [_names(getattr(item, key), relative_to) for item in items]
    if pair.pair_type:
        row["pair_type"] = pair.pair_type
    row["label"] = 1
    if pair.group and pair.group != default_group(pair.query):
        row["group"] = pair.group
    return row


def case_row(case: RankingCase, relative_to: Path | None = None) -> dict[str, Any]:
    """The benchmark row of a case; arguments and errors as for `pair_row`.

    Raises:
        DataError: ``unwritable`` when its candidates are neither all plain texts nor all one picture, with or without
            a graph in front.
    """
    row = _query(case.query, case.place, relative_to)
    if not any(item.images or item.graphs for item in case.candidates):
        row["candidates"] = [item.text for item in case.candidates]
    else:
        for item in case.candidates:
            if item.text != GRAPH_TAG * len(item.graphs) + IMAGE_TAG or len(item.graphs) > 1:
                raise _unwritable(f"a candidate that reads {item.text!r}")
        row["candidates"] = [_name(item.images[0], relative_to) for item in case.candidates]
        row["candidate_images"] = row["candidates"]
        if any(item.graphs for item in case.candidates):
            row["candidate_graphs"] = [
                _name(item.graphs[0], relative_to) if item.graphs else None for item in case.candidates
            ]
    row["ground_truth"] = row["candidates"][case.gold]
    row["ground_truth_idx"] = case.gold
    if case.query_type:
        row["query_type"] = case.query_type
    return row


def _query(query: Item, place: Place | None, relative_to: Path | None) -> dict[str, Any]:
    row: dict[str, Any] = {"id": query.id} if query.id else {}
    row["messages"] = _turns(query)
    row["images"] = _names(query.images, relative_to)
    row["graphs"] = _names(query.graphs, relative_to)
    if place is not None:
        row["place"] = {"lon": place.lon, "lat": place.lat}
        if place.heading_deg is not None:
            row["place"]["heading_deg"] = place.heading_deg
    return row


def _turns(item: Item) -> list[dict[str, str]]:
    return [{"role": "user", "content": item.text}]


def _names(sources: Sequence[Any], relative_to: Path | None) -> list[str]:
    return [_name(source, relative_to) for source in sources]


def _name(source: Any, relative_to: Path | None) -> str:
    if not isinstance(source, Path):
        raise _unwritable(f"a {type(source).__name__} in memory")
    if relative_to is None:
        return str(source)
    absolute, folder = (Path(os.path.abspath(path)) for path in (source, relative_to))  # noqa: PTH100  keeps links
    if not absolute.is_relative_to(folder):
        raise DataError(f"{source} lies outside of {relative_to}", code="path-escapes", hint="copy it there first")
    return absolute.relative_to(folder).as_posix()


def _unwritable(what: str) -> DataError:
    return DataError(
        f"{what} cannot be written as a row", code="unwritable", hint="save it to a file, or as plain text"
    )
