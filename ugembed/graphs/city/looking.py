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
        self._limit_m = limit_m
        self._reached = reached_within(
            city.walk, link=anchors.link, along_m=anchors.along_m, limit_m=limit_m, workspace=room.workspace
        )

    def metres_to(self, i: int, nodes: Ints) -> Floats:
        """Metres from the place of image ``i`` on its street to each of ``nodes``, infinite beyond the limit."""
        from ugembed.graphs.city.spreading import spread

        rows = slice(self._reached.first[i], self._reached.first[i + 1])
        node, metres = self._reached.node[rows], self._reached.metres[rows]
        room, around = self._city.walk_room, self._anchors.around[i]
        start = int(self._anchors.link[i]), float(self._anchors.along_m[i])
        room.node_m[node] = metres
        network, places, areas = self._city.walk_parts
        touched = spread(network, places, areas, start, node, (room.node_m, room.walk_m, room.mark))
        room.walk_m[around] = 0.0
        found = np.round(room.walk_m[nodes], 3)
        room.node_m[node] = np.inf
        room.walk_m[touched] = np.inf
        room.walk_m[around] = np.inf
        return np.where(found <= self._limit_m, found, np.inf)
