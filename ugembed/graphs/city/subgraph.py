"""The local graph of an image: what it sees, cut out of the `City` and put together from ready pieces of JSON.

Deterministic: the same map and the same image give the same bytes, whatever the order of the file, the number of
processes, and whichever other images are asked for. Work grows with the neighbourhood, not with the city.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import orjson
from numpy.typing import NDArray

from ugembed.geo.geodesy import Floats, bearing_deg, distance_m
from ugembed.graphs.city.anchors import Anchors
from ugembed.graphs.city.city import NOWHERE, City
from ugembed.graphs.city.image_edges import image_edges, near_rows
from ugembed.graphs.city.lines import Ints
from ugembed.graphs.city.looking import Seen, look_around
from ugembed.graphs.city.making import COORDINATE_DECIMALS, number_list, quoted, rounded_deg, rounded_m
from ugembed.graphs.faults import SCHEMA_VERSION
from ugembed.graphs.recipe import NODE_KINDS, GraphRecipe
from ugembed.graphs.schema import UrbanGraph
from ugembed.graphs.text import IMAGE_CATEGORY, IMAGE_NAME, image_text

_UNLIMITED = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class LocalGraph:
    """One graph as the bytes of its file, and how much is in it."""

    id: str
    nodes: int
    edges: int
    data: bytes

    def graph(self) -> UrbanGraph:
        return UrbanGraph.from_json(orjson.loads(self.data))


def local_graphs(city: City, anchors: Anchors, recipe: GraphRecipe) -> Iterator[LocalGraph]:
    """The graph of every image, in order. What they hold is found for all at once, so memory grows with them."""
    kept = _kept(city, anchors, look_around(city, anchors, recipe), recipe)
    node_bytes, node_first = _nodes(city, kept)
    ids = [quoted(id) for id in anchors.id]
    own = image_edges(city, anchors, kept, recipe, ids=ids)
    edge_first, (edge_bytes, edge_at) = _city_edges(city, kept)
    attributes = orjson.dumps(_attributes(recipe))[1:-1]
    counts = np.diff(kept.first).tolist(), np.diff(edge_first).tolist()
    for i, (nodes, between) in enumerate(zip(*counts, strict=True)):
        head = b'{%b,"schema_version":%d,"center_node":%b' % (attributes, SCHEMA_VERSION, ids[i])
        pieces: list[bytes | memoryview] = [head, b',"nodes":[', _image_node(anchors, i)]
        if nodes:
            pieces += [b",", node_bytes[node_first[i] : node_first[i + 1]]]
        pieces += [b'],"edges":[', b",".join(own[i])]
        if between:
            pieces += [b"," if own[i] else b"", edge_bytes[edge_at[i] : edge_at[i + 1]]]
        data = b"".join([*pieces, b"]}\n"])
        yield LocalGraph(anchors.id[i], 1 + nodes, len(own[i]) + between, data)


def _attributes(recipe: GraphRecipe) -> dict[str, float | int]:
    limits = {"walk_m": recipe.walk_m, "hops": recipe.hops}
    return {"radius_m": recipe.radius_m, **{name: value for name, value in limits.items() if value is not None}}


def _kept(city: City, anchors: Anchors, seen: Seen, recipe: GraphRecipe) -> Seen:
    """The nodes that stay, in their order: the shortest way along streets, then the nearest, then by id."""
    from ugembed.graphs.city.choosing import kept_rows

    allowed = np.ones(len(seen.node), dtype=bool)
    if "image" in recipe.nodes:
        own = [city.image_of_id.get(quoted(id), NOWHERE) for id in anchors.id]
        allowed &= seen.node != np.array(own, dtype=np.int64)[seen.image]
    if recipe.walk_m is not None:
        allowed &= np.isfinite(seen.walk_m)
    if recipe.hops is not None:
        allowed &= _within_hops(city, anchors, seen, recipe)
    order = (seen.walk_m, seen.distance_m, city.nodes.rank[seen.node])
    most = np.array([recipe.most.get(kind, _UNLIMITED) for kind in NODE_KINDS], dtype=np.int64)
    caps = (city.nodes.kind[seen.node].astype(np.int64), most)
    return seen.take(*kept_rows(seen.first, allowed, order, caps, recipe.max_nodes - 1))


def _within_hops(city: City, anchors: Anchors, seen: Seen, recipe: GraphRecipe) -> NDArray[np.bool_]:
    """Which of the nodes seen are at most ``hops`` edges from their image."""
    assert recipe.hops is not None
    near_first, near = near_rows(city, anchors, seen, recipe)
    found = []
    for i in range(len(seen)):
        nodes = seen.node[seen.first[i] : seen.first[i + 1]]
        street = city.streets.street_of_link[anchors.link[i : i + 1]]
        around, places = anchors.around[i], seen.node[near[near_first[i] : near_first[i + 1]]]
        reached = np.unique(np.concatenate([street, around, places]))
        found.append(np.isin(nodes, _hopped(city, reached, nodes, recipe.hops - 1)))
    return np.concatenate([np.empty(0, dtype=bool), *found])


def _hopped(city: City, reached: Ints, among: Ints, hops: int) -> Ints:
    """Nodes at most ``hops`` edges from those ``reached``, by way of nodes ``among`` some."""
    frontier = reached
    for _ in range(hops):
        after = city.edges.target[city.edges.by_source.of_numbers(frontier)]
        before = city.edges.source[city.edges.by_target.of_numbers(frontier)]
        frontier = np.setdiff1d(np.intersect1d(np.concatenate([after, before]), among), reached)
        reached = np.concatenate([reached, frontier])
    return reached


def _image_node(anchors: Anchors, i: int) -> bytes:
    heading = {} if np.isnan(anchors.heading_deg[i]) else {"heading_deg": float(anchors.heading_deg[i])}
    known = {
        "node_id": anchors.id[i],
        "kind": "image",
        "name": IMAGE_NAME,
        "category": IMAGE_CATEGORY,
        "node_text": image_text(),
        "coords": [float(anchors.lon[i]), float(anchors.lat[i])],
        **heading,
        "walk_m": 0.0,
    }
    return orjson.dumps(known)


def _nodes(city: City, kept: Seen) -> tuple[memoryview, list[int]]:
    """The JSON of the nodes kept, and where that of each image begins in it."""
    from ugembed.graphs.city.writing import nodes_json

    is_open = np.isnan(city.nodes.lon[kept.node])
    place = tuple(number_list(np.around(at[is_open], COORDINATE_DECIMALS)) for at in (kept.near_lon, kept.near_lat))
    walk = number_list(rounded_m(kept.walk_m))
    data, first = nodes_json(city.nodes.words.parts, kept.first, kept.node, is_open, place, walk)
    return data.data, first.tolist()


def _city_edges(city: City, kept: Seen) -> tuple[Ints, tuple[memoryview, list[int]]]:
    """The city's edges between the nodes kept: how many each image has, as groups; their JSON, and where it begins.

    What the city leaves open is measured from where the nodes stand.
    """
    from ugembed.graphs.city.choosing import edges_among
    from ugembed.graphs.city.writing import edges_json

    edges = city.edges
    by_source = (edges.by_source.first, edges.by_source.rows, edges.target)
    first, rows, a, b = edges_among(kept.first, kept.node, by_source, city.row_of_node)
    metres, degrees = edges.distance_m[rows], edges.bearing_deg[rows]
    is_open = np.isnan(metres) | np.isnan(degrees)
    lon, lat = _stand(city, kept)
    ends = (lon[a[is_open]], lat[a[is_open]], lon[b[is_open]], lat[b[is_open]])
    metres, degrees = metres[is_open], degrees[is_open]
    metres = np.where(np.isnan(metres), rounded_m(distance_m(*ends)), metres)
    degrees = np.where(np.isnan(degrees), rounded_deg(bearing_deg(*ends)), degrees)
    measured = (number_list(metres), number_list(degrees))
    data, at = edges_json(edges.words.parts, first, rows, is_open, measured)
    return first, (data.data, at.tolist())


def _stand(city: City, kept: Seen) -> tuple[Floats, Floats]:
    """Where nodes stand in this graph."""
    lon, lat = city.nodes.lon[kept.node], city.nodes.lat[kept.node]
    is_open = np.isnan(lon)
    return np.where(is_open, kept.near_lon, lon), np.where(is_open, kept.near_lat, lat)
