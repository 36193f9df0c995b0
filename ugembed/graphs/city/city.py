"""`City`: everything on a map under one numbering, in flat arrays, from which the graph of every image is cut out.

What does not depend on the image is written down once: a node is kept as the JSON that graph files hold, so that a
local graph is put together from ready pieces, and processes share the arrays of a whole city.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ugembed.geo.geodesy import Floats
from ugembed.graphs.city.arrays import Groups, Words
from ugembed.graphs.city.lines import Ints, Lines, Nearby
from ugembed.graphs.city.spatial import PointIndex
from ugembed.graphs.recipe import NODE_KINDS

NOWHERE = -1


@dataclass(frozen=True)
class Nodes:
    """Streets, then crossings, places, and other images, each part in an order that is the same for any file.

    Attributes:
        lon, lat: Degrees; NaN for rivers and for streets by name, which an image sees at their point nearest to it.
        kind: Position in `NODE_KINDS`.
        rank: Position of every node among all node ids in alphabetical order; it decides ties.
        id: As JSON strings.
        words: The node's JSON object without its end, and without ``coords`` where these are NaN.
    """

    lon: Floats
    lat: Floats
    kind: NDArray[np.uint8]
    rank: Ints
    id: Words
    words: Words

    def __len__(self) -> int:
        return len(self.lon)


@dataclass(frozen=True)
class Streets:
    """The street network; numbers of streets and crossings are those of `Nodes`.

    Attributes:
        lines: Geometry of the links.
        ends: (links, 2) int32, network nodes at both ends.
        street_of_link: (links,) int64.
        crossing_of_node: (network nodes,) int64, -1 where there is no crossing.
        is_tunnel: (links,) bool.
    """

    lines: Lines
    ends: NDArray[np.int32]
    street_of_link: Ints
    crossing_of_node: Ints
    is_tunnel: NDArray[np.bool_]


@dataclass(frozen=True)
class Places:
    """Where places, areas and other images are.

    Attributes:
        points: Nodes that stand at a point, crossings among them.
        shapes, node_of_shape: Outlines of areas and courses of rivers, and the node that each belongs to.
        areas, node_of_area: Polygons as WKB.
        node, link, along_m, gap_m: Nodes that stand at a point, the link they are nearest to, metres from its start to
            the nearest place on it, and metres from there to them; ``by_link`` groups these rows.
        area, street, area_gap_m: Areas with the streets that bound them or run through them; ``by_street`` groups these
            rows.
    """

    points: Ints
    shapes: Lines
    node_of_shape: Ints
    areas: Words
    node_of_area: Ints
    node: Ints
    link: Ints
    along_m: Floats
    gap_m: Floats
    by_link: Groups
    area: Ints
    street: Ints
    area_gap_m: Floats
    by_street: Groups


@dataclass(frozen=True)
class Edges:
    """All edges of the city, sorted by source, kind, target.

    Attributes:
        kind: Position in `EDGE_KINDS`.
        source, target: Nodes; ``by_source`` and ``by_target`` group the rows.
        distance_m, bearing_deg: NaN where they depend on where the image stands.
        words: The edge's JSON object; without its end, distance and bearing where one of these is NaN.
    """

    kind: Ints
    source: Ints
    target: Ints
    distance_m: Floats
    bearing_deg: Floats
    words: Words
    by_source: Groups
    by_target: Groups


@dataclass(frozen=True)
class WalkRoom:
    """Kept from walk to walk: that of the search, and the ``space`` of `ugembed.graphs.city.spreading`."""

    workspace: Any
    arrays: tuple[Any, ...]


@dataclass(frozen=True)
class City:
    """A whole city by one recipe."""

    nodes: Nodes
    streets: Streets
    places: Places
    edges: Edges

    def snap(self, lon: Floats, lat: Floats, max_m: float) -> Nearby:
        """The nearest link of every point within ``max_m`` metres of one, by `ugembed.graphs.city.network.snap`."""
        from ugembed.graphs.city.network import snap

        return snap(self.streets.lines, self.streets.is_tunnel, lon, lat, max_m)

    def areas_around(self, lon: Floats, lat: Floats) -> tuple[Ints, Ints]:
        """(point, node) pairs: the areas that points lie in, sorted."""
        from shapely import points

        point, area = self._polygons.query(points(lon, lat), predicate="intersects")
        node = self.places.node_of_area[area]
        order = np.lexsort((node, point))
        return np.asarray(point[order], np.int64), np.asarray(node[order], np.int64)

    def points_within(self, lon: Floats, lat: Floats, radius_m: float) -> tuple[Ints, Ints]:
        """(point, node) pairs: nodes that stand at a point within ``radius_m`` metres; a hair more may come."""
        point, row = self._point_index.within(lon, lat, radius_m)
        return point, self.places.points[row]

    def count(self, kind: str) -> int:
        """Number of nodes of a kind."""
        return int(np.count_nonzero(self.nodes.kind == NODE_KINDS.index(kind)))

    @cached_property
    def image_of_id(self) -> dict[bytes, int]:
        """The nodes that are images by their ids as JSON strings."""
        images = np.flatnonzero(self.nodes.kind == NODE_KINDS.index("image"))
        return dict(zip(self.nodes.id.take(images), images.tolist(), strict=True))

    @cached_property
    def walk(self) -> Any:
        """The network for `ugembed.graphs.city.walking.reached_within`."""
        from ugembed.graphs.city.walking import WalkNetwork

        return WalkNetwork(self.streets.ends, self.streets.lines.length_m)

    @cached_property
    def walk_room(self) -> WalkRoom:
        """Room for walks, for one thread."""
        from ugembed.graphs.city.walking import Workspace

        links, nodes = len(self.streets.lines), len(self.nodes)
        node_m, walk_m = np.full(len(self.streets.crossing_of_node), np.inf), np.full(nodes, np.inf)
        arrays = (node_m, walk_m, np.zeros(links, np.int64), np.empty(nodes, np.int64), np.empty(links + 1, np.int64))
        return WalkRoom(Workspace(self.walk), arrays)

    @cached_property
    def row_of_node(self) -> Ints:
        """Room for the functions of `ugembed.graphs.city.choosing`, for one thread."""
        return np.full(len(self.nodes), NOWHERE, np.int64)

    @cached_property
    def walk_parts(self) -> tuple[tuple[Any, ...], ...]:
        """Network, places and areas for `ugembed.graphs.city.spreading.spread`."""
        streets, places, at = self.streets, self.places, self.links_at
        network = (at.first, at.rows, streets.ends, streets.lines.length_m, streets.street_of_link)
        return (
            (*network, streets.crossing_of_node),
            (places.by_link.first, places.by_link.rows, places.node, places.along_m, places.gap_m),
            (places.by_street.first, places.by_street.rows, places.area, places.area_gap_m),
        )

    @cached_property
    def links_at(self) -> Groups:
        """The links at every network node."""
        ends = Groups.of(self.streets.ends.ravel().astype(np.int64), len(self.streets.crossing_of_node))
        return Groups(ends.first, ends.rows // 2)

    @cached_property
    def _point_index(self) -> PointIndex:
        return PointIndex(self.nodes.lon[self.places.points], self.nodes.lat[self.places.points])

    @cached_property
    def _polygons(self) -> Any:
        from shapely import STRtree, from_wkb

        return STRtree(from_wkb(self.places.areas.take(np.arange(len(self.places.node_of_area)))))
