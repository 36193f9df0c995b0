"""Parquet tables, and GeoParquet with its positions as points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from ugembed.records.tables.files import MAX_ROWS, broken, foreign_crs, too_large

_DEGREES = (("OGC", "CRS84"), ("EPSG", "4326"))
_ENCODINGS = ("WKB", "point")


class ParquetTable:
    """A Parquet file, of which only the wanted columns are read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with _refusing(path), pq.ParquetFile(path) as file:
            rows, schema = file.metadata.num_rows, file.schema_arrow
        if rows > MAX_ROWS:
            raise too_large(path, f"{rows} rows, more than {MAX_ROWS}")
        geometry = _geometry_column(path, schema)
        self.geometry_first = geometry is not None
        self._own_name = {"geometry": geometry} if geometry else {}
        self.names: Sequence[str] = [*schema.names, *self._own_name.keys() - schema.names] if rows else []

    def rows(self, names: Sequence[str]) -> Sequence[tuple[Any, ...]]:
        """See `Table`; in GeoParquet the primary geometry is called ``geometry`` whatever its name.

        Raises:
            DataError: ``points-broken``.
        """
        own = [self._own_name.get(name, name) for name in names]
        with _refusing(self._path):
            with pq.ParquetFile(self._path) as file:
                table = file.read(columns=list(dict.fromkeys(own)))
            return list(zip(*(table.column(name).to_pylist() for name in own), strict=True))

    def where(self, row: int) -> str:
        """See `Table`."""
        return f"row {row + 1}"


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        raise broken(path, f"not a sound Parquet file: {str(error).partition(chr(10))[0]}") from None


def _geometry_column(path: Path, schema: pa.Schema) -> str | None:
    """The primary geometry that GeoParquet's metadata (1.1, "File Metadata") tells of, checked; None without it.

    Raises:
        DataError: ``points-broken``, ``points-crs``.
    """
    text = (schema.metadata or {}).get(b"geo")
    if text is None:
        return None
    try:
        geo = orjson.loads(text)
        name = geo["primary_column"]
        column = geo["columns"][name]
        encoding = column["encoding"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise broken(path, "its 'geo' metadata is not that of GeoParquet") from None
    if name not in schema.names or encoding not in _ENCODINGS:
        raise broken(path, f"its geometry {name!r} of encoding {encoding!r} cannot be read")
    if "crs" in column:  # without it positions are in degrees
        _check_crs(path, column["crs"])
    return str(name)


def _check_crs(path: Path, crs: Any) -> None:
    if crs is None:
        raise foreign_crs(path, "an unknown reference system ('crs' is null)")
    name = crs.get("id") if isinstance(crs, dict) else None
    authority, code = (str(name.get(key)) for key in ("authority", "code")) if isinstance(name, dict) else ("", "")
    if (authority, code) not in _DEGREES:
        title = crs.get("name") if isinstance(crs, dict) else crs
        raise foreign_crs(path, f"{title} ({authority}:{code})" if code else str(title)[:100])
