"""The edges of an image itself: to its street, to the areas it is in, to the nearest places."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ugembed.geo.geodesy import bearing_deg
from ugembed.graphs.city.anchors import Anchors
from ugembed.graphs.city.city import City
from ugembed.graphs.city.lines import Ints
from ugembed.graphs.city.looking import Seen
from ugembed.graphs.city.making import numbers, rounded_deg, rounded_m
from ugembed.graphs.recipe import NODE_KINDS, EdgeKind, GraphRecipe

_KINDS: tuple[EdgeKind, ...] = ("nearest", "inside", "near")  # as `ugembed.graphs.city.choosing` numbers them
_PLACES = [NODE_KINDS.index(kind) for kind in ("poi", "area", "transit")]
_EDGE = b'{"source":%b,"target":%b,"type":"%b","distance":%b,"bearing":%b}'


def image_edges(
    city: City, anchors: Anchors, kept: Seen, recipe: GraphRecipe, *, ids: Sequence[bytes]
) -> list[list[bytes]]:
    """For every image the JSON of its own edges among the nodes kept, in the order ``nearest``, ``inside``, ``near``.

    ``ids`` are those of the images as JSON strings.

    ``nearest`` is measured and points to the place on the street, ``inside`` to where the area stands, ``near`` to the
    nearest point of the place.
    """
    kind, row, image = _own_rows(city, anchors, kept, recipe)
    wanted = np.isin(kind, [number for number, name in enumerate(_KINDS) if name in recipe.edges])
    kind, row, image = kind[wanted], row[wanted], image[wanted]
    is_nearest = kind == _KINDS.index("nearest")
    lon, lat = kept.near_lon[row], kept.near_lat[row]
    stands = (kind == _KINDS.index("inside")) & ~np.isnan(city.nodes.lon[kept.node[row]])
    lon = np.where(stands, city.nodes.lon[kept.node[row]], np.where(is_nearest, anchors.street_lon[image], lon))
    lat = np.where(stands, city.nodes.lat[kept.node[row]], np.where(is_nearest, anchors.street_lat[image], lat))
    metres = np.where(is_nearest, anchors.gap_m[image], kept.distance_m[row])
    degrees = bearing_deg(anchors.lon[image], anchors.lat[image], lon, lat)
    columns = zip(
        image.tolist(),
        city.nodes.id.take(kept.node[row]),
        kind.tolist(),
        numbers(rounded_m(metres)),
        numbers(rounded_deg(degrees)),
        strict=True,
    )
    kinds = [name.encode() for name in _KINDS]
    edges: list[list[bytes]] = [[] for _ in ids]
    for i, target, k, metre, degree in columns:
        edges[i].append(_EDGE % (ids[i], target, kinds[k], metre, degree))
    return edges


def near_rows(city: City, anchors: Anchors, seen: Seen, recipe: GraphRecipe) -> tuple[Ints, Ints]:
    """Rows of the nearest places that each image is not in, as groups (first, rows)."""
    kind, row, image = _own_rows(city, anchors, seen, recipe)
    is_near = kind == _KINDS.index("near")
    return np.searchsorted(image[is_near], np.arange(len(seen) + 1)), row[is_near]


def _own_rows(city: City, anchors: Anchors, seen: Seen, recipe: GraphRecipe) -> tuple[Ints, Ints, Ints]:
    """Kind, row and image of the ends of all the edges that images have of their own."""
    from ugembed.graphs.city.choosing import own_rows

    is_place = np.isin(city.nodes.kind[seen.node], _PLACES)
    order = (seen.distance_m, seen.distance_m, city.nodes.rank[seen.node])
    streets = (city.streets.street_of_link[anchors.link], seen.node)
    first, kind, row = own_rows(seen.first, streets, (seen.is_inside, is_place), order, recipe.near_places)
    return kind, row, np.repeat(np.arange(len(seen)), np.diff(first))
