"""Image points: where each picture was taken, from a table or from the photographs themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path, PureWindowsPath
from typing import Any, NamedTuple

from ugembed.collector import without_collector
from ugembed.errors import DataError
from ugembed.records.item import Place
from ugembed.records.tables.columns import Sources, find_sources
from ugembed.records.tables.files import Table, all_of, open_table
from ugembed.records.tables.geometry import point_of


@dataclass(frozen=True, slots=True)
class ImagePoint:
    """One street-view picture on the map; ``image`` is its file name as written, or empty."""

    id: str
    place: Place
    image: str = ""


def read_points(path: Path, *, columns: Mapping[str, str] | None = None) -> list[ImagePoint]:
    """Read a table of images (CSV, Parquet, GeoJSON, GeoParquet) or a folder of photographs, in its order.

    Coordinates are degrees; headings are degrees clockwise from north, taken modulo 360, and may be blank or NaN. In a
    table without ids, an image is called like its file, without the ending.

    Args:
        path: The file or folder.
        columns: Our name (a key of `COLUMNS`) to the table's, where that is none of the known ones.

    Raises:
        ConfigError: ``columns-broken``.
        DataError: ``points-broken``, ``points-empty``, ``points-columns``, ``points-crs``, ``points-row``,
            ``points-too-large``, those of `read_photos`; or, with every faulty row, the code of the first fault:
            ``point-id``, ``coordinates-broken``, ``coordinates-range``, ``heading-broken``, ``point-duplicate``.
    """
    if path.is_dir():
        from ugembed.records.photos import read_photos

        return read_photos(path, columns=columns).placed()
    with without_collector():
        return _read_table(path, columns or {})


def _read_table(path: Path, columns: Mapping[str, str]) -> list[ImagePoint]:
    table = open_table(path)
    if not table.names:
        raise _empty(path)
    sources = find_sources(table.names, where=str(path), given=columns, geometry_first=table.geometry_first)
    rows = table.rows(sources.names())
    if not rows:
        raise _empty(path)
    return _points(path, table, _raw(sources, rows))


def _empty(path: Path) -> DataError:
    return DataError(f"{path}: no points in it", code="points-empty", hint="write one line an image")


class _Row(NamedTuple):
    """The raw values of one image; its position is a pair (lon, lat), or one geometry."""

    id: Any
    position: Any
    heading: Any
    image: Any


def _raw(sources: Sources, rows: Sequence[tuple[Any, ...]]) -> Iterator[_Row]:
    at = {name: position for position, name in enumerate(sources.names())}
    places = [itemgetter(*(at[name] for name in names)) for names in sources.positions]  # of two names, a pair
    ids, headings = ([itemgetter(at[name]) for name in names] for names in (sources.ids, sources.headings))
    for row in rows:
        image = row[at[sources.image]] if sources.image else None
        yield _Row(_first(ids, row) if ids else _stem(image), _first(places, row), _first(headings, row), image)


def _first(candidates: Sequence[Callable[[Any], Any]], row: tuple[Any, ...]) -> Any:
    """The first candidate that is not blank, or else the last."""
    for candidate in candidates[:-1]:
        if not _is_blank(value := candidate(row)):
            return value
    return candidates[-1](row) if candidates else None


def _stem(name: Any) -> str | None:
    """The file name without folders (of either kind of slash) and ending."""
    return PureWindowsPath(name).stem if isinstance(name, str) else None


def _is_blank(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_blank, value))
    return value is None or value != value or (isinstance(value, str) and not value.strip())  # NaN is not itself


def _points(path: Path, table: Table, rows: Iterable[_Row]) -> list[ImagePoint]:
    points: dict[str, ImagePoint] = {}
    first: dict[str, int] = {}
    faults: list[DataError] = []
    for number, row in enumerate(rows):
        try:
            point = _point(row)
            if point.id in points:
                what = f"id {point.id!r} stands in {table.where(first[point.id])} already"
                raise DataError(what, code="point-duplicate", hint="every image has its own id")
        except DataError as error:
            message = f"{path}: {table.where(number)}: {error.message}"
            faults.append(DataError(message, code=error.code, hint=error.hint))
        else:
            points[point.id], first[point.id] = point, number
    if faults:
        raise all_of(faults)
    return list(points.values())


def _point(row: _Row) -> ImagePoint:
    name = _name(row.id)
    pair = row.position if isinstance(row.position, tuple) else point_of(row.position)
    place = Place(_coordinate("lon", pair[0]), _coordinate("lat", pair[1]), _heading(row.heading))
    return ImagePoint(name, place, "" if _is_blank(row.image) else str(row.image).strip())


def _name(value: Any) -> str:
    if isinstance(value, str) and value.strip():
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    what = "no id" if _is_blank(value) else f"the id is {str(value)[:60]}, not a text or a whole number"
    hint = "every image has its own id; long numbers lose digits as floating point, so keep ids as text"
    raise DataError(what, code="point-id", hint=hint)


def _coordinate(key: str, value: Any) -> float:
    number = _number(value)
    if number is None or not math.isfinite(number):
        hint = "coordinates are numbers in degrees; of a geometry, only points are read"
        raise DataError(f"{key} is {value!r}, not a number", code="coordinates-broken", hint=hint)
    return number


def _heading(value: Any) -> float | None:
    if value is None or value == "":
        return None
    number = _number(value)
    if number is None or math.isinf(number):
        if _is_blank(value):
            return None
        hint = "headings are degrees clockwise from north, or blank"
        raise DataError(f"heading is {value!r}, not a number", code="heading-broken", hint=hint)
    return None if math.isnan(number) else number % 360.0


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None
