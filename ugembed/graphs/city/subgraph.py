"""The local graph of one image: what lies within a radius of it, cut out of the `City`.

Deterministic: the same map and the same image give the same graph, whatever the order of the file and whichever other
images are asked for. Work grows with the neighbourhood, not with the city.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ugembed.geo.geodesy import Floats, bearing_deg, distance_m
from ugembed.graphs.city.city import City
from ugembed.graphs.city.lines import Ints, Nearby
from ugembed.graphs.city.relations import NO_STREET
from ugembed.graphs.schema import Edge, Node, UrbanGraph
from ugembed.graphs.text import IMAGE_CATEGORY, IMAGE_NAME, image_text
from ugembed.records.points import ImagePoint

_COORDINATE_DECIMALS = 9  # 0.1 mm
_METRE_DECIMALS = 3
_BEARING_DECIMALS = 2


@dataclass(frozen=True, slots=True)
class LocalRules:
    """How much of the city an image sees: metres around it, most nodes (with itself), places it is ``near`` to."""

    radius_m: float = 700.0
    max_nodes: int = 1000
    near_places: int = 8


@dataclass(frozen=True, slots=True)
class _Seen:
    """City nodes around one image, in the order in which they are kept: by metres, then id.

    ``distance_m`` is to the thing itself (an area's outline, 0 inside; a street's nearest point), which is at
    ``(near_lon, near_lat)``; ``lon``/``lat`` is where the node is drawn (areas: their centroid).
    """

    node: Ints
    distance_m: Floats
    near_lon: Floats
    near_lat: Floats
    lon: Floats
    lat: Floats


def local_graph(city: City, point: ImagePoint, *, snap: Nearby, rules: LocalRules) -> UrbanGraph:
    """Build the graph of ``point``, whose place on the nearest street is the one row of ``snap``."""
    around = city.areas_around(point.place.lon, point.place.lat)
    seen = _look_around(city, point, around, rules)
    nodes = (_image_node(point), *_nodes(city, seen))
    edges = (*_image_edges(city, point, seen=seen, snap=snap, around=around, rules=rules), *_city_edges(city, seen))
    return UrbanGraph(nodes, edges, point.id, {"radius_m": rules.radius_m})


def _look_around(city: City, point: ImagePoint, around: Ints, rules: LocalRules) -> _Seen:
    found = _within(city, point.place.lon, point.place.lat, around=around, radius_m=rules.radius_m)
    distance = np.round(found.distance_m, _METRE_DECIMALS).astype(np.float64)
    order = np.lexsort((city.rank[found.line], distance))[: rules.max_nodes - 1]
    node, near_lon, near_lat = found.line[order], found.lon[order], found.lat[order]
    stands = np.isfinite(city.lon[node])
    lon, lat = np.where(stands, city.lon[node], near_lon), np.where(stands, city.lat[node], near_lat)
    return _Seen(node, distance[order], near_lon, near_lat, lon, lat)


def _within(city: City, lon: float, lat: float, *, around: Ints, radius_m: float) -> Nearby:
    """The nearest point of every node within the radius; ``line`` holds node numbers. Areas ``around`` are 0 m away."""
    here = (np.array([lon]), np.array([lat]))
    streets = city.network.lines.near(*here, radius_m)
    shapes = city.shapes.near(*here, radius_m)
    points = city.point_nodes_within(lon, lat, radius_m)
    away = distance_m(lon, lat, city.lon[points], city.lat[points])
    none = np.zeros(len(around))
    parts = [
        replace(streets, line=city.network.street_of_link[streets.line]),
        replace(shapes, line=city.first_place + city.place_of_shape[shapes.line]),
        Nearby(np.zeros_like(points), points, away, city.lon[points], city.lat[points]),
        Nearby(np.zeros_like(around), around, none, none + lon, none + lat),
    ]
    every = Nearby.joined(parts)
    return every.nearest_per(every.line)


def _image_node(point: ImagePoint) -> Node:
    known = {"kind": "image", "name": IMAGE_NAME, "category": IMAGE_CATEGORY}
    heading = {} if point.place.heading_deg is None else {"heading_deg": point.place.heading_deg}
    return Node(point.id, point.place.lon, point.place.lat, image_text(), {**known, **heading})


def _nodes(city: City, seen: _Seen) -> list[Node]:
    lon, lat = np.round(seen.lon, _COORDINATE_DECIMALS).tolist(), np.round(seen.lat, _COORDINATE_DECIMALS).tolist()
    things = [city.nodes[n] for n in seen.node]
    return [
        Node(thing.id, x, y, thing.text, {"kind": thing.kind, "name": thing.name, "category": thing.category})
        for thing, x, y in zip(things, lon, lat, strict=True)
    ]


def _image_edges(
    city: City, point: ImagePoint, *, seen: _Seen, snap: Nearby, around: Ints, rules: LocalRules
) -> list[Edge]:
    """``nearest`` street, ``inside`` areas, and the ``near`` places among those seen."""
    is_street = seen.node == city.network.street_of_link[snap.line[0]]
    is_around = np.isin(seen.node, around)
    is_near = (seen.node >= city.first_place) & ~is_around
    is_near &= np.cumsum(is_near) <= rules.near_places
    here = (point.place.lon, point.place.lat)
    degrees = np.where(
        is_around,
        bearing_deg(*here, seen.lon, seen.lat),
        bearing_deg(*here, seen.near_lon, seen.near_lat),
    )
    edges = []
    for kind, chosen in (("nearest", is_street), ("inside", is_around), ("near", is_near)):
        targets = [city.nodes[n].id for n in seen.node[chosen]]
        measured = _measured(seen.distance_m[chosen], degrees[chosen])
        edges += [Edge(point.id, target, kind, known) for target, known in zip(targets, measured, strict=True)]
    return edges


def _city_edges(city: City, seen: _Seen) -> list[Edge]:
    """The city's edges between the nodes seen; what the city leaves open is measured from where the nodes stand."""
    if not len(seen.node):
        return []
    rows, a, b = _edges_among(city, seen.node)
    edges = city.edges.rows.take(rows)
    ends = (seen.lon[a], seen.lat[a], seen.lon[b], seen.lat[b])
    metres = np.where(np.isnan(edges.distance_m), distance_m(*ends), edges.distance_m)
    degrees = np.where(np.isnan(edges.bearing_deg), bearing_deg(*ends), edges.bearing_deg)
    measured = _measured(metres, degrees)
    for known, street in zip(measured, edges.street.tolist(), strict=True):
        if street != NO_STREET:
            known["street"] = city.nodes[street].name
    names, kinds = city.nodes, city.edges.kinds
    columns = (edges.source.tolist(), edges.target.tolist(), city.edges.kind[rows].tolist(), measured)
    return [Edge(names[s].id, names[t].id, kinds[k], known) for s, t, k, known in zip(*columns, strict=True)]


def _edges_among(city: City, nodes: Ints) -> tuple[Ints, Ints, Ints]:
    """City edges with both ends in ``nodes``, and the positions of their source and target in ``nodes``."""
    order = np.argsort(nodes)
    kept = nodes[order]
    rows = city.edges.of(kept)
    target = city.edges.rows.target[rows]
    place = np.searchsorted(kept, target).clip(max=len(kept) - 1)
    inside = kept[place] == target
    rows, place = rows[inside], place[inside]
    return rows, order[np.searchsorted(kept, city.edges.rows.source[rows])], order[place]


def _measured(metres: Floats, degrees: Floats) -> list[dict[str, float | str]]:
    """``distance`` in metres and ``bearing`` from source to target, rounded, of every edge."""
    m = np.round(metres, _METRE_DECIMALS).tolist()
    d = (np.round(degrees, _BEARING_DECIMALS) % 360.0).tolist()
    return [{"distance": distance, "bearing": bearing} for distance, bearing in zip(m, d, strict=True)]
