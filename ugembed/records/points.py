"""Image points: where each picture was taken, from a CSV table or GeoJSON points."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from ugembed.errors import DataError
from ugembed.records.item import Place

COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("id", "image_id", "uuid", "panoid", "pano_id", "orig_id"),
    "lon": ("lon", "lng", "long", "longitude", "x"),
    "lat": ("lat", "latitude", "y"),
    "heading": ("heading", "heading_deg", "compass_angle", "computed_compass_angle", "bearing"),
    "image": ("image", "image_path", "filename", "file_name", "file", "path"),
}
"""Known names of each column, compared without case; where a table has several, the first of them counts."""

_SHOWN_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class ImagePoint:
    """One street-view picture on the map; ``image`` is its file name as written, or empty."""

    id: str
    place: Place
    image: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    """The raw values of one point and where they stand (``line 7``, ``features[5]``)."""

    where: str
    values: Mapping[str, Any]


def read_points(path: Path) -> list[ImagePoint]:
    """Read a CSV (comma, semicolon or tab) with a header line, or a GeoJSON FeatureCollection of points, in file order.

    Coordinates are degrees; headings are degrees clockwise from north, taken modulo 360, and may be blank or NaN.

    Raises:
        DataError: ``points-broken``, ``points-empty``, ``points-columns``; or, with every faulty line, the code of the
            first fault: ``point-id``, ``coordinates-broken``, ``coordinates-range``, ``heading-broken``,
            ``point-duplicate``.
    """
    is_geojson = path.suffix.lower() in {".geojson", ".json"}
    rows = _geojson_rows(path) if is_geojson else _csv_rows(path)
    if not rows:
        raise DataError(f"{path}: no points in it", code="points-empty", hint="write one line an image")
    return _points(path, rows)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, IsADirectoryError):
        raise DataError(f"{path}: no such file", code="file-missing", hint="check the path") from None
    except UnicodeDecodeError as error:
        raise _broken(path, f"not UTF-8 text: {error}") from None


def _broken(path: Path, what: str) -> DataError:
    return DataError(f"{path}: {what}", code="points-broken", hint="points are a CSV table or GeoJSON points")


def _csv_rows(path: Path) -> list[_Row]:
    text = _text(path).lstrip()
    if not text:
        return []
    header = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count))
    try:
        columns = _match(path, [name.strip() for name in reader.fieldnames or ()])
        reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
        return [
            _Row(f"line {reader.line_num}", {key: row.get(name) for key, name in columns.items()}) for row in reader
        ]
    except csv.Error as error:
        raise _broken(path, f"line {reader.line_num}: {error}") from None


def _match(path: Path, found: list[str]) -> dict[str, str]:
    """Our column to the table's own name of it."""
    by_name = {name.lower(): name for name in reversed(found)}
    columns = {key: by_name[hit] for key, names in COLUMNS.items() if (hit := next(filter(by_name.get, names), None))}
    missing = [key for key in ("id", "lon", "lat") if key not in columns]
    if missing:
        wanted = "; ".join(f"{key} (or {', '.join(COLUMNS[key][1:])})" for key in missing)
        raise DataError(
            f"{path}: no column for {wanted}; found: {', '.join(found)}",
            code="points-columns",
            hint="the first line names the columns; rename them there",
        )
    return columns


def _geojson_rows(path: Path) -> list[_Row]:
    try:
        value = orjson.loads(_text(path))
    except orjson.JSONDecodeError as error:
        raise _broken(path, f"not JSON: {error}") from None
    features = value.get("features") if isinstance(value, dict) else None
    if not isinstance(features, list):
        raise _broken(path, "not a GeoJSON FeatureCollection")
    return [_Row(f"features[{i}]", _feature_values(feature)) for i, feature in enumerate(features)]


def _feature_values(feature: Any) -> dict[str, Any]:
    feature = feature if isinstance(feature, dict) else {}
    geometry = feature.get("geometry") or {}
    properties = {str(key).lower(): value for key, value in (feature.get("properties") or {}).items()}
    values = {
        key: next((properties[name] for name in COLUMNS[key] if name in properties), None)
        for key in ("id", "heading", "image")
    }
    values["id"] = feature.get("id", values["id"])
    pair = geometry.get("coordinates") if geometry.get("type") == "Point" else None
    if isinstance(pair, list) and len(pair) >= 2:
        values["lon"], values["lat"] = pair[0], pair[1]
    return values


def _points(path: Path, rows: list[_Row]) -> list[ImagePoint]:
    points: dict[str, ImagePoint] = {}
    first: dict[str, str] = {}
    problems: list[DataError] = []
    for row in rows:
        try:
            point = _point(row.values)
            if point.id in points:
                what = f"id {point.id!r} stands in {first[point.id]} already"
                raise DataError(what, code="point-duplicate", hint="every image has its own id")
        except DataError as error:
            problems.append(DataError(f"{path}: {row.where}: {error.message}", code=error.code, hint=error.hint))
        else:
            points[point.id], first[point.id] = point, row.where
    if problems:
        raise _all_of(problems)
    return list(points.values())


def _point(values: Mapping[str, Any]) -> ImagePoint:
    name = values.get("id")
    if name is None or not str(name).strip():
        raise DataError("no id", code="point-id", hint="every image has its own id")
    lon, lat = (_coordinate(key, values.get(key)) for key in ("lon", "lat"))
    place = Place(lon, lat, _heading(values.get("heading")))
    image = values.get("image")
    return ImagePoint(str(name).strip(), place, "" if image is None else str(image).strip())


def _coordinate(key: str, value: Any) -> float:
    number = _number(value)
    if number is None or not math.isfinite(number):
        hint = "coordinates are numbers in degrees; for GeoJSON each feature is a Point"
        raise DataError(f"{key} is {value!r}, not a number", code="coordinates-broken", hint=hint)
    return number


def _heading(value: Any) -> float | None:
    if value is None or str(value).strip() == "":
        return None
    number = _number(value)
    if number is None or math.isinf(number):
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


def _all_of(problems: list[DataError]) -> DataError:
    def lines() -> Iterator[str]:
        yield from (problem.message for problem in problems[:_SHOWN_PROBLEMS])
        if len(problems) > _SHOWN_PROBLEMS:
            yield f"… and {len(problems) - _SHOWN_PROBLEMS} more"

    return DataError("\n".join(lines()), code=problems[0].code, hint=problems[0].hint)
