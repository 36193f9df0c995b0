"""Street edges from a GeoJSON of LineStrings with ``u`` and ``v``, as osmnx and street-view data sets publish them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from ugembed.errors import GraphError
from ugembed.geo.geodesy import Floats
from ugembed.graphs.maps.city_map import CityMap, Link

_HINT = "wanted: a FeatureCollection of LineStrings in degrees with properties u, v and, if known, name and highway"
_SHOWN_PROBLEMS = 10


def read_streets_geojson(path: Path) -> CityMap:
    """Every feature is one link between the nodes ``u`` and ``v``; a twin drawn the other way counts once.

    Raises:
        GraphError: ``streets-missing``, ``streets-broken`` (with every faulty feature), ``streets-projected`` for
            coordinates that are not degrees.
    """
    links: dict[Any, Link] = {}
    problems: list[GraphError] = []
    for position, feature in enumerate(_features(path)):
        try:
            link = _link(feature)
        except GraphError as error:
            problems.append(GraphError(f"{path}: features[{position}]: {error.message}", code=error.code, hint=_HINT))
        else:
            links[(link.start, link.end, link.points.tobytes())] = link
    if problems:
        more = [f"… and {len(problems) - _SHOWN_PROBLEMS} more"] if len(problems) > _SHOWN_PROBLEMS else []
        lines = [problem.message for problem in problems[:_SHOWN_PROBLEMS]]
        raise GraphError("\n".join(lines + more), code=problems[0].code, hint=_HINT)
    return CityMap(tuple(links[key] for key in sorted(links)))


def _features(path: Path) -> Iterator[Any]:
    try:
        value = orjson.loads(path.read_bytes())
    except (FileNotFoundError, IsADirectoryError):
        raise GraphError(f"{path}: no such file", code="streets-missing", hint="check --streets") from None
    except orjson.JSONDecodeError as error:
        raise GraphError(f"{path}: not JSON: {error}", code="streets-broken", hint=_HINT) from None
    features = value.get("features") if isinstance(value, dict) else None
    if not isinstance(features, list):
        raise GraphError(f"{path}: not a GeoJSON FeatureCollection", code="streets-broken", hint=_HINT)
    yield from features


def _link(feature: Any) -> Link:
    properties = (feature.get("properties") or {}) if isinstance(feature, dict) else {}
    if "u" not in properties or "v" not in properties:
        raise GraphError("no properties u and v", code="streets-broken")
    start, end, points = str(properties["u"]), str(properties["v"]), _points(feature.get("geometry") or {})
    if (end, points[::-1].tobytes()) < (start, points.tobytes()):
        start, end, points = end, start, np.ascontiguousarray(points[::-1])
    name, highway = _first(properties.get("name")), _first(properties.get("highway"))
    return Link(f"edge/{start}-{end}-{_first(properties.get('osmid'))}", name, highway, start, end, points)


def _points(geometry: dict[str, Any]) -> Floats:
    try:
        points = np.array([pair[:2] for pair in geometry["coordinates"]], dtype=np.float64)
    except (KeyError, TypeError, ValueError):
        points = np.empty((0, 2))
    if geometry.get("type") != "LineString" or points.ndim != 2 or len(points) < 2 or points.shape[1] != 2:
        raise GraphError("not a LineString of at least two points", code="streets-broken")
    if not (np.isfinite(points).all() and (np.abs(points) <= (180.0, 90.0)).all()):
        raise GraphError("coordinates are not degrees", code="streets-projected")
    return points


def _first(value: Any) -> str:
    """osmnx writes several values of one edge as a list, or as the text of a Python list: the first of them counts."""
    if isinstance(value, str) and value.startswith("["):
        try:
            value = ast.literal_eval(value)
        except (SyntaxError, ValueError):
            return str(value)
    if isinstance(value, list):
        value = value[0] if value else None
    return "" if value is None or value != value else str(value)
