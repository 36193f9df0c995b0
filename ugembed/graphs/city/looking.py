"""What images see of a `City`: nodes within a straight distance, and how far they are along the streets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ugembed.geo.geodesy import Floats, distance_m
from ugembed.graphs.city.anchors import Anchors
from ugembed.graphs.city.city import City
from ugembed.graphs.city.lines import Ints
from ugembed.graphs.recipe import GraphRecipe

SEARCH = 2.0
"""Streets are followed for so many radii when a recipe sets no limit; what is further counts as out of reach."""


@dataclass(frozen=True, slots=True)
class Seen:
    """City nodes around images, those of image i in the rows ``first[i]:first[i + 1]``, in no order.

    ``distance_m`` is to the thing itself (an area's outline, 0 inside; a street's nearest point), which is at
    ``(near_lon, near_lat)``; ``walk_m`` is along streets, infinite where none leads there within reach; ``is_inside``
    says of an area that the image is in it.
    """

    first: Ints
    node: Ints
    distance_m: Floats
    near_lon: Floats
    near_lat: Floats
    walk_m: Floats
    is_inside: NDArray[np.bool_]

    def __len__(self) -> int:
        """The number of images."""
        return len(self.first) - 1

    @property
    def image(self) -> Ints:
        """The image of every row."""
        return np.repeat(np.arange(len(self)), np.diff(self.first))

    def take(self, first: Ints, rows: Ints) -> Seen:
        """Some rows, which are those of each image by ``first``."""
        return Seen(first, *(getattr(self, name)[rows] for name in self.__slots__[1:]))


def look_around(city: City, anchors: Anchors, recipe: GraphRecipe) -> Seen:
    """What each image sees. Memory grows with the number of images."""
    first, node, distance, near, is_inside = _straight(city, anchors, recipe.radius_m)
    limit_m = recipe.walk_m or SEARCH * recipe.radius_m
    walk_m = np.round(np.where(is_inside, 0.0, _walks(city, anchors, limit_m, (first, node))), 3)
    return Seen(first, node, distance, *near, np.where(walk_m <= limit_m, walk_m, np.inf), is_inside)


def _straight(
    city: City, anchors: Anchors, radius_m: float
) -> tuple[Ints, Ints, Floats, tuple[Floats, Floats], NDArray[np.bool_]]:
    """The nearest point of every node within the radius: first, node, metres, (lon, lat), and whether it is around."""
    from ugembed.graphs.city.choosing import seen_rows

    lon, lat = anchors.lon, anchors.lat
    streets = city.streets.lines.near(lon, lat, radius_m)
    shapes = city.places.shapes.near(lon, lat, radius_m)
    point, node = city.points_within(lon, lat, radius_m)
    away = distance_m(lon[point], lat[point], city.nodes.lon[node], city.nodes.lat[node])
    inside = np.repeat(np.arange(len(anchors)), [len(nodes) for nodes in anchors.around])
    around = np.concatenate([np.empty(0, np.int64), *anchors.around])
    groups = [  # each sorted by image; the areas around it come last
        (streets.point, city.streets.street_of_link[streets.line], streets.distance_m, streets.lon, streets.lat),
        (shapes.point, city.places.node_of_shape[shapes.line], shapes.distance_m, shapes.lon, shapes.lat),
        (point, node, away, city.nodes.lon[node], city.nodes.lat[node]),
        (inside, around, np.zeros(len(around)), lon[inside], lat[inside]),
    ]
    before = np.cumsum([0, *(len(group[0]) for group in groups[:-1])])
    first = np.stack([np.searchsorted(group[0], np.arange(len(anchors) + 1)) for group in groups]) + before[:, None]
    _, node, away, near_lon, near_lat = (np.concatenate(columns) for columns in zip(*groups, strict=True))
    rows_first, rows, metres, is_inside = seen_rows((first, node, away), radius_m, city.row_of_node)
    return rows_first, node[rows], metres, (near_lon[rows], near_lat[rows]), is_inside


def _walks(city: City, anchors: Anchors, limit_m: float, seen: tuple[Ints, Ints]) -> Floats:
    """Metres from the place of each image on its street to each of the nodes it sees, given by image."""
    from ugembed.graphs.city.spreading import spread
    from ugembed.graphs.city.walking import reached_within

    room, start = city.walk_room, (anchors.link, anchors.along_m)
    reached = reached_within(
        city.walk, link=anchors.link, along_m=anchors.along_m, limit_m=limit_m, workspace=room.workspace
    )
    images = (start, (reached.first, reached.node, reached.metres))
    network, places, areas = city.walk_parts
    return np.asarray(spread(network, places, areas, images, seen, room.arrays))
