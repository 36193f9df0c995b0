"""How the things of a city relate, as rows of node numbers: found once for the whole city, cut out for every image.

A relation holds arrays parallel to its rows. ``distance_m`` and ``bearing_deg`` are NaN where they depend on where the
image stands (a street is placed at its point nearest to the image) and are measured when a local graph is cut out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ugembed.geo.geodesy import Floats, local_metres
from ugembed.graphs.city.lines import Ints, Nearby
from ugembed.graphs.city.network import StreetNetwork, snap_bearing_deg

NO_STREET = -1
NEAR_STREET_M = 100.0
"""A place further from every street than this has no ``nearest`` street."""
BOUNDS_M = 10.0
"""A street within this distance of an area's outline bounds it."""


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows (source, target) of one kind of edge; numbers are positions in the lists that were related."""

    kind: str
    source: Ints
    target: Ints
    distance_m: Floats
    bearing_deg: Floats
    street: Ints
    """For ``along_street``: the number of the street walked along; `NO_STREET` elsewhere."""

    @classmethod
    def of(cls, kind: str, source: Ints, target: Ints, **known: NDArray[Any]) -> Relation:
        """A relation of which only the ``known`` columns are known."""
        nan, none = np.full(len(source), np.nan), np.full(len(source), NO_STREET, dtype=np.int64)
        return cls(kind, source, target, **{"distance_m": nan, "bearing_deg": nan, "street": none, **known})

    def renumbered(self, sources: Ints, targets: Ints) -> Relation:
        """The same rows between ``sources[source]`` and ``targets[target]``."""
        return replace(self, source=sources[self.source], target=targets[self.target])

    def take(self, rows: Ints) -> Relation:
        return replace(self, **{name: getattr(self, name)[rows] for name in _COLUMNS})

    @classmethod
    def joined(cls, relations: Sequence[Relation]) -> Relation:
        """Rows of all, one relation after the other; they have no single kind any more."""
        return cls("", **{name: np.concatenate([getattr(r, name) for r in relations]) for name in _COLUMNS})


_COLUMNS = ("source", "target", "distance_m", "bearing_deg", "street")


def crossings_to_streets(network: StreetNetwork) -> Relation:
    """``crossing``: every crossing (source) with every street (target) that meets there."""
    ends = network.crossing_ends
    pairs = np.stack([ends.ravel(), np.repeat(network.street_of_link, 2)], axis=1)
    pairs = np.unique(pairs[pairs[:, 0] >= 0], axis=0)
    return Relation.of("crossing", pairs[:, 0], pairs[:, 1])


def crossings_along_streets(network: StreetNetwork) -> Relation:
    """``along_street``: neighbouring crossings with the true length of the shortest link between them."""
    ends = np.sort(network.crossing_ends, axis=1)
    links = np.flatnonzero((ends[:, 0] >= 0) & (ends[:, 0] != ends[:, 1]))
    street = network.street_of_link[links]
    source, target, length = ends[links, 0], ends[links, 1], np.round(network.length_m[links], 3)
    return _nearest_rows("along_street", source, target, distance_m=length, street=street)


def streets_continued(network: StreetNetwork) -> Relation:
    """``same_street``: stretches of one street that meet, and the metres along it between their middles."""
    link, node = np.repeat(np.arange(len(network.ends)), 2), network.ends.ravel().astype(np.int64)
    here = network.name_of_link[link] * len(network.crossing_of_node) + node
    order = np.lexsort((link, here))
    first, second = _pairs_of_runs(here[order])
    one, other = link[order][first], link[order][second]
    apart = network.street_of_link[one] != network.street_of_link[other]
    one, other = one[apart], other[apart]
    streets = np.sort(network.street_of_link[np.stack([one, other], axis=1)], axis=1)
    length = np.round((network.length_m[one] + network.length_m[other]) / 2, 3)
    return _nearest_rows("same_street", streets[:, 0], streets[:, 1], distance_m=length)


def _pairs_of_runs(ordered: Ints) -> tuple[Ints, Ints]:
    """Positions (i, j), i < j, of all equal entries of a sorted array."""
    first, second = [], []
    step = 1
    while step < len(ordered) and (same := np.flatnonzero(ordered[step:] == ordered[:-step])).size:
        first.append(same)
        second.append(same + step)
        step += 1
    nothing = np.empty(0, dtype=np.int64)
    return np.concatenate([nothing, *first]), np.concatenate([nothing, *second])


def places_to_streets(lon: Floats, lat: Floats, network: StreetNetwork) -> tuple[Relation, Nearby]:
    """``nearest``: every place (source) with its nearest street (target), metres and bearing to the snapped point.

    Beside it where the places were snapped to.
    """
    found = network.snap(lon, lat, NEAR_STREET_M)
    bearing = snap_bearing_deg(found, lon, lat)
    street = network.street_of_link[found.line]
    metres = np.round(found.distance_m, 3)
    return Relation.of("nearest", found.point, street, distance_m=metres, bearing_deg=bearing), found


def places_in_areas(lon: Floats, lat: Floats, areas: Sequence[Any]) -> Relation:
    """``inside``: points (source) within or on the edge of polygons (target); their distance is 0."""
    from shapely import STRtree, points

    source, target = STRtree(areas).query(points(lon, lat), predicate="intersects")
    order = np.lexsort((target, source))
    source, target = source[order], target[order]
    return Relation.of("inside", source, target, distance_m=np.zeros(len(source)))


def shapes_to_streets(shapes: Sequence[Any], network: StreetNetwork) -> tuple[Relation, Relation]:
    """``bounds`` and ``intersects``: areas and rivers (source) with streets (target).

    A street bounds what it comes near to: within `BOUNDS_M` of the outline or course, the gap is the distance. It
    intersects what it runs through or crosses, at distance 0. Measured in one plane around the middle of the map: at
    10 m that is exact to millimetres for a city.
    """
    from shapely import STRtree, boundary, distance, get_dimensions, linestrings, transform

    lines = network.lines
    if not len(shapes):
        nothing = np.empty(0, dtype=np.int64)
        return Relation.of("bounds", nothing, nothing), Relation.of("intersects", nothing, nothing)
    lon0, lat0 = float(lines.lon[0]), float(np.median(lines.lat))
    number = np.repeat(np.arange(len(lines)), np.diff(lines.offsets))
    plane = _plane(lon0, lat0)(np.stack([lines.lon, lines.lat], axis=1))
    streets = linestrings(plane, indices=number)
    flat = transform(np.array(shapes, dtype=object), _plane(lon0, lat0))
    outlines = np.where(get_dimensions(flat) == 2, boundary(flat), flat)
    tree = STRtree(streets)
    source, link = tree.query(outlines, predicate="dwithin", distance=BOUNDS_M)
    metres = np.round(distance(outlines[source], streets[link]), 3)
    bounds = _nearest_rows("bounds", source, network.street_of_link[link], distance_m=metres)
    source, link = tree.query(flat, predicate="intersects")
    through = _nearest_rows("intersects", source, network.street_of_link[link], distance_m=np.zeros(len(link)))
    return bounds, through


def _plane(lon0: float, lat0: float) -> Callable[[Floats], Floats]:
    """From (n, 2) degrees to metres."""
    return lambda at: np.stack(local_metres(at[:, 0], at[:, 1], lon0=lon0, lat0=lat0), axis=1)


def _nearest_rows(kind: str, source: Ints, target: Ints, *, distance_m: Floats, **known: NDArray[Any]) -> Relation:
    """One row a (source, target) pair: the nearest; ``known`` columns, compared in turn, decide a tie."""
    order = np.lexsort((*reversed(known.values()), distance_m, target, source))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(source[order]) != 0) | (np.diff(target[order]) != 0)
    rows = order[first]
    columns = {name: column[rows] for name, column in {"distance_m": distance_m, **known}.items()}
    return Relation.of(kind, source[rows], target[rows], **columns)
