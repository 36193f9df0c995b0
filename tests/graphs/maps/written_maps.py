"""Tables and graphs written as geopandas, osmnx and GDAL write them, by the plainest means."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from ugembed.geo.geodesy import Floats
from ugembed.graphs.maps.city_map import Link

Row = tuple[Any, Mapping[str, Any]]
"""A shapely geometry and its columns."""
WGS84 = {"id": {"authority": "EPSG", "code": 4326}}


def edge_rows(links: Sequence[Link], *, nodes: bool = True) -> list[Row]:
    """Links of an OSM map as rows of a table of edges; the columns u and v are left out without ``nodes``."""
    return [
        (
            shapely.LineString(link.points),
            ({"u": link.start, "v": link.end} if nodes else {})
            | {"osmid": link.id.removeprefix("way/"), "name": link.name or None, "highway": link.highway}
            | {"layer": str(link.layer), "tunnel": "yes" if link.is_tunnel else None},
        )
        for link in links
    ]


def geojson(path: Path, rows: Sequence[Row], **more: Any) -> Path:
    features = [
        {"type": "Feature", "properties": dict(values), "geometry": orjson.loads(shapely.to_geojson(geometry))}
        for geometry, values in rows
    ]
    path.write_bytes(orjson.dumps({"type": "FeatureCollection", "features": features, **more}))
    return path


def geoparquet(path: Path, rows: Sequence[Row], *, crs: Any = WGS84, schema: Mapping[str, Any] | None = None) -> Path:
    table = pa.Table.from_pylist(
        [{"geometry": shapely.to_wkb(geometry), **values} for geometry, values in rows],
        pa.schema(list({"geometry": pa.binary(), **schema}.items())) if schema else None,
    )
    columns = {"geometry": {"encoding": "WKB", "geometry_types": [], "crs": crs}}
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": columns}
    pq.write_table(table.replace_schema_metadata({b"geo": orjson.dumps(geo)}), path)
    return path


def geopackage(
    path: Path, rows: Sequence[Row], *, layer: str = "edges", kind: str = "LINESTRING", srid: int = 4326
) -> Path:
    """A layer, added to the file when it is there."""
    names = list(dict.fromkeys(name for _, values in rows for name in values))
    database = sqlite3.connect(path)
    database.executescript(
        """
        CREATE TABLE IF NOT EXISTS gpkg_spatial_ref_sys (srs_name TEXT, srs_id INTEGER PRIMARY KEY,
            organization TEXT, organization_coordsys_id INTEGER, definition TEXT, description TEXT);
        CREATE TABLE IF NOT EXISTS gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT, srs_id INTEGER);
        CREATE TABLE IF NOT EXISTS gpkg_geometry_columns (table_name TEXT, column_name TEXT, geometry_type_name TEXT,
            srs_id INTEGER, z TINYINT, m TINYINT);
        """
    )
    database.execute("INSERT OR IGNORE INTO gpkg_spatial_ref_sys VALUES ('a', ?, 'EPSG', ?, '', '')", (srid, srid))
    database.execute("INSERT INTO gpkg_contents VALUES (?, 'features', ?)", (layer, srid))
    database.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)", (layer, kind, srid))
    columns = "".join(f', "{name}"' for name in names)
    database.execute(f'CREATE TABLE "{layer}" (fid INTEGER PRIMARY KEY, geom BLOB{columns})')
    for geometry, values in rows:
        given = [geopackage_blob(geometry, srid), *(values.get(name) for name in names)]
        database.execute(f'INSERT INTO "{layer}" (geom{columns}) VALUES ({", ".join("?" * len(given))})', given)
    database.commit()
    database.close()
    return path


def geopackage_blob(geometry: Any, srid: int = 4326) -> bytes:
    """With an envelope in x and y, little-endian, as GDAL writes lines."""
    west, south, east, north = shapely.bounds(geometry)
    header = b"GP\0" + bytes([0b011]) + struct.pack("<i4d", srid, west, east, south, north)
    return header + bytes(shapely.to_wkb(geometry))


def graphml(path: Path, rows: Sequence[Row], *, crs: str = "epsg:4326") -> Path:
    """Every edge twice, once a direction, as osmnx writes streets that are no one-way streets."""
    names = ["geometry", *dict.fromkeys(name for _, values in rows for name in values if name not in "uv")]
    keys = "".join(f'<key id="e{i}" for="edge" attr.name={quoteattr(n)} />' for i, n in enumerate(names))
    keys += '<key id="x" for="node" attr.name="x" /><key id="y" for="node" attr.name="y" />'
    keys += '<key id="crs" for="graph" attr.name="crs" />'
    places = {}
    edges = ""
    for geometry, values in rows:
        for line, u, v in ((geometry, values["u"], values["v"]), (geometry.reverse(), values["v"], values["u"])):
            places[u] = line.coords[0]
            cells = [(i, line.wkt if n == "geometry" else values.get(n)) for i, n in enumerate(names)]
            data = "".join(f'<data key="e{i}">{escape(str(cell))}</data>' for i, cell in cells if cell is not None)
            edges += f'<edge source={quoteattr(u)} target={quoteattr(v)} id="0">{data}</edge>\n'
    nodes = "".join(
        f'<node id={quoteattr(node)}><data key="y">{y!r}</data><data key="x">{x!r}</data></node>\n'
        for node, (x, y) in places.items()
    )
    graph = f'<graph edgedefault="directed">\n{nodes}{edges}<data key="crs">{crs}</data></graph>'
    path.write_text(f"<?xml version='1.0' encoding='utf-8'?>\n<graphml>{keys}{graph}</graphml>\n", encoding="utf-8")
    return path


WRITERS: dict[str, Callable[[Path, Sequence[Row]], Path]] = {
    "geojson": geojson,
    "parquet": geoparquet,
    "gpkg": geopackage,
    "graphml": graphml,
}


def either_way(points: Floats) -> tuple[tuple[float, ...], ...]:
    """The points of a line, from its smaller end."""
    line = tuple(map(tuple, np.round(points, 9).tolist()))
    return min(line, line[::-1])


def content(link: Link, *, nodes: bool = True) -> tuple[Any, ...]:
    """What a link says, whichever way it is drawn."""
    ends = tuple(sorted((link.start, link.end))) if nodes else ()
    return (link.id, link.name, link.highway, ends, either_way(link.points), link.layer, link.is_tunnel)
