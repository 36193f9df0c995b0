"""Rows of a map file, each with a geometry and its columns: GeoJSON, GeoParquet and GeoPackage alike."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ugembed.errors import DataError, GraphError
from ugembed.graphs.maps.source import MapSource
from ugembed.graphs.maps.values import flat

TABLE_ENDINGS = (".geojson", ".json", ".geojsonl", ".parquet", ".geoparquet", ".gpkg")

_GEOMETRY = "geometry"
Layers = Callable[[MapSource, dict[str, str]], str]
"""Chooses one of the layers of a file, given as name to type of geometry; raises if none is clearly right."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One row.

    Attributes:
        where: How a user finds it: ``features[5]``, ``row 6``.
        geometry: As the file has it: WKB, GeoJSON, a shapely object; None when there is none.
        values: Columns by their names in lower case, without those that are blank (`values.flat`).
    """

    where: str
    geometry: Any
    values: dict[str, Any] = field(default_factory=dict)


def read_features(path: Path, source: MapSource, columns: Collection[str], layer: Layers) -> list[Feature]:
    """All rows of a table, with those of ``columns`` that it has (of ``outer.inner`` all that is in ``outer``).

    Raises:
        GraphError: ``…-missing``, ``…-broken``, ``…-projected``, ``…-too-large``, and what ``layer`` raises.
    """
    if not path.is_file():
        raise source.missing()
    wanted = {name.partition(".")[0] for name in columns} | set(columns)
    if path.suffix.lower() == ".gpkg":
        from ugembed.graphs.maps.geopackage import read_geopackage

        return read_geopackage(path, source, wanted, layer)
    try:
        return _read_table(path, source, wanted)
    except DataError as error:
        raise _in_words_of(source, error) from None


def _read_table(path: Path, source: MapSource, wanted: Collection[str]) -> list[Feature]:
    from ugembed.records.tables.files import open_table

    table = open_table(path)
    if not table.geometry_first:
        raise source.broken("no geometries in it: neither GeoJSON features nor GeoParquet")
    names = [name for name in table.names if {name.lower(), name.lower().partition(".")[0]} & set(wanted)]
    names = [_GEOMETRY, *(name for name in names if name != _GEOMETRY)]
    rows = table.rows(names) if table.names else []
    return [
        Feature(table.where(i), row[0], flat(dict(zip(names[1:], row[1:], strict=True)))) for i, row in enumerate(rows)
    ]


def _in_words_of(source: MapSource, error: DataError) -> GraphError:
    """A refusal of the readers of tables, which speak of image points."""
    if isinstance(error, GraphError):
        return error
    what = error.message.removeprefix(f"{source.name}: ")
    kinds = {"points-crs": source.projected, "points-too-large": source.too_large}
    return kinds.get(error.code, source.broken)(what)
