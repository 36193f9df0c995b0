"""Tables of images as sources: CSV, GeoJSON and Parquet, copied in their own format."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import orjson

from ugembed.errors import DataError
from ugembed.records.points import ImagePoint, read_points
from ugembed.records.split.sources import Entry, check_unchanged, copy_pieces
from ugembed.records.tables.files import open_table

_PARQUET = (".parquet", ".geoparquet", ".pq")
_JSON = (".json", ".geojson", ".ndjson", ".geojsonl", ".geojsons", ".geojsonseq")
_GEO = b"geo"  # where GeoParquet keeps its metadata
_SEPARATORS = b"\x1e \t\r\n"  # around the objects of line-delimited GeoJSON


class TableFile:
    """A table that `read_points` reads; a row's picture is its file name, or else its id."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def entries(self) -> Iterator[Entry]:
        """See `Source`; an own column ``city`` is read, in any case of letters."""
        points = self._points()
        table = open_table(self.path)
        column = next((name for name in table.names if name.lower() == "city"), None)
        cities = [row[0] for row in table.rows([column])] if column else [None] * len(points)
        for number, (point, city) in enumerate(zip(points, cities, strict=True), 1):
            is_blank = city is None or (isinstance(city, float) and math.isnan(city))
            name = "" if is_blank else str(city).strip()
            yield Entry(f"{self.path}: row {number}", point.place, (point.image or point.id,), city=name)

    def _points(self) -> list[ImagePoint]:
        try:
            return read_points(self.path)
        except DataError as error:
            if error.code != "points-columns":
                raise
            hint = "rename the table's columns; `split` goes by their usual names"
            raise DataError(error.message, code=error.code, hint=hint) from None

    def copy(self, choice: Sequence[int], targets: Sequence[Path]) -> None:
        """See `Source`; CSV and lines of GeoJSON byte for byte, other formats value by value.

        Raises:
            DataError: ``split-input`` for JSON that is neither GeoJSON nor one object a line; ``file-changed``.
        """
        ending = self.path.suffix.lower()
        if ending in _PARQUET:
            _copy_parquet(self.path, choice, targets)
        elif ending in _JSON:
            _copy_json(self.path, choice, targets)
        else:
            _copy_csv(self.path, choice, targets)


def _copy_csv(path: Path, choice: Sequence[int], targets: Sequence[Path]) -> None:
    """Every file begins with the header; a row may span lines, in quotes."""
    header, *rows = _csv_pieces(path.read_bytes())
    copy_pieces(path, iter(rows), choice=choice, targets=targets, head=header)


def _csv_pieces(data: bytes) -> Iterator[bytes]:
    """The bytes of the header and of every row that is not blank, as `read_points` counts them."""
    lines = data.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True)
    start = next(number for number, line in enumerate(lines) if line.strip())
    first, *rest = (line.decode() for line in lines[start:])
    reader = csv.reader(chain([first], rest), delimiter=max(",;\t", key=first.count))
    begin = start
    for cells in reader:
        end = start + reader.line_num
        if cells:
            piece = b"".join(lines[begin:end])
            yield piece if piece.endswith((b"\n", b"\r")) else piece + b"\n"
        begin = end


def _copy_json(path: Path, choice: Sequence[int], targets: Sequence[Path]) -> None:
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    try:
        value: Any = msgspec.json.decode(data.strip(_SEPARATORS))  # whole numbers of any size stay exact
    except msgspec.DecodeError:  # several objects
        lines = (line for line in data.split(b"\n") if line.strip(_SEPARATORS))
        copy_pieces(path, (line + b"\n" for line in lines), choice=choice, targets=targets)
        return
    features = value.get("features") if isinstance(value, dict) else None
    if not isinstance(features, list):
        hint = "write it as CSV, Parquet, a GeoJSON FeatureCollection, or one object a line"
        raise DataError(f"{path}: JSON of this kind cannot be cut into parts", code="split-input", hint=hint)
    check_unchanged(path, found=len(features), known=len(choice))
    head = {key: member for key, member in value.items() if key != "bbox"}  # the box of all is not that of a part
    for number, target in enumerate(targets):
        chosen = [feature for feature, own in zip(features, choice, strict=True) if own == number]
        if chosen:
            target.write_bytes(msgspec.json.encode({**head, "features": chosen}) + b"\n")


def _copy_parquet(path: Path, choice: Sequence[int], targets: Sequence[Path]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    check_unchanged(path, found=table.num_rows, known=len(choice))
    metadata = table.schema.metadata or {}
    if _GEO in metadata:
        table = table.replace_schema_metadata({**metadata, _GEO: _without_boxes(metadata[_GEO])})
    part = pa.array(choice, pa.int64())
    for number, target in enumerate(targets):
        chosen = table.filter(pa.compute.equal(part, number))
        if chosen.num_rows:
            pq.write_table(chosen, target)


def _without_boxes(metadata: bytes) -> bytes:
    """GeoParquet's metadata, of a table that was read, without the optional ``bbox`` of its columns."""
    geo = orjson.loads(metadata)
    for column in geo["columns"].values():
        if isinstance(column, dict):
            column.pop("bbox", None)  # the box of all is not that of a part
    return orjson.dumps(geo)
