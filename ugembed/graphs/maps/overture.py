"""Segments of Overture's transportation theme: roads that meet at connectors, with properties of parts of their length.

A position on a segment is a share of its length over the ellipsoid (docs.overturemaps.org, "Linear Referencing").
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import orjson

from ugembed.geo.geodesy import Floats, distance_m
from ugembed.graphs.maps.edges import DECIMALS
from ugembed.graphs.maps.joints import ChainedLine
from ugembed.graphs.maps.osm.categories import category_table
from ugembed.graphs.maps.source import MapSource
from ugembed.graphs.maps.street_line import StreetLine
from ugembed.graphs.maps.values import text

_ROAD = "road"
_SUBTYPES = frozenset({_ROAD, "rail", "water"})
_SUBCLASSES = {
    "sidewalk": ("footway", "sidewalk"),
    "crosswalk": ("footway", "crossing"),
    "cycle_crossing": ("cycleway", "crossing"),
    "parking_aisle": ("service", "parking_aisle"),
    "driveway": ("service", "driveway"),
}
"""The OSM tags behind Overture's subclasses, as far as they decide whether a road counts as a street."""
_UNKNOWN = {"unknown": "road"}  # OSM's class of streets whose class nobody knows
_AT_A_POINT_M = 0.1


def is_left_out(values: Mapping[str, Any]) -> bool:
    """Whether a row is a segment that is no street: a railway, a ferry, or a sidewalk and the like, as in OSM maps."""
    subtype = text(values.get("subtype"))
    if subtype not in _SUBTYPES:
        return False
    tags = {"highway": highway(values)}
    if (subclass := text(values.get("subclass"))) in _SUBCLASSES:
        key, value = _SUBCLASSES[subclass]
        tags[key] = value
    return subtype != _ROAD or not category_table().is_street(tags)


def highway(values: Mapping[str, Any]) -> str:
    """The OSM class of a road segment."""
    name = text(values.get("class"))
    link = f"{name}_link"
    is_link = text(values.get("subclass")) == "link" and link in category_table().streets
    return link if is_link else _UNKNOWN.get(name, name)


def chained_lines(line: StreetLine, values: Mapping[str, Any], source: MapSource) -> Iterator[ChainedLine]:
    """A segment with its connectors as nodes, cut where its level or its being a tunnel changes.

    Raises:
        GraphError: ``streets-broken`` for connectors and rules that are not those of the schema.
    """
    try:
        connectors = {float(one["at"]): str(one["connector_id"]) for one in _list(values.get("connectors"))}
        levels = [(_span(rule), int(rule["value"])) for rule in _list(values.get("level_rules"))]
        tunnels = [_span(rule) for rule in _list(values.get("road_flags")) if "is_tunnel" in (rule.get("values") or ())]
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise source.broken(f"its connectors, level_rules or road_flags are not Overture's: {error!r}") from None
    cuts = {0.0, 1.0, *(at for span, _ in levels for at in span), *(at for span in tunnels for at in span)}
    if not all(0.0 <= at <= 1.0 for at in {*connectors, *cuts}):
        raise source.broken("a position on it is not between 0 and 1")
    points, shares = _with_points_at(line.points, {*connectors, *cuts})
    vertex = {at: int(np.argmin(np.abs(shares - at))) for at in {*connectors, *cuts}}
    nodes: list[Hashable] = [object() for _ in points]  # where only this segment is
    for at in cuts:
        nodes[vertex[at]] = tuple(np.round(points[vertex[at]], DECIMALS).tolist())
    for at, connector in connectors.items():
        nodes[vertex[at]] = connector
    for (at, i), (_, j) in pairwise(sorted((at, vertex[at]) for at in cuts)):
        middle = (at + float(shares[j])) / 2
        part = replace(
            line,
            points=points[i : j + 1],
            layer=next((value for span, value in levels if span[0] <= middle <= span[1]), 0),
            is_tunnel=any(low <= middle <= high for low, high in tunnels),
        )
        if j > i:
            yield ChainedLine(part, tuple(nodes[i : j + 1]))


def _list(value: Any) -> list[Any]:
    """A list of objects, also as the JSON text that formats without lists hold."""
    if isinstance(value, str):
        value = orjson.loads(value)
    if value is not None and not isinstance(value, list):
        raise TypeError(f"{type(value).__name__} in place of a list")
    return value or []


def _span(rule: Mapping[str, Any]) -> tuple[float, float]:
    """The part of the length that a rule is about; without one, all of it."""
    low, high = rule.get("between") or (0.0, 1.0)
    return float(low), float(high)


def _with_points_at(points: Floats, positions: set[float]) -> tuple[Floats, Floats]:
    """The line with a point at every position (one within 10 cm of it will do), and the share of each point."""
    steps = distance_m(*points[:-1].T, *points[1:].T)
    shares = np.concatenate([[0.0], np.cumsum(steps)])
    length = float(shares[-1])
    shares = shares / (length or 1.0)
    new = [at for at in sorted(positions) if np.abs(shares - at).min() * length > _AT_A_POINT_M]
    if not new:
        return points, shares
    added = np.column_stack([np.interp(new, shares, points[:, axis]) for axis in (0, 1)])
    order = np.argsort(np.concatenate([shares, new]), kind="stable")
    return np.concatenate([points, added])[order], np.concatenate([shares, new])[order]
