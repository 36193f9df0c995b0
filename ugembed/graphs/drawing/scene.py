"""What there is to draw of a graph: metres around the centre, kinds, names, headings. No drawing happens here."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ugembed.geo.geodesy import Floats, compass_8, local_metres
from ugembed.graphs.schema import Edge, Node, UrbanGraph

LEAST_HALF_M = 25.0
"""Half the width of the smallest frame."""

CLOSE_NODES = 60
"""The close-up holds about as many nodes."""

_ROOM = 1.1
_AREA = "area"
_MOST = 0.98  # without a radius: this share of the nodes is inside of the frame
_CLOSE_M = (50.0, 250.0)
_VIEW_PART = 0.12  # of the width: room on every side of the centre, for the view cone
_CLOSE_PART = 0.6  # a close-up of more than this part of the whole would show nothing new
_NAME = re.compile(r"\bName: (.+?)(?:, [A-Z]\w*: |$)")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]+")
_OWN_FACTS = ("radius_m", "schema_version")
_MOST_FACTS, _LONGEST_FACT = 4, 40

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Frame:
    """A square on the ground: its middle in metres east and north of the centre, and half its width."""

    east: float
    north: float
    half_m: float

    def holds(self, at: Floats) -> NDArray[np.bool_]:
        """(n,) whether each of the (n, 2) places lies inside."""
        return np.asarray((np.abs(at - (self.east, self.north)) <= self.half_m).all(axis=-1))


@dataclass(frozen=True)
class Scene:
    """A graph in local metres; node ``i`` of the graph is row ``i`` of everything.

    Attributes:
        graph: What is drawn.
        at: (n, 2) metres east and north of the centre.
        kinds: Of the nodes: their attribute ``kind``, else ``""``.
        names: Of the nodes, in printable characters, may be empty.
        ends: (m, 2) node numbers of the edges.
        headings: Node number to degrees clockwise from north, of image nodes that know theirs.
    """

    graph: UrbanGraph
    at: Floats
    kinds: tuple[str, ...]
    names: tuple[str, ...]
    ends: Ints
    headings: Mapping[int, float]

    @classmethod
    def of(cls, graph: UrbanGraph) -> Scene:
        here = graph.center_node
        lon, lat = [node.lon for node in graph.nodes], [node.lat for node in graph.nodes]
        ends = [(graph.index[edge.source], graph.index[edge.target]) for edge in graph.edges]
        headings = {i: heading for i, node in enumerate(graph.nodes) if (heading := _heading(node)) is not None}
        return cls(
            graph,
            np.stack(local_metres(lon, lat, lon0=here.lon, lat0=here.lat), axis=1),
            tuple(_kind(node) for node in graph.nodes),
            tuple(_name(node) for node in graph.nodes),
            np.array(ends, dtype=np.int64).reshape(-1, 2),
            headings,
        )

    @property
    def center(self) -> int:
        """Number of the centre's node."""
        return self.graph.index[self.graph.center]

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """Of the nodes: their attribute ``category``, else empty."""
        told = (node.attributes.get("category") for node in self.graph.nodes)
        return tuple(printable(category) if isinstance(category, str) else "" for category in told)

    @cached_property
    def edge_kinds(self) -> tuple[str, ...]:
        return tuple(printable(edge.kind) for edge in self.graph.edges)

    @cached_property
    def away_m(self) -> Floats:
        """(n,) metres of every node from the centre."""
        return np.asarray(np.hypot(*self.at.T))

    @property
    def radius_m(self) -> float | None:
        """The graph's own ``radius_m``, where it has one."""
        return number(self.graph.attributes.get("radius_m"))

    @cached_property
    def frame(self) -> Frame:
        """The square around the graph: the nodes within its radius, or without one 98 of 100, and room for the view.

        Areas count only where nothing else is: they stand at their centroids, which may lie far outside.
        """
        limit = self.radius_m or float(np.quantile(self.away_m, _MOST, method="higher"))
        is_near = self.away_m <= limit
        is_firm = is_near & (np.array(self.kinds, dtype=object) != _AREA)
        corners = self.at[is_firm if is_firm.sum() > 1 else is_near]
        low, high = corners.min(axis=0), corners.max(axis=0)
        span = float((high - low).max())
        room = max(_VIEW_PART * span, min(self._close_half_m, _CLOSE_PART * span / 2))
        low, high = np.minimum(low, -room), np.maximum(high, room)
        east, north = ((low + high) / 2).tolist()
        return Frame(east, north, max(LEAST_HALF_M, float((high - low).max()) / 2 * _ROOM))

    @property
    def _close_half_m(self) -> float:
        """Half the width of a square around the centre that holds its nearest nodes."""
        return float(np.clip(np.sort(self.away_m)[: CLOSE_NODES + 1][-1], *_CLOSE_M))

    @cached_property
    def close_up(self) -> Frame | None:
        """The square around the centre that holds its nearest nodes; None where the whole is hardly larger."""
        half = self._close_half_m
        return Frame(0.0, 0.0, half) if half < _CLOSE_PART * self.frame.half_m else None

    @property
    def beyond(self) -> int:
        """How many nodes lie outside of the frame."""
        return int((~self.frame.holds(self.at)).sum())

    @property
    def title(self) -> str:
        return printable(self.graph.center)

    @cached_property
    def facts(self) -> tuple[str, ...]:
        """Short facts for a line below the title."""
        here = self.graph.center_node
        facts = [_counted(len(self.graph.nodes), "node"), _counted(len(self.graph.edges), "edge")]
        if self.radius_m:
            facts.append(f"radius {self.radius_m:g} m")
        heading = self.headings.get(self.center)
        facts.append("no heading" if heading is None else f"looks {compass_8(heading)} ({heading:.0f}°)")
        facts.append(f"lon {here.lon:.5f}, lat {here.lat:.5f}")
        if self.beyond:
            facts.append(f"{_counted(self.beyond, 'node')} beyond the frame")
        return (*facts, *_others(self.graph.attributes))


def printable(text: str) -> str:
    """The text on one line, without control characters, which neither SVG nor HTML can hold."""
    return _UNPRINTABLE.sub(" ", text).strip()


def number(value: Any) -> float | None:
    """A finite number as a float; None for anything else, for attributes of foreign graphs can be anything."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # a whole number beyond float64
        return None


def street_of(edge: Edge) -> str:
    """The name of the street that an edge runs along, else empty."""
    street = edge.attributes.get("street")
    return printable(street) if isinstance(street, str) else ""


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _kind(node: Node) -> str:
    kind = node.attributes.get("kind")
    return printable(kind) if isinstance(kind, str) else ""


def _name(node: Node) -> str:
    name = node.attributes.get("name")
    if not isinstance(name, str) and (match := _NAME.search(node.text)):
        name = match[1]
    return printable(name) if isinstance(name, str) else ""


def _heading(node: Node) -> float | None:
    heading = number(node.attributes.get("heading_deg"))
    return None if heading is None else heading % 360.0


def _others(attributes: Mapping[str, Any]) -> list[str]:
    """The first few short attributes of the graph that are not told anyway."""
    plain = {k: v for k, v in attributes.items() if k not in _OWN_FACTS and isinstance(v, str | int | float)}
    told = [printable(f"{key}: {value}") for key, value in plain.items()]
    return [fact for fact in told if len(fact) <= _LONGEST_FACT][:_MOST_FACTS]
