"""`City`: one graph of everything on a map, from which the local graph of every image is cut out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ugembed.graphs.city import relations
from ugembed.graphs.city.lines import Ints, Lines
from ugembed.graphs.city.network import StreetNetwork
from ugembed.graphs.city.places import is_area, outlines, prepare_places, stand
from ugembed.graphs.city.relations import Relation
from ugembed.graphs.city.spatial import PointIndex
from ugembed.graphs.maps.city_map import CityMap, MapPlace
from ugembed.graphs.text import node_text


@dataclass(frozen=True, slots=True)
class CityNode:
    """A node as local graphs show it, but for its coordinates. ``kind``: street, crossing, poi or area."""

    id: str
    kind: str
    name: str
    category: str
    text: str


class City:
    """Streets, crossings and places under one numbering: ``nodes`` lists them in that order, each part sorted by id.

    Attributes:
        network: The streets.
        places: Points, areas and rivers.
        nodes: All nodes; crossings start at ``first_crossing``, places at ``first_place``.
        lon, lat: Their coordinates; NaN for streets and rivers, which an image sees at their point nearest to it.
        rank: Position of every node among all node ids in alphabetical order; it decides ties.
        shapes, place_of_shape: Outlines of areas and courses of rivers, and the place each belongs to.
        edges: The city's edges between nodes, sorted by source; see `CityEdges`.
    """

    def __init__(self, city_map: CityMap) -> None:
        self.network = StreetNetwork(city_map.links)
        self.places = prepare_places(city_map)
        self.first_crossing = len(self.network.streets)
        self.first_place = self.first_crossing + len(self.network.crossings)
        self.nodes = [*_street_nodes(self.network), *_place_nodes(self.places)]
        lon, lat = stand(self.places)
        crossings = np.array([(c.lon, c.lat) for c in self.network.crossings]).reshape(-1, 2)
        nowhere = np.full(self.first_crossing, np.nan)
        self.lon = np.concatenate([nowhere, crossings[:, 0], lon])
        self.lat = np.concatenate([nowhere, crossings[:, 1], lat])
        by_id = sorted(range(len(self.nodes)), key=lambda n: self.nodes[n].id)
        self.rank: Ints = np.empty(len(by_id), dtype=np.int64)
        self.rank[by_id] = np.arange(len(by_id))
        self._index_places()
        self.edges = CityEdges.between(self)

    def _index_places(self) -> None:
        from shapely import STRtree

        lines = [(p, line) for p, place in enumerate(self.places) for line in outlines(place)]
        self.shapes = Lines([line for _, line in lines])
        self.place_of_shape: Ints = np.array([p for p, _ in lines], dtype=np.int64)
        self.poi_places = self._places_where([place.geometry.geom_type == "Point" for place in self.places])
        self.area_places = self._places_where([is_area(place) for place in self.places])
        self._polygons = STRtree([self.places[p].geometry for p in self.area_places])
        crossings = np.arange(self.first_crossing, self.first_place)
        self._point_nodes: Ints = np.concatenate([crossings, self.first_place + self.poi_places])
        self._points = PointIndex(self.lon[self._point_nodes], self.lat[self._point_nodes])

    @staticmethod
    def _places_where(condition: Sequence[bool]) -> Ints:
        return np.flatnonzero(np.array(condition, dtype=bool)).astype(np.int64)

    def point_nodes_within(self, lon: float, lat: float, radius_m: float) -> Ints:
        """Crossings and POIs within ``radius_m`` metres of a position."""
        return self._point_nodes[self._points.within(lon, lat, radius_m)]

    def areas_around(self, lon: float, lat: float) -> Ints:
        """Nodes of the areas that a position lies in."""
        from shapely import Point

        found = self._polygons.query(Point(lon, lat), predicate="intersects")
        return np.sort(self.first_place + self.area_places[found])


def _street_nodes(network: StreetNetwork) -> list[CityNode]:
    streets = [CityNode(s.id, "street", s.name, s.category, node_text(s.name, s.category)) for s in network.streets]
    crossings = [
        CityNode(c.id, "crossing", c.label, "crossing", node_text(c.label, "crossing")) for c in network.crossings
    ]
    return streets + crossings


def _place_nodes(places: Sequence[MapPlace]) -> list[CityNode]:
    return [
        CityNode(
            place.id,
            "poi" if place.geometry.geom_type == "Point" else "area",
            place.name,
            place.category,
            node_text(place.name, place.category, address=place.address, district=place.district),
        )
        for place in places
    ]


@dataclass(frozen=True, slots=True)
class CityEdges:
    """All relations as one, over node numbers, sorted by source; node n has the edges ``first[n]`` to ``first[n + 1]``.

    ``kind[e]`` counts into ``kinds``; ``rows`` holds sources, targets, metres, bearings and streets (-1: none).
    """

    kinds: tuple[str, ...]
    kind: Ints
    rows: Relation
    first: Ints

    @classmethod
    def between(cls, city: City) -> CityEdges:
        """Find all relations of a city."""
        network, places = city.network, city.first_place
        pois = places + city.poi_places
        shaped = np.unique(city.place_of_shape)
        shapes = [city.places[p].geometry for p in shaped]
        polygons = [city.places[p].geometry for p in city.area_places]
        crossings = np.arange(city.first_crossing, city.first_place)
        streets = np.arange(city.first_crossing)
        found = [
            relations.crossings_to_streets(network).renumbered(crossings, streets),
            relations.crossings_along_streets(network).renumbered(crossings, crossings),
            relations.places_to_streets(city.lon[pois], city.lat[pois], network).renumbered(pois, streets),
            relations.places_in_areas(city.lon[pois], city.lat[pois], polygons).renumbered(
                pois, places + city.area_places
            ),
            relations.shapes_to_streets(shapes, network).renumbered(places + shaped, streets),
        ]
        kind = np.repeat(np.arange(len(found)), [len(relation.source) for relation in found])
        rows = Relation.joined(found)
        order = np.lexsort((rows.target, kind, rows.source))
        rows = rows.take(order)
        first = np.searchsorted(rows.source, np.arange(len(city.nodes) + 1))
        return cls(tuple(relation.kind for relation in found), kind[order], rows, first)

    def of(self, nodes: Ints) -> Ints:
        """Numbers of all edges that start at ``nodes``; work grows with these edges, not with the city."""
        start, count = self.first[nodes], self.first[nodes + 1] - self.first[nodes]
        before = np.cumsum(count) - count
        return np.repeat(start - before, count) + np.arange(int(count.sum()))
