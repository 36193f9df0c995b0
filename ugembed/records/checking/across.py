"""What only many rows together tell: doubles, leaks, rows that spoil one another, places that cannot be.

Every check gives at most one warning a file, with the number of rows and the first of them; ids are judged one by one.
Ids are compared within their file only, since a program reads one file at a time. Rows and texts are compared by the
hashes in `Facts`, whose odds are told there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ugembed.geo.geodesy import distance_m
from ugembed.records.checking.columns import NOWHERE_E6, Column, Table, distinct, pieces, shares
from ugembed.records.checking.facts import ANSWER_IN_QUERY, GOLD_LEAK, TEXT_EMPTY
from ugembed.records.checking.places import boxes_of_cities, swapped
from ugembed.records.report import Problem

FAR_FROM_GRAPH_M = 1000.0
_SHOWN = 3
_MIX = np.int64(-7046029254386353131)
"""An odd number without a pattern: products with different numbers differ, and look random."""


def warnings_of(path: Path, kind: str, table: Table, *, doubles: Column) -> list[Problem]:
    """Every warning that one file of rows gives by itself; ``doubles`` are its `double_rows`."""
    found = [_doubles(path, doubles), *_flags(path, table)]
    if kind == "training":
        found.append(_false_negatives(path, table))
    return [warning for warning in (*found, *_places(path, table)) if warning is not None]


def duplicate_ids(table: Table, others: Column) -> tuple[Column, Column]:
    """Lines of the rows whose id is on an earlier line, in order, and beside each the first line that has it.

    Args:
        others: (n, 2) line and hash of the id of rows that have another error.
    """
    lines, ids = table["line"], table["id"]
    if len(others):
        lines, ids = np.concatenate([lines, others[:, 0]]), np.concatenate([ids, others[:, 1]])
    later, first = _repeats(ids, lines)
    order = np.argsort(later)
    return later[order], first[order]


def double_rows(table: Table) -> Column:
    """The lines of rows that say and show the same as an earlier one."""
    return np.sort(_repeats(table["content"], table["line"])[0])


def image_in_both(path: Path, lines: Column, images: Column, training: Column) -> Problem | None:
    """The warning of a validation file that shows pictures of training files.

    Args:
        lines, images: Line and identity of every picture of the file.
        training: Identities of the pictures of training files.
    """
    return _warning(
        path,
        distinct(lines[np.isin(images, training)]),
        code="image-in-both",
        what="a picture is also in a training file",
        hint="split by image, so that what was trained on is not asked: ugembed split --by image",
    )


def far_from_graph(path: Path, table: Table, centres: tuple[Column, Column, Column]) -> Problem | None:
    """The warning of rows that are not where the graph of their query is.

    Args:
        centres: Sorted identities of graphs, and longitude and latitude of their centres in degrees.
    """
    graphs, lon, lat = centres
    if not len(graphs) or not table.rows:
        return None
    found = []
    for piece in pieces(table.rows):
        shown, own_lon, own_lat = (table[name][piece] for name in ("graph", "lon", "lat"))
        at = np.minimum(np.searchsorted(graphs, shown), len(graphs) - 1)
        known = (graphs[at] == shown) & (own_lon != NOWHERE_E6)
        at = at[known]
        metres = distance_m(own_lon[known] / 1e6, own_lat[known] / 1e6, lon[at], lat[at])
        found.append(table["line"][piece][known][metres > FAR_FROM_GRAPH_M])
    return _warning(
        path,
        np.concatenate(found),
        code="place-far-from-graph",
        what="the place is more than 1 km from the centre of the row's graph",
        hint="another row's graph was listed, or the place is wrong; rows and graphs must be of the same image",
    )


def _doubles(path: Path, lines: Column) -> Problem | None:
    return _warning(
        path,
        lines,
        code="row-duplicate",
        what="says and shows the same as an earlier row",
        hint="remove the doubles, or the same thing counts several times",
    )


def _flags(path: Path, table: Table) -> Iterator[Problem | None]:
    def lines(flag: int) -> Column:
        return np.asarray(table["line"][(table["flags"] & flag) != 0])

    yield _warning(
        path,
        lines(GOLD_LEAK),
        code="gold-leak",
        what="the query shows a file of the right candidate",
        hint="a model can match the file instead of understanding it",
    )
    yield _warning(
        path,
        lines(ANSWER_IN_QUERY),
        code="answer-in-query",
        what="the text of the answer stands in the query",
        hint="take it out of the query's messages; a model learns to copy it",
    )
    yield _warning(
        path,
        lines(TEXT_EMPTY),
        code="text-empty",
        what="a query or answer has graphs, but neither text nor picture",
        hint="add a text or the picture, if there should be one",
    )


def _false_negatives(path: Path, table: Table) -> Problem | None:
    """Rows that share the first picture or the place (to a millionth of a degree) with an earlier row of another group.

    Without a ``group`` the first picture, or else the first graph, is the group.
    """
    image, placed = table["image"], table["lon"] != NOWHERE_E6
    found = [_strangers(table, place_keys(table), placed)]
    if table["group"].any():  # else the picture is the group
        found.append(_strangers(table, image, image != 0))
    return _warning(
        path,
        distinct(np.concatenate(found)),
        code="false-negatives",
        what="has the first picture or the place of an earlier row of another group, so that they would be each "
        "other's negatives",
        hint='give rows that belong together the same "group"',
    )


def place_keys(table: Table) -> Column:
    """A number for every place."""
    return (table["lon"].astype(np.int64) << 32) | (table["lat"].astype(np.int64) & 0xFFFFFFFF)


def _strangers(table: Table, keys: Column, counts: Column) -> Column:
    """Lines of rows whose group is not that of the first row with the same key, among those that count."""
    found = [table["line"][:0]]
    for rows in shares(keys):
        rows = rows[counts[rows]]
        key, group, image, graph = keys[rows], *(table[name][rows] for name in ("group", "image", "graph"))
        group = np.where(group != 0, group, np.where(image != 0, image, graph))
        if _distinct_count(key) == _distinct_count(key * _MIX ^ group):  # the common case, in half the time
            continue
        order = np.argsort(key)
        firsts = np.flatnonzero(_is_first(key[order]))
        first = np.repeat(np.minimum.reduceat(order, firsts), np.diff(firsts, append=len(rows)))
        found.append(table["line"][rows[order[group[order] != group[first]]]])
    return np.concatenate(found)


def _distinct_count(keys: Column) -> int:
    return int(np.count_nonzero(_is_first(np.sort(keys))))


def _places(path: Path, table: Table) -> Iterator[Problem | None]:
    placed = table["lon"] != NOWHERE_E6
    lon, lat = table["lon"][placed], table["lat"][placed]
    if not len(lon):
        return
    turned = swapped(lon, lat)
    yield _warning(
        path,
        table["line"][placed][turned],
        code="place-swapped",
        what="the place lies among the others only with longitude and latitude exchanged",
        hint="coordinates are (longitude, latitude); exchange the two in these rows",
    )
    boxes = boxes_of_cities(lon[~turned], lat[~turned])
    if len(boxes) > 1:
        shown = "; ".join(
            f"{west:.2f} to {east:.2f}, {south:.2f} to {north:.2f}" for west, south, east, north in boxes[:5]
        )
        more = f"; and {len(boxes) - 5} more" if len(boxes) > 5 else ""
        yield Problem(
            "mixed-cities",
            str(path),
            None,
            "",
            f"places in {len(boxes)} areas more than 100 km apart (longitude, latitude): {shown}{more}",
            "if that is not meant, make a file for each city; negatives from other cities are easy ones",
            "warning",
        )


def _repeats(keys: Column, lines: Column) -> tuple[Column, Column]:
    """Lines of all but the first row of every key other than 0, and beside each the line of the first."""
    ordered = np.sort(keys)
    repeated = ordered[1:][(ordered[1:] == ordered[:-1]) & (ordered[1:] != 0)]
    if not len(repeated):  # the common case, in a third of the time
        return lines[:0], lines[:0]
    del ordered
    rows = np.flatnonzero(np.isin(keys, repeated))
    order = rows[np.lexsort((lines[rows], keys[rows]))]
    starts = _starts(keys[order])
    later = starts != np.arange(len(order))
    return lines[order[later]], lines[order[starts[later]]]


def _starts(ordered: Column) -> Column:
    """For every entry of a sorted column, the position of the first that equals it."""
    positions = np.arange(len(ordered))
    return np.maximum.accumulate(np.where(_is_first(ordered), positions, 0))


def _is_first(ordered: Column) -> Column:
    """Which entries of a sorted column differ from the one before."""
    is_first = np.ones(len(ordered), bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return is_first


def _warning(path: Path, lines: Column, *, code: str, what: str, hint: str) -> Problem | None:
    if not len(lines):
        return None
    first = ", ".join(str(line) for line in lines[:_SHOWN])
    place = f"first on lines {first}" if len(lines) > 1 else f"on line {first}"
    return Problem(code, str(path), None, "", f"in {len(lines)} row(s), {place}: {what}", hint, "warning")
