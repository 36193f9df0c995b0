"""What a local graph says about the place in its centre: the street, the nearest crossing, the named places around."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ugembed.geo.geodesy import bearing_deg, compass_8, distance_m
from ugembed.graphs.maps.osm.categories import category_table
from ugembed.graphs.schema import Node, UrbanGraph

_FIELD = re.compile(r"(?:^|, )(Name|Category): (.*?)(?=, [A-Z][A-Za-z ]*: |$)")
_CROSSING = re.compile(r"^(?:Intersection|Crossing) of (.+)$")
_COMPASS_WORDS = {
    "N": "north",
    "NE": "north-east",
    "E": "east",
    "SE": "south-east",
    "S": "south",
    "SW": "south-west",
    "W": "west",
    "NW": "north-west",
}


@dataclass(frozen=True, slots=True)
class Named:
    """A named node as seen from the centre: metres away, and bearing in degrees clockwise from north."""

    node: Node
    name: str
    category: str
    distance_m: float
    bearing: float

    @property
    def direction(self) -> str:
        """The bearing in words: ``"north-east"``."""
        return compass_word(self.bearing)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The named things of one graph, the nearest first within each kind.

    Attributes:
        street: Name of the centre's street (its ``nearest`` edge, else the nearest street); may be empty.
        crossings: Crossings; their names list the streets that meet.
        places: Everything else that has a name.
    """

    street: str
    crossings: tuple[Named, ...]
    places: tuple[Named, ...]

    def crossing_street(self) -> tuple[str, Named] | None:
        """The nearest crossing of ``street`` with another one, and the other one's name; None when there is none."""
        for crossing in self.crossings:
            names = streets_of_crossing(crossing.name)
            others = [name for name in names if name != self.street]
            if self.street in names and others:
                return others[0], crossing
        return None


def compass_word(bearing: float) -> str:
    """``"south-west"`` for a bearing in degrees clockwise from north."""
    return _COMPASS_WORDS[compass_8(bearing)]


def rounded_m(distance_m: float) -> int:
    """Metres to the nearest ten, at least ten."""
    return max(10, 10 * round(distance_m / 10))


def name_and_category(node: Node) -> tuple[str, str]:
    """Name and category of a node: its attributes where it has them, else the fields of its text; may be empty."""
    known = node.attributes
    fields = {} if "name" in known and "category" in known else dict(_FIELD.findall(node.text))
    return str(known.get("name", fields.get("Name", ""))), str(known.get("category", fields.get("Category", "")))


def is_crossing(name: str) -> bool:
    """Whether a name is that of a crossing of streets."""
    return _CROSSING.match(name) is not None


def streets_of_crossing(name: str) -> list[str]:
    """The streets in ``"Intersection of A and B"`` or ``"Intersection of A, B and C"``; empty for another name."""
    match = _CROSSING.match(name)
    return [part.strip() for part in re.split(r", | and ", match[1])] if match else []


def surroundings(graph: UrbanGraph) -> Surroundings:
    """The named things around the centre of a graph."""
    centre = graph.center_node
    lon, lat = [node.lon for node in graph.nodes], [node.lat for node in graph.nodes]
    metres = distance_m(centre.lon, centre.lat, lon, lat).tolist()
    bearings = bearing_deg(centre.lon, centre.lat, lon, lat).tolist()
    street_words = set(category_table().streets.values()) | {"street"}
    streets: list[Named] = []
    crossings: list[Named] = []
    places: list[Named] = []
    for node, distance, bearing in zip(graph.nodes, metres, bearings, strict=True):
        name, category = name_and_category(node)
        if node.id != graph.center and name:
            kind = crossings if is_crossing(name) else streets if category in street_words else places
            kind.append(Named(node, name, category, distance, bearing))
    for kind in (streets, crossings, places):
        kind.sort(key=lambda named: (named.distance_m, named.node.id))
    return Surroundings(_own_street(graph, streets), tuple(crossings), tuple(places))


def _own_street(graph: UrbanGraph, streets: list[Named]) -> str:
    names = {named.node.id: named.name for named in streets}
    for edge in graph.edges:
        if edge.kind == "nearest" and graph.center in (edge.source, edge.target):
            other = edge.target if edge.source == graph.center else edge.source
            if other in names:
                return names[other]
    return streets[0].name if streets else ""
