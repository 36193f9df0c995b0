"""Geometries of map files, in whatever form, as shapely objects in degrees."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import orjson

from ugembed.geo.geodesy import Floats
from ugembed.graphs.maps.source import MapSource
from ugembed.graphs.maps.wkb import WkbError, check_wkb

_KINDS = ("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon")
_WKT = re.compile(r"\s*(?:MULTI)?(?:POINT|LINESTRING|POLYGON)\b", re.IGNORECASE)
_LIMITS_DEG = (180.0, 90.0)


def shape(raw: Any, source: MapSource) -> Any:
    """A geometry given as WKB, WKT, GeoJSON, GeoArrow point or shapely object: sound, not empty, (lon, lat) in degrees.

    Raises:
        GraphError: ``streets-broken`` or ``places-broken``; ``streets-projected`` or ``places-projected`` for
            coordinates that cannot be degrees.
    """
    import shapely

    try:
        found = _decoded(raw)
    except WkbError as error:
        raise source.broken(f"its geometry is {error}") from None
    except (shapely.errors.ShapelyError, TypeError, ValueError) as error:
        raise source.broken(f"its geometry cannot be read: {str(error)[:200]}") from None
    kind = getattr(found, "geom_type", type(raw).__name__)
    if kind not in _KINDS or found.is_empty:
        raise source.broken("no geometry" if raw is None else f"its geometry is {_an(kind, kind in _KINDS)}")
    _check_degrees(shapely.get_coordinates(found), source)
    if not shapely.is_valid(found):
        raise source.broken(f"its {kind} is not valid: {shapely.is_valid_reason(found)}")
    return shapely.force_2d(found)


def parts(found: Any) -> list[Any]:
    """The parts of a geometry, or itself."""
    return list(getattr(found, "geoms", [found]))


def line_points(raw: Any, source: MapSource) -> list[Floats]:
    """(n, 2) float64 (lon, lat) of every part of a LineString or MultiLineString, n >= 2.

    Raises:
        GraphError: as `shape`; ``streets-broken`` for anything but lines.
    """
    import shapely

    found = shape(raw, source)
    if "LineString" not in found.geom_type:
        raise source.broken(f"not a LineString of at least two points but a {found.geom_type}")
    return [shapely.get_coordinates(part) + 0.0 for part in parts(found)]  # -0.0 and 0.0 are one place


def _decoded(raw: Any) -> Any:
    import shapely

    if isinstance(raw, bytes):
        check_wkb(raw)
        return shapely.from_wkb(raw)
    if isinstance(raw, str) and _WKT.match(raw):
        return shapely.from_wkt(raw)
    if isinstance(raw, dict) and raw.keys() >= {"x", "y"}:
        return shapely.Point(raw["x"], raw["y"])
    if isinstance(raw, dict) and raw.get("type") in _KINDS:
        return shapely.from_geojson(orjson.dumps({key: raw.get(key) for key in ("type", "coordinates")}))
    return raw


def _check_degrees(points: Floats, source: MapSource) -> None:
    if not (np.isfinite(points).all() and (np.abs(points) <= _LIMITS_DEG).all()):
        worst = points[~(np.abs(points) <= _LIMITS_DEG).all(axis=1)][0].tolist()
        raise source.projected(f"coordinates are not degrees: {worst[0]}, {worst[1]}")


def _an(kind: str, is_known: bool) -> str:
    return f"an empty {kind}" if is_known else f"a {kind}"
