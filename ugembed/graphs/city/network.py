"""`StreetNetwork`: links, the streets they belong to, and the crossings where they meet, as flat arrays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ugembed.geo.cells import MAX_LEVEL, cell_ids
from ugembed.geo.geodesy import Floats, bearing_deg
from ugembed.graphs.city.lines import Ints, Lines, Nearby
from ugembed.graphs.maps.city_map import Link
from ugembed.graphs.maps.osm.categories import CategoryTable, category_table

_MIN_LINKS_OF_A_CROSSING = 2
_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Street:
    """One stretch between crossings, or all links of one name (without a name: one way). ``name`` may be empty."""

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
        streets, street_of_link: Streets sorted by id, and which one each link belongs to.
        name_of_link: (links,) int64; equal for links of one name, or, without a name, of one way.
        ends: (links, 2) int32, the numbers of the nodes at both ends, dead ends included.
        crossings: In the order of the nodes they are at.
        crossing_of_node: (nodes,) int64, the crossing at each node, -1 at a dead end.
        is_tunnel: (links,) whether a link runs covered.
    """

    def __init__(
        self,
        links: Sequence[Link],
        streets: Literal["segments", "names"] = "names",
        *,
        table: CategoryTable | None = None,
    ) -> None:
        words = table or category_table()
        categories = [words.street(link.highway) for link in links]
        self.lines = Lines.of([link.points for link in links])
        names, self.name_of_link = _streets(links, self.lines.length_m, categories)
        self.streets, self.street_of_link = names, self.name_of_link
        if streets == "segments":
            self.streets, self.street_of_link = _segments(links, [names[n].name for n in self.name_of_link], categories)
        nodes, self.ends = _nodes(links)
        self.crossings, self.crossing_of_node = _crossings(
            links, nodes, self.ends, [names[n].label for n in self.name_of_link]
        )
        self.is_tunnel = np.array([link.is_tunnel for link in links], dtype=bool)

    @property
    def length_m(self) -> Floats:
        """(links,) metres along each link."""
        return self.lines.length_m

    @property
    def crossing_ends(self) -> Ints:
        """(links, 2) the crossings at both ends, -1 at dead ends."""
        return np.asarray(self.crossing_of_node[self.ends])

    def snap(self, lon: Floats, lat: Floats, max_m: float) -> Nearby:
        """`snap` to the links of this network."""
        return snap(self.lines, self.is_tunnel, lon, lat, max_m)


def snap(lines: Lines, is_tunnel: NDArray[np.bool_], lon: Floats, lat: Floats, max_m: float) -> Nearby:
    """The nearest link of every point within ``max_m`` metres of one: point-to-segment, not to its ends.

    A tunnel counts only for points that have no other link within reach.
    """
    open_air = lines.nearest(lon, lat, max_m, among=~is_tunnel)
    rest = np.setdiff1d(np.arange(len(lon)), open_air.point)
    if not len(rest) or not is_tunnel.any():
        return open_air
    covered = lines.nearest(lon[rest], lat[rest], max_m)
    both = Nearby.joined([open_air, replace(covered, point=rest[covered.point])])
    return both.take(np.argsort(both.point))


def snap_bearing_deg(snap: Nearby, lon: Floats, lat: Floats) -> Floats:
    """Bearing from the points that were snapped, ``(lon, lat)``, to their places on the street."""
    return bearing_deg(lon[snap.point], lat[snap.point], snap.lon, snap.lat)


def _streets(links: Sequence[Link], length_m: Floats, categories: Sequence[str]) -> tuple[list[Street], Ints]:
    """All links of one name as one street, in the category of most of its metres."""
    ids = [f"street/{link.name}" if link.name else f"street/{link.id}" for link in links]
    metres: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for street, category, length in zip(ids, categories, length_m.tolist(), strict=True):
        metres[street][category] += length
    names = {street: link.name for street, link in zip(ids, links, strict=True)}
    streets = [Street(street, names[street], _longest(metres[street])) for street in sorted(metres)]
    number = {street.id: i for i, street in enumerate(streets)}
    return streets, np.array([number[street] for street in ids], dtype=np.int64)


def _longest(metres: dict[str, float]) -> str:
    """The category with most metres, rounded so that the order of summing does not matter."""
    return min(metres, key=lambda category: (-round(metres[category], 3), category))


def _segments(links: Sequence[Link], names: Sequence[str], categories: Sequence[str]) -> tuple[list[Street], Ints]:
    """Every link as a street of its own. Twins between the same ends are numbered by their geometry."""
    order = sorted(range(len(links)), key=lambda i: (*_ends(links[i]), links[i].id, links[i].points.tobytes()))
    seen: dict[tuple[str, str, str], int] = defaultdict(int)
    ids = [""] * len(links)
    for i in order:
        start, end = _ends(links[i])
        twin = (start, end, links[i].id)
        ids[i] = f"street/{links[i].id}/{start}-{end}" + (f".{seen[twin]}" if seen[twin] else "")
        seen[twin] += 1
    by_id = sorted(range(len(links)), key=ids.__getitem__)
    number: Ints = np.empty(len(links), dtype=np.int64)
    number[by_id] = np.arange(len(links))
    return [Street(ids[i], names[i], categories[i]) for i in by_id], number


def _ends(link: Link) -> tuple[str, str]:
    return (link.start, link.end) if link.start <= link.end else (link.end, link.start)


def _nodes(links: Sequence[Link]) -> tuple[list[str], NDArray[np.int32]]:
    """Ids of the nodes at the ends of links, and the numbers of both ends of every link.

    Neighbours have near numbers (they follow the S2 curve), which makes a search a fifth to a third faster.
    """
    place = {link.start: link.points[0] for link in links} | {link.end: link.points[-1] for link in links}
    ids = sorted(place)
    at = np.array([place[node] for node in ids], dtype=np.float64).reshape(-1, 2)
    nodes = [ids[i] for i in np.argsort(cell_ids(at[:, 0], at[:, 1], level=MAX_LEVEL), kind="stable")]
    number = {node: i for i, node in enumerate(nodes)}
    ends = [(number[link.start], number[link.end]) for link in links]
    return nodes, np.array(ends, dtype=np.int32).reshape(-1, 2)


def _crossings(
    links: Sequence[Link], nodes: Sequence[str], ends: NDArray[np.int32], labels: Sequence[str]
) -> tuple[list[Crossing], Ints]:
    """The crossings, and the crossing at each of the ``nodes``; ``labels`` are those of the links."""
    ordered = sorted(set(labels), key=lambda name: (name.startswith("unnamed "), name))
    number = {label: i for i, label in enumerate(ordered)}
    node, link = ends.ravel().astype(np.int64), np.repeat(np.arange(len(links)), 2)
    meeting = np.bincount(np.unique(node * len(links) + link) // max(len(links), 1), minlength=len(nodes))
    is_crossing = meeting >= _MIN_LINKS_OF_A_CROSSING
    label = np.repeat(np.array([number[label] for label in labels], dtype=np.int64), 2)
    here, names = np.divmod(np.unique(node * len(ordered) + label), max(len(ordered), 1))
    first = np.searchsorted(here, np.arange(len(nodes) + 1)).tolist()
    met, seen_first = np.unique(node, return_index=True)
    crossings = []
    for i, end in zip(met.tolist(), seen_first.tolist(), strict=True):
        if is_crossing[i]:
            lon, lat = links[end // 2].points[-(end % 2)].tolist()
            streets = [ordered[name] for name in names[first[i] : first[i + 1]]]
            crossings.append(Crossing(f"crossing/{nodes[i]}", _label(streets), lon, lat))
    return crossings, np.where(is_crossing, np.cumsum(is_crossing) - 1, _NOWHERE)


def _label(streets: Sequence[str]) -> str:
    """``Intersection of A, B and unnamed footpath``; the streets come in the order they are told in."""
    *others, last = streets
    return f"Intersection of {', '.join(others)} and {last}" if others else f"Intersection of {last}"
