"""What an image sees of a `City`: nodes within a straight distance, and how far they are along the streets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ugembed.geo.geodesy import Floats, distance_m
from ugembed.graphs.city.anchors import Anchors
from ugembed.graphs.city.city import City
from ugembed.graphs.city.lines import Ints, Nearby
from ugembed.graphs.recipe import GraphRecipe

SEARCH = 2.0
"""Streets are followed for so many radii when a recipe sets no limit; what is further counts as out of reach."""


@dataclass(frozen=True, slots=True)
class Seen:
    """City nodes around one image.

    ``distance_m`` is to the thing itself (an area's outline, 0 inside; a street's nearest point), which is at
    ``(near_lon, near_lat)``; ``walk_m`` is along streets, infinite where none leads there within reach.
    """

    node: Ints
    distance_m: Floats
    near_lon: Floats
    near_lat: Floats
    walk_m: Floats

    def take(self, rows: Ints) -> Seen:
        return Seen(*(getattr(self, name)[rows] for name in self.__slots__))


def look_around(city: City, anchors: Anchors, recipe: GraphRecipe) -> Iterator[Seen]:
    """What each image sees, in order; nodes sorted by number. Memory grows with the number of images."""
    found = _straight(city, anchors, recipe.radius_m)
    walks = _Walks(city, anchors, recipe.walk_m or SEARCH * recipe.radius_m)
    first = np.searchsorted(found.point, np.arange(len(anchors) + 1))
    for i in range(len(anchors)):
        rows = slice(first[i], first[i + 1])
        node = found.line[rows]
        walk_m = walks.metres_to(i, node)
        yield Seen(node, found.distance_m[rows], found.lon[rows], found.lat[rows], walk_m)


def _straight(city: City, anchors: Anchors, radius_m: float) -> Nearby:
    """The nearest point of every node within the radius, sorted by image and node; ``line`` holds node numbers."""
    lon, lat = anchors.lon, anchors.lat
    streets = city.streets.lines.near(lon, lat, radius_m)
    shapes = city.places.shapes.near(lon, lat, radius_m)
    point, node = city.points_within(lon, lat, radius_m)
    away = distance_m(lon[point], lat[point], city.nodes.lon[node], city.nodes.lat[node])
    inside = np.repeat(np.arange(len(anchors)), [len(nodes) for nodes in anchors.around])
    around = np.concatenate([np.empty(0, np.int64), *anchors.around])
    parts = [
        (streets.point, city.streets.street_of_link[streets.line], streets.distance_m, streets.lon, streets.lat),
        (shapes.point, city.places.node_of_shape[shapes.line], shapes.distance_m, shapes.lon, shapes.lat),
        (point, node, away, city.nodes.lon[node], city.nodes.lat[node]),
        (inside, around, np.zeros(len(around)), lon[inside], lat[inside]),
    ]
    point, node, away, near_lon, near_lat = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    within = np.flatnonzero(away <= radius_m)
    away = np.round(away, 3)
    order = within[np.lexsort((away[within], node[within], point[within]))]
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (np.diff(point[order]) != 0) | (np.diff(node[order]) != 0)
    rows = order[is_first]
    return Nearby(point[rows], node[rows], away[rows], np.zeros(len(rows)), near_lon[rows], near_lat[rows])


class _Walks:
    """How far the nodes of a city are along its streets from one image after the other."""

    def __init__(self, city: City, anchors: Anchors, limit_m: float) -> None:
        from ugembed.graphs.city.walking import reached_within

        self._city, self._anchors = city, anchors
        room = city.walk_room
        self._node_m, self._walk_m, self._limit_m = room.node_m, room.walk_m, limit_m
        self._reached = reached_within(
            city.walk, link=anchors.link, along_m=anchors.along_m, limit_m=limit_m, workspace=room.workspace
        )

    def metres_to(self, i: int, nodes: Ints) -> Floats:
        """Metres from the place of image ``i`` on its street to each of ``nodes``, infinite beyond the limit."""
        rows = slice(self._reached.first[i], self._reached.first[i + 1])
        node, metres = self._reached.node[rows], self._reached.metres[rows]
        self._node_m[node] = metres
        touched = self._spread(i, node.astype(np.int64))
        found = np.round(self._walk_m[nodes], 3)
        self._node_m[node] = np.inf
        self._walk_m[touched] = np.inf
        return np.where(found <= self._limit_m, found, np.inf)

    def _spread(self, i: int, reached: Ints) -> Ints:
        """Carry metres from network nodes over to the city's nodes; the nodes that were touched."""
        streets, places, walk_m = self._city.streets, self._city.places, self._walk_m
        own = self._anchors.link[i]
        crossing = streets.crossing_of_node[reached]
        crossing_m = self._node_m[reached[crossing >= 0]]
        crossing = crossing[crossing >= 0]
        walk_m[crossing] = crossing_m

        links = np.unique(np.append(self._city.links_at.of_numbers(reached), own))
        ends_m = self._node_m[streets.ends[links]]
        street = streets.street_of_link[links]
        np.minimum.at(walk_m, street, np.where(links == own, 0.0, ends_m.min(axis=1)))

        row = places.by_link.of_numbers(links)
        link, along = places.link[row], places.along_m[row]
        length = streets.lines.length_m[link]
        start_m, end_m = self._node_m[streets.ends[link]].T
        here = np.where(link == own, np.abs(along - self._anchors.along_m[i]), np.inf)
        place_m = np.minimum(here, np.minimum(start_m + along, end_m + length - along)) + places.gap_m[row]
        np.minimum.at(walk_m, places.node[row], place_m)

        touching = places.by_street.of_numbers(np.unique(street))
        area = places.area[touching]
        np.minimum.at(walk_m, area, walk_m[places.street[touching]] + places.area_gap_m[touching])
        around = self._anchors.around[i]
        walk_m[around] = 0.0
        return np.concatenate([crossing, street, places.node[row], area, around])
