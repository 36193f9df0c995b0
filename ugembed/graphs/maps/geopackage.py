"""GeoPackages (OGC 12-128r19): SQLite files, opened so that nothing is written and nothing in them is run.

Only plain tables that `gpkg_contents` lists as features are read; views, virtual tables and computed columns are not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from ugembed.graphs.maps.crs import is_degrees
from ugembed.graphs.maps.features import Feature, Layers
from ugembed.graphs.maps.source import MapSource
from ugembed.graphs.maps.values import flat

MAX_BYTES = 4 * 2**30
"""Largest file; rows and geometries together can be no larger, for they lie in it uncompressed."""

_TABLES = ("gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys")
_LAYERS = """
    SELECT c.table_name, g.column_name, g.geometry_type_name, s.organization, s.organization_coordsys_id, s.srs_name
    FROM gpkg_contents AS c JOIN gpkg_geometry_columns AS g ON g.table_name = c.table_name
    LEFT JOIN gpkg_spatial_ref_sys AS s ON s.srs_id = g.srs_id
    WHERE c.data_type = 'features' ORDER BY c.table_name
"""
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)
_HEADER_BYTES = 8
_ORDINARY = 0  # a column that is neither hidden nor computed


def read_geopackage(path: Path, source: MapSource, wanted: Collection[str], layer: Layers) -> list[Feature]:
    """The rows of the layer that ``layer`` chooses, with those of the ``wanted`` columns that it has.

    Raises:
        GraphError: ``…-broken``, ``…-projected``, ``…-too-large``; what ``layer`` raises.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise source.too_large(f"{size} bytes, more than {MAX_BYTES}")
    for ending in ("-wal", "-journal"):
        if (rest := Path(f"{path}{ending}")).exists() and rest.stat().st_size:
            raise source.broken(f"changes to it are still in {rest.name}: close the program that has it open")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            return list(_features(database, source, wanted, layer, size))
    except (sqlite3.Error, ValueError) as error:  # ValueError: a zero byte within a name
        raise source.broken(f"not a sound GeoPackage: {error}") from None


def _features(
    database: sqlite3.Connection, source: MapSource, wanted: Collection[str], layer: Layers, size: int
) -> Iterator[Feature]:
    for name in _TABLES:
        _check_plain(database, source, name)
    layers = {row[0]: row for row in database.execute(_LAYERS) if isinstance(row[0], str) and isinstance(row[1], str)}
    table, geometry, _, *crs = layers[layer(source, {name: str(row[2]).upper() for name, row in layers.items()})]
    _check_plain(database, source, table)
    if not is_degrees(f"{crs[0]}:{crs[1]}"):
        raise source.projected(f"layer {table!r} is in {crs[2]} ({crs[0]}:{crs[1]}), not in degrees (WGS 84)")
    names = _columns(database, table)
    if geometry not in names:
        raise source.broken(f"layer {table!r} has no column {geometry!r}")
    chosen = [geometry, *(name for name in names if name != geometry and name.lower() in wanted)]
    columns = ", ".join(map(_quoted, chosen))
    read = 0
    for number, row in enumerate(database.execute(f"SELECT {columns} FROM {_quoted(table)}"), 1):
        read += 1 + (len(row[0]) if isinstance(row[0], bytes) else 0)
        if read > size:
            raise source.broken(f"layer {table!r} has more rows than can be in the file")
        values = flat(dict(zip(chosen[1:], row[1:], strict=True)))
        yield Feature(f"{table}, row {number}", _wkb(row[0]), values)


def _check_plain(database: sqlite3.Connection, source: MapSource, table: str) -> None:
    """A table whose rows are stored as they are."""
    found = database.execute("SELECT type, sql FROM sqlite_master WHERE name = ?", (table,)).fetchall()
    is_plain = len(found) == 1 and found[0][0] == "table" and str(found[0][1]).upper().startswith("CREATE TABLE")
    if not is_plain:
        what = "not a plain table" if found else "not in it"
        raise source.broken(f"{table!r} is {what}: not a GeoPackage of features")


def _columns(database: sqlite3.Connection, table: str) -> Sequence[str]:
    rows = database.execute("SELECT name, hidden FROM pragma_table_xinfo(?)", (table,))
    return [name for name, hidden in rows if hidden == _ORDINARY]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _wkb(blob: Any) -> Any:
    """The WKB within a GeoPackage geometry (12-128r19, 2.1.3), or the value itself if it is none."""
    if not isinstance(blob, bytes) or len(blob) < _HEADER_BYTES or blob[:2] != b"GP":
        return blob
    envelope = blob[3] >> 1 & 0b111
    return blob[_HEADER_BYTES + _ENVELOPE_BYTES[envelope] :] if envelope < len(_ENVELOPE_BYTES) else blob
