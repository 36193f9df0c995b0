"""What stands around the camera, as a list: the centre's own edges, or where it has none the nearest named nodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ugembed.geo.geodesy import compass_8
from ugembed.graphs.drawing.scene import Scene, number, printable

MOST = 12


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A node near the centre: how they are related, metres, and degrees clockwise from north."""

    node: int
    name: str
    category: str
    relation: str
    distance_m: float
    bearing_deg: float

    @property
    def where(self) -> str:
        """``9 m NE``, or ``here`` for what is around the centre."""
        return f"{self.distance_m:,.0f} m {compass_8(self.bearing_deg)}" if self.distance_m >= 0.5 else "here"


def around(scene: Scene) -> list[Neighbour]:
    """The nearest first, at most `MOST`; distances and bearings are those of the edges where these tell them."""
    found = {neighbour.node: neighbour for neighbour in _related(scene)} or {n.node: n for n in _named(scene)}
    return sorted(found.values(), key=lambda n: (n.distance_m, n.node))[:MOST]


def _related(scene: Scene) -> Iterator[Neighbour]:
    for edge, (source, target) in zip(scene.graph.edges, scene.ends.tolist(), strict=True):
        if scene.center in (source, target) and source != target:
            outward = source == scene.center
            node = target if outward else source
            metres, degrees = number(edge.attributes.get("distance")), number(edge.attributes.get("bearing"))
            turned = None if degrees is None else (degrees + (0.0 if outward else 180.0)) % 360.0
            yield _neighbour(scene, node, printable(edge.kind), metres, turned)


def _named(scene: Scene) -> Iterator[Neighbour]:
    for node in np.argsort(scene.away_m, kind="stable").tolist():
        if node != scene.center and scene.names[node]:
            yield _neighbour(scene, node, "", None, None)


def _neighbour(scene: Scene, node: int, relation: str, metres: float | None, degrees: float | None) -> Neighbour:
    east, north = scene.at[node].tolist()
    category = scene.categories[node]
    return Neighbour(
        node,
        scene.names[node] or f"unnamed {category or scene.kinds[node] or 'node'}",
        category,
        relation,
        float(scene.away_m[node]) if metres is None else metres,
        float(np.degrees(np.arctan2(east, north)) % 360.0) if degrees is None else degrees,
    )
