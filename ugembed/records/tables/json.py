"""JSON tables: GeoJSON, newline-delimited or not, and the answers of Mapillary's and KartaView's services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from ugembed.records.tables.columns import FEATURE_ID
from ugembed.records.tables.files import broken, foreign_crs

_LISTS = (("features",), ("data",), ("result", "data"), ("currentPageItems",))
"""Where the images are listed: GeoJSON; Mapillary's Graph API; KartaView's API 2.0, and 1.0."""

_DEGREES = ("CRS84", "EPSG::4326", "EPSG:4326", "EPSG:0:4326")
_RECORD_SEPARATOR = b"\x1e \t\r\n"  # RFC 8142 starts each line of a GeoJSON text sequence with the first of these


class JsonTable:
    """Objects, one an image; an object inside an object gives columns ``outer.inner``."""

    def __init__(self, path: Path) -> None:
        found = list(_objects(path))
        self._where = [place for place, _ in found]
        self._rows = [_flat(value) for _, value in found]
        self.geometry_first = any(_is_feature(value) for _, value in found)
        self.names: Sequence[str] = list(dict.fromkeys(name for row in self._rows for name in row))

    def rows(self, names: Sequence[str]) -> Sequence[tuple[Any, ...]]:
        """See `Table`."""
        return [tuple(map(row.get, names)) for row in self._rows]

    def where(self, row: int) -> str:
        """See `Table`."""
        return self._where[row]


def _objects(path: Path) -> Iterator[tuple[str, Any]]:
    """(where it stands, object) of every image."""
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf").strip()
    if not data:
        return
    if _is_lines(data):
        for number, line in enumerate(data.split(b"\n"), 1):
            if line := line.strip(_RECORD_SEPARATOR):
                yield f"line {number}", _loads(path, line, f"line {number}: ")
        return
    value = _loads(path, data.strip(_RECORD_SEPARATOR))
    if _is_feature(value):
        yield "the feature", value
        return
    prefix, images = _listed(path, value)
    for i, image in enumerate(images):
        yield f"{prefix}[{i}]", image


def _is_lines(data: bytes) -> bool:
    """Whether the first of several lines is a JSON object of its own."""
    first, _, rest = data.partition(b"\n")
    if not rest:
        return False
    try:
        return isinstance(orjson.loads(first.strip(_RECORD_SEPARATOR)), dict)
    except orjson.JSONDecodeError:
        return False


def _loads(path: Path, data: bytes, where: str = "") -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise broken(path, f"{where}not JSON: {error}") from None


def _listed(path: Path, value: Any) -> tuple[str, list[Any]]:
    if isinstance(value, list):
        return "", value
    for keys in _LISTS:
        inner = value
        for key in keys:
            inner = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(inner, list):
            _check_crs(path, value)
            return ".".join(keys), inner
    raise broken(path, "neither a GeoJSON FeatureCollection nor a list of images")


def _check_crs(path: Path, collection: Mapping[str, Any]) -> None:
    """Older GeoJSON may name a reference system, and writers still do when it is another than degrees."""
    crs = collection.get("crs")
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if crs is not None and not str(name).upper().endswith(_DEGREES):
        raise foreign_crs(path, str(name or crs)[:100])


def _is_feature(value: Any) -> bool:
    return isinstance(value, dict) and (value.get("type") == "Feature" or {"geometry", "properties"} <= value.keys())


def _flat(value: Any) -> dict[str, Any]:
    """An object, or a feature's properties with its ``geometry`` and ``feature.id``, as one level."""
    if not isinstance(value, dict):
        return {}
    if not _is_feature(value):
        return dict(_leaves(value))
    properties = value.get("properties")
    row = dict(_leaves(properties)) if isinstance(properties, dict) else {}
    return row | {"geometry": value.get("geometry")} | ({FEATURE_ID: value["id"]} if "id" in value else {})


def _leaves(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        if isinstance(inner, dict) and "coordinates" not in inner:
            yield from ((f"{key}.{name}", leaf) for name, leaf in inner.items())
        else:
            yield key, inner
