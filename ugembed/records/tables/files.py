"""Opens a table of images, whatever its format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from ugembed.errors import DataError

MAX_BYTES = 2 * 2**30
"""Largest text table; it is held in memory."""
MAX_ROWS = 20_000_000
"""Most rows of a Parquet file, which can be tiny on disk and huge in memory."""

_SHOWN_FAULTS = 20
_JSON = frozenset({".json", ".geojson", ".jsonl", ".ndjson", ".geojsonl", ".geojsons", ".geojsonseq"})
_PARQUET = frozenset({".parquet", ".geoparquet", ".pq"})


class Table(Protocol):
    """A table of which first the column names are known, and then the rows of those that are wanted."""

    @property
    def names(self) -> Sequence[str]:
        """The columns, in the table's own spelling; none if it is empty."""

    @property
    def geometry_first(self) -> bool:
        """Whether the format says that the column ``geometry`` holds the positions."""

    def rows(self, names: Sequence[str]) -> Sequence[tuple[Any, ...]]:
        """The values of some columns, row by row; None or blank where a row has none."""

    def where(self, row: int) -> str:
        """How a user finds a row (``line 7``, ``features[5]``), once `rows` was called."""


def open_table(path: Path) -> Table:
    """A CSV, JSON or Parquet table, told by the end of its name; what is neither JSON nor Parquet is CSV.

    Raises:
        DataError: ``file-missing``, ``points-too-large``, ``points-broken``, ``points-crs``.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file", code="file-missing", hint="check the path")
    if path.suffix.lower() in _PARQUET:
        from ugembed.records.tables.parquet import ParquetTable

        return ParquetTable(path)
    if path.stat().st_size > MAX_BYTES:
        raise too_large(path, f"{path.stat().st_size} bytes, more than {MAX_BYTES}")
    if path.suffix.lower() in _JSON:
        from ugembed.records.tables.json import JsonTable

        return JsonTable(path)
    from ugembed.records.tables.csv import CsvTable

    return CsvTable(path)


def broken(path: Path, what: str) -> DataError:
    """The refusal of a file that is no table."""
    hint = "points are a table (CSV, Parquet), GeoJSON points, or a folder of photographs"
    return DataError(f"{path}: {what}", code="points-broken", hint=hint)


def too_large(path: Path, what: str) -> DataError:
    """The refusal of a table that would not fit into memory."""
    return DataError(f"{path}: {what}", code="points-too-large", hint="cut the table into several, city by city")


def foreign_crs(path: Path, what: str) -> DataError:
    """The refusal of positions in another reference system than degrees of WGS 84."""
    hint = "reproject it to EPSG:4326, for example with geopandas: table.to_crs(4326)"
    return DataError(f"{path}: positions are in {what}, not in degrees (WGS 84)", code="points-crs", hint=hint)


def all_of(faults: Sequence[DataError]) -> DataError:
    """One refusal that tells them all (twenty in words, the rest as a number), with the code of the first."""
    lines = [fault.message for fault in faults[:_SHOWN_FAULTS]]
    if len(faults) > _SHOWN_FAULTS:
        lines.append(f"… and {len(faults) - _SHOWN_FAULTS} more")
    return DataError("\n".join(lines), code=faults[0].code, hint=faults[0].hint)
