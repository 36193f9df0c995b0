"""`StreetNetwork`: links, the streets they belong to, and the crossings where they meet, as flat arrays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ugembed.geo.geodesy import Floats, bearing_deg
from ugembed.graphs.city.lines import Ints, Lines, Nearby
from ugembed.graphs.maps.city_map import Link
from ugembed.graphs.maps.osm.categories import category_table

NO_CROSSING = -1
_MIN_LINKS_OF_A_CROSSING = 2


@dataclass(frozen=True, slots=True)
class Street:
    """All links of one name, or, without a name, one way. ``name`` may be empty; ``category`` never is."""

    id: str
    name: str
    category: str

    @property
    def label(self) -> str:
        return self.name or f"unnamed {self.category}"


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where at least two links meet; ``label`` says which streets, e.g. ``Intersection of Elm Street and footpath``."""

    id: str
    label: str
    lon: float
    lat: float


class StreetNetwork:
    """A city's streets.

    Attributes:
        lines: The geometry of the links; line number = link number.
        length_m: (links,) float64, metres along each link.
        streets, street_of_link: Streets sorted by id, and which one each link belongs to.
        crossings: Sorted by id.
        ends: (links, 2) int32, crossing numbers at both ends, `NO_CROSSING` at a dead end.
    """

    def __init__(self, links: Sequence[Link]) -> None:
        self.lines = Lines([link.points for link in links])
        self.length_m: Floats = self.lines.length_m()
        self.streets, self.street_of_link = _streets(links, self.length_m)
        self.crossings, self.ends = _crossings(links, [self.streets[s].label for s in self.street_of_link])

    def snap(self, lon: Floats, lat: Floats, max_m: float) -> Nearby:
        """The nearest link of every point within ``max_m`` metres of one: point-to-segment, not to its ends."""
        return self.lines.nearest(lon, lat, max_m)


def snap_bearing_deg(snap: Nearby, lon: Floats, lat: Floats) -> Floats:
    """Bearing from the points that were snapped, ``(lon, lat)``, to their places on the street."""
    return bearing_deg(lon[snap.point], lat[snap.point], snap.lon, snap.lat)


def _streets(links: Sequence[Link], length_m: Floats) -> tuple[list[Street], Ints]:
    table = category_table()
    ids = [f"street/{link.name}" if link.name else f"street/{link.id}" for link in links]
    metres: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for street, link, length in zip(ids, links, length_m, strict=True):
        metres[street][table.street(link.highway)] += length
    names = {street: link.name for street, link in zip(ids, links, strict=True)}
    streets = [Street(street, names[street], _longest(metres[street])) for street in sorted(metres)]
    number = {street.id: i for i, street in enumerate(streets)}
    return streets, np.array([number[street] for street in ids], dtype=np.int64)


def _longest(metres: dict[str, float]) -> str:
    """The category with most metres, rounded so that the order of summing does not matter."""
    return min(metres, key=lambda category: (-round(metres[category], 3), category))


def _crossings(links: Sequence[Link], labels: Sequence[str]) -> tuple[list[Crossing], NDArray[np.int32]]:
    here: dict[str, set[int]] = defaultdict(set)
    place: dict[str, tuple[float, float]] = {}
    for i, link in enumerate(links):
        for node, point in ((link.start, link.points[0]), (link.end, link.points[-1])):
            here[node].add(i)
            place.setdefault(node, (float(point[0]), float(point[1])))
    met = sorted(node for node, around in here.items() if len(around) >= _MIN_LINKS_OF_A_CROSSING)
    number = {node: i for i, node in enumerate(met)}
    crossings = [Crossing(f"crossing/{node}", _label(labels[i] for i in here[node]), *place[node]) for node in met]
    ends = [[number.get(link.start, NO_CROSSING), number.get(link.end, NO_CROSSING)] for link in links]
    return crossings, np.array(ends, dtype=np.int32).reshape(-1, 2)


def _label(streets: Iterable[str]) -> str:
    """``Intersection of A, B and unnamed footpath``: named streets first, in order of the alphabet."""
    *others, last = sorted(set(streets), key=lambda name: (name.startswith("unnamed "), name))
    return f"Intersection of {', '.join(others)} and {last}" if others else f"Intersection of {last}"
