"""Colours, markers and dashes of a drawing, for light and dark pages.

What must be told apart has colours of Okabe and Ito (2008), which are distinct with every kind of colour vision, and a
marker or dash of its own besides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

COLOURS: dict[str, tuple[str, str]] = {
    "page": ("#ffffff", "#1e2126"),
    "ground": ("#f3f1ec", "#23272d"),
    "ink": ("#23262b", "#e6e4df"),
    "soft": ("#646a74", "#9aa0aa"),
    "rule": ("#cfcac0", "#454b55"),
    "road": ("#fefefd", "#343a42"),
    "road-edge": ("#d9d4ca", "#4a515b"),
    "path": ("#d6d0c4", "#4d545e"),
    "green": ("#d9e8cf", "#2a3a2c"),
    "water": ("#cbdfea", "#23394a"),
    "built": ("#e4dfd5", "#2d3238"),
    "camera": ("#d55e00", "#ff8b3d"),
    "image": ("#b0578f", "#e39cc4"),
    "street": ("#0072b2", "#5bb0e6"),
    "crossing": ("#7d838c", "#8b929c"),
    "poi": ("#e69f00", "#f2b53b"),
    "area": ("#009e73", "#3cc79f"),
    "transit": ("#56b4e9", "#8ad0f7"),
    "along": ("#565b64", "#aab0ba"),
    "faint": ("#a3a8b0", "#6c737d"),
    "near": ("#c98500", "#f0a92b"),
    "other-1": ("#cc79a7", "#d98fb8"),
    "other-2": ("#8c6d31", "#c9a961"),
    "other-3": ("#3f5f8a", "#86a5d6"),
    "other-4": ("#6b4c9a", "#b195e0"),
}
"""Name to (on light, on dark). Every light one is unique, so that a page can put its own variable in its place."""

CAMERA_PT = 9.0
"""Width of the mark of the centre, in points."""

_OTHERS = ("other-1", "other-2", "other-3", "other-4")
Dashes = tuple[float, tuple[float, ...]] | str


def light(name: str) -> str:
    """The colour on light ground, as ``#rrggbb``."""
    return COLOURS[name][0]


@dataclass(frozen=True, slots=True)
class NodeLook:
    """How the nodes of one kind are drawn; ``size`` is their width in points, ``is_named``: names stand beside them."""

    colour: str
    marker: str
    size: float
    order: int
    is_named: bool = False


@dataclass(frozen=True, slots=True)
class EdgeLook:
    """How the edges of one kind are drawn; ``width`` in points. Those of the centre are drawn stronger."""

    colour: str
    dashes: Dashes
    width: float
    alpha: float
    order: int


_NODES = {
    "image": NodeLook("image", "v", 6.0, 9),
    "street": NodeLook("street", "s", 3.0, 6),
    "crossing": NodeLook("crossing", "o", 2.6, 5),
    "poi": NodeLook("poi", "o", 5.0, 8, is_named=True),
    "area": NodeLook("area", "h", 6.2, 7, is_named=True),
    "transit": NodeLook("transit", "^", 5.6, 8, is_named=True),
}
_EDGES = {
    "nearest": EdgeLook("street", (0, (3, 1.5)), 0.8, 0.75, 4),
    "near": EdgeLook("near", "-", 0.9, 0.9, 5),
    "inside": EdgeLook("area", (0, (1, 1.4)), 1.1, 0.8, 4),
    "along_street": EdgeLook("along", "-", 1.3, 0.9, 3),
    "same_street": EdgeLook("along", (0, (7, 2)), 0.6, 0.6, 2),
    "crossing": EdgeLook("faint", "-", 0.5, 0.55, 1),
    "bounds": EdgeLook("area", (0, (6, 2, 1, 2)), 0.5, 0.4, 1),
    "intersects": EdgeLook("other-1", (0, (1, 2)), 0.8, 0.7, 2),
}
_OTHER_NODE = NodeLook("", "", 5.0, 8, is_named=True)
_OTHER_EDGE = EdgeLook("", "-", 0.8, 0.7, 2)
_OTHER_MARKERS = ("D", "p", "P", "X")
_OTHER_DASHES: Sequence[Dashes] = ("-", (0, (4, 2)), (0, (1, 1.5)))


def node_looks(kinds: Iterable[str]) -> dict[str, NodeLook]:
    """Looks of the kinds in the order of a legend: known kinds, then the others by name."""
    present = set(kinds)
    others = {
        kind: replace(_OTHER_NODE, colour=_OTHERS[i % 4], marker=_OTHER_MARKERS[i // 4 % 4])
        for i, kind in enumerate(sorted(present - _NODES.keys()))
    }
    return {kind: look for kind, look in _NODES.items() if kind in present} | others


def edge_looks(kinds: Iterable[str]) -> dict[str, EdgeLook]:
    """Looks of the types in the order of a legend: known ones, then the others by name."""
    present = set(kinds)
    others = {
        kind: replace(_OTHER_EDGE, colour=_OTHERS[i % 4], dashes=_OTHER_DASHES[i // 4 % 3])
        for i, kind in enumerate(sorted(present - _EDGES.keys()))
    }
    return {kind: look for kind, look in _EDGES.items() if kind in present} | others
