"""The local graph of one image: what it sees, cut out of the `City` and put together from ready pieces of JSON.

Deterministic: the same map and the same image give the same bytes, whatever the order of the file, the number of
processes, and whichever other images are asked for. Work grows with the neighbourhood, not with the city.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import orjson

from ugembed.geo.geodesy import Floats, bearing_deg, distance_m
from ugembed.graphs.city.anchors import Anchors
from ugembed.graphs.city.arrays import Words
from ugembed.graphs.city.city import City
from ugembed.graphs.city.lines import Ints
from ugembed.graphs.city.looking import Seen, look_around
from ugembed.graphs.city.making import COORDINATE_DECIMALS, numbers, quoted, rounded_deg, rounded_m
from ugembed.graphs.faults import SCHEMA_VERSION
from ugembed.graphs.recipe import EDGE_KINDS, NODE_KINDS, GraphRecipe
from ugembed.graphs.schema import UrbanGraph
from ugembed.graphs.text import IMAGE_CATEGORY, IMAGE_NAME, image_text

_KINDS = Words.of(f',"type":"{kind}"'.encode() for kind in EDGE_KINDS)


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
    """The graph of every image, in order."""
    attributes = orjson.dumps(_attributes(recipe))[1:-1]
    for i, seen in enumerate(look_around(city, anchors, recipe)):
        image = _Image(city, anchors, i)
        kept = _kept(city, image, seen, recipe)
        nodes = b",".join(filter(None, (_image_node(anchors, i), _nodes(city, kept))))
        own, (between, words) = _image_edges(image, kept, recipe), _city_edges(city, kept)
        edges = b",".join(filter(None, (*own, words)))
        head = b'{%b,"schema_version":%d,"center_node":%b' % (attributes, SCHEMA_VERSION, image.id)
        data = b'%b,"nodes":[%b],"edges":[%b]}\n' % (head, nodes, edges)
        yield LocalGraph(anchors.id[i], 1 + len(kept.node), len(own) + between, data)


@dataclass(frozen=True, slots=True)
class _Image:
    """Image ``number`` of the anchors."""

    city: City
    anchors: Anchors
    number: int

    @property
    def id(self) -> bytes:
        return quoted(self.anchors.id[self.number])

    @property
    def street(self) -> int:
        return int(self.city.streets.street_of_link[self.anchors.link[self.number]])

    @property
    def around(self) -> Ints:
        return self.anchors.around[self.number]

    @property
    def at(self) -> tuple[float, float]:
        return float(self.anchors.lon[self.number]), float(self.anchors.lat[self.number])


def _attributes(recipe: GraphRecipe) -> dict[str, float | int]:
    limits = {"walk_m": recipe.walk_m, "hops": recipe.hops}
    return {"radius_m": recipe.radius_m, **{name: value for name, value in limits.items() if value is not None}}


def _kept(city: City, image: _Image, seen: Seen, recipe: GraphRecipe) -> Seen:
    """The nodes that stay, in their order: the shortest way along streets, then the nearest, then by id."""
    is_kept = np.ones(len(seen.node), dtype=bool)
    if "image" in recipe.nodes:
        is_kept &= ~_is_itself(city, image, seen.node)
    if recipe.walk_m is not None:
        is_kept &= np.isfinite(seen.walk_m)
    if recipe.hops is not None:
        is_kept &= np.isin(seen.node, _within_hops(city, image, seen, recipe))
    rows = np.flatnonzero(is_kept)
    rows = rows[np.lexsort((city.nodes.rank[seen.node[rows]], seen.distance_m[rows], seen.walk_m[rows]))]
    for kind, most in recipe.most.items():
        of_kind = city.nodes.kind[seen.node[rows]] == NODE_KINDS.index(kind)
        rows = rows[~of_kind | (np.cumsum(of_kind) <= most)]
    return seen.take(rows[: recipe.max_nodes - 1])


def _is_itself(city: City, image: _Image, nodes: Ints) -> np.ndarray:
    is_image = city.nodes.kind[nodes] == NODE_KINDS.index("image")
    own = [id == image.id for id in city.nodes.id.take(nodes[is_image])]
    is_image[is_image] = own
    return np.asarray(is_image)


def _within_hops(city: City, image: _Image, seen: Seen, recipe: GraphRecipe) -> Ints:
    """Nodes at most ``hops`` edges from the image, among those seen."""
    assert recipe.hops is not None
    reached = np.unique(np.concatenate([[image.street], image.around, seen.node[_near(city, image, seen, recipe)]]))
    frontier = reached
    for _ in range(recipe.hops - 1):
        after = city.edges.target[city.edges.by_source.of_numbers(frontier)]
        before = city.edges.source[city.edges.by_target.of_numbers(frontier)]
        frontier = np.setdiff1d(np.intersect1d(np.concatenate([after, before]), seen.node), reached)
        reached = np.concatenate([reached, frontier])
    return reached


def _near(city: City, image: _Image, seen: Seen, recipe: GraphRecipe) -> Ints:
    """Rows of the nearest places that the image is not in, the nearest first."""
    kinds = [NODE_KINDS.index(kind) for kind in ("poi", "area", "transit")]
    rows = np.flatnonzero(np.isin(city.nodes.kind[seen.node], kinds) & ~np.isin(seen.node, image.around))
    order = np.lexsort((city.nodes.rank[seen.node[rows]], seen.distance_m[rows]))
    return np.asarray(rows[order[: recipe.near_places]])


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


def _nodes(city: City, kept: Seen) -> bytes:
    from ugembed.graphs.city.writing import nodes_json

    is_open = np.isnan(city.nodes.lon[kept.node])
    place = tuple(_text(np.around(at, COORDINATE_DECIMALS)) for at in (kept.near_lon, kept.near_lat))
    made = nodes_json(city.nodes.words.parts, kept.node, is_open, place, _text(rounded_m(kept.walk_m)))
    return bytes(made.data)


def _image_edges(image: _Image, kept: Seen, recipe: GraphRecipe) -> list[bytes]:
    """``nearest`` street, ``inside`` areas, and the ``near`` places among the nodes kept."""
    city, anchors, i = image.city, image.anchors, image.number
    near, is_around = _near(city, image, kept, recipe), np.isin(kept.node, image.around)
    street, around = np.flatnonzero(kept.node == image.street), np.flatnonzero(is_around)
    lon, lat = _stand(city, kept)
    aims = {
        "nearest": (street, np.full(len(street), anchors.street_lon[i]), np.full(len(street), anchors.street_lat[i])),
        "inside": (around, lon[around], lat[around]),
        "near": (near, kept.near_lon[near], kept.near_lat[near]),
    }
    aims = {kind: aim for kind, aim in aims.items() if kind in recipe.edges}
    rows, to_lon, to_lat = (np.concatenate(columns) for columns in zip(*aims.values(), strict=True))
    kinds = [kind for kind, (chosen, _, _) in aims.items() for _ in chosen]
    metres = kept.distance_m[rows].copy()
    metres[[kind == "nearest" for kind in kinds]] = anchors.gap_m[i]
    columns = zip(
        city.nodes.id.take(kept.node[rows]),
        kinds,
        numbers(rounded_m(metres)),
        numbers(rounded_deg(bearing_deg(*image.at, to_lon, to_lat))),
        strict=True,
    )
    edge = b'{"source":%b,"target":%b,"type":"%b","distance":%b,"bearing":%b}'
    return [edge % (image.id, target, kind.encode(), metre, degree) for target, kind, metre, degree in columns]


def _city_edges(city: City, kept: Seen) -> tuple[int, bytes]:
    """The city's edges between the nodes kept, and their number.

    What the city leaves open is measured from where the nodes stand.
    """
    from ugembed.graphs.city.writing import edges_json

    rows, a, b = _edges_among(city, kept.node)
    edges, (lon, lat) = city.edges, _stand(city, kept)
    metres, degrees = edges.distance_m[rows], edges.bearing_deg[rows]
    is_open = np.isnan(metres) | np.isnan(degrees)
    ends = (lon[a[is_open]], lat[a[is_open]], lon[b[is_open]], lat[b[is_open]])
    metres[is_open] = np.where(np.isnan(metres[is_open]), rounded_m(distance_m(*ends)), metres[is_open])
    degrees[is_open] = np.where(np.isnan(degrees[is_open]), rounded_deg(bearing_deg(*ends)), degrees[is_open])
    words = (city.nodes.id.parts, _KINDS.parts, city.streets.name.parts)
    columns = (edges.source[rows], edges.target[rows], edges.kind[rows], edges.street[rows])
    return len(rows), bytes(edges_json(words, columns, _text(metres), _text(degrees)).data)


def _edges_among(city: City, nodes: Ints) -> tuple[Ints, Ints, Ints]:
    """City edges with both ends in ``nodes``, and the positions of their source and target in ``nodes``."""
    if not len(nodes):
        return nodes, nodes, nodes
    order = np.argsort(nodes)
    sorted_nodes = nodes[order]
    rows = city.edges.by_source.of_numbers(sorted_nodes)
    target = city.edges.target[rows]
    place = np.searchsorted(sorted_nodes, target).clip(max=len(nodes) - 1)
    inside = sorted_nodes[place] == target
    rows, place = rows[inside], place[inside]
    return rows, order[np.searchsorted(sorted_nodes, city.edges.source[rows])], order[place]


def _stand(city: City, kept: Seen) -> tuple[Floats, Floats]:
    """Where nodes stand in this graph."""
    lon, lat = city.nodes.lon[kept.node], city.nodes.lat[kept.node]
    is_open = np.isnan(lon)
    return np.where(is_open, kept.near_lon, lon), np.where(is_open, kept.near_lat, lat)


def _text(values: Floats) -> np.ndarray:
    """Numbers as the inside of a JSON list; what is not finite is ``null``."""
    return np.frombuffer(orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1], np.uint8)
