"""One self-contained HTML page about a graph: its maps to explore, what stands around the camera, and the counts.

The page loads nothing: its styles, maps and its one script are inside, and its content security policy forbids the
rest. All text of the graph is escaped, and reaches the script as data.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ugembed import __version__
from ugembed.graphs.drawing.around import around
from ugembed.graphs.drawing.drawing import GraphDrawing
from ugembed.graphs.drawing.palette import COLOURS, edge_looks, node_looks
from ugembed.graphs.drawing.scene import Scene, number, printable

_SCRIPT = Path(__file__).parent / "templates" / "explore.js.jinja"
_ROUND = 2


@dataclass(frozen=True, slots=True)
class Group:
    """Nodes or edges of one kind: how many, and the least, median and most of their metres (None: not known)."""

    kind: str
    count: int
    metres: tuple[float, float, float] | None


def graph_page(drawing: GraphDrawing, *, small_print: Mapping[str, str]) -> str:
    """The page as text.

    Args:
        drawing: What is shown.
        small_print: Name to value, e.g. which file it comes from.
    """
    environment = Environment(
        loader=PackageLoader("ugembed.graphs.drawing.page", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    scene, script = drawing.scene, _SCRIPT.read_text(encoding="utf-8")
    return environment.get_template("page.html.jinja").render(
        scene=scene,
        maps=[(shown.name, shown.frame, Markup(shown.svg)) for shown in drawing.maps()],
        legend=Markup(drawing.legend()),
        colours=COLOURS,
        neighbours=around(scene),
        groups={"node": node_groups(scene), "edge": edge_groups(scene)},
        data=page_data(scene),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        small_print=dict(small_print),
        version=__version__,
    )


def node_groups(scene: Scene) -> list[Group]:
    """Nodes by kind, in the order of the legend, with their metres from the centre."""
    return list(_groups(list(node_looks(scene.kinds)), scene.kinds, scene.away_m.tolist()))


def edge_groups(scene: Scene) -> list[Group]:
    """Edges by type, in the order of the legend, with their ``distance``."""
    metres = [number(edge.attributes.get("distance")) for edge in scene.graph.edges]
    return list(_groups(list(edge_looks(scene.edge_kinds)), scene.edge_kinds, metres))


def _groups(order: Sequence[str], kinds: Sequence[str], metres: Sequence[float | None]) -> Iterator[Group]:
    for kind in order:
        own = [m for one, m in zip(kinds, metres, strict=True) if one == kind]
        known = [m for m in own if m is not None]
        spread = (min(known), float(np.median(known)), max(known)) if known else None
        yield Group(kind, len(own), spread)


def page_data(scene: Scene) -> dict[str, Any]:
    """What the script knows: where nodes are in metres, what they say, and the edges by node number."""
    east, north = (np.round(column, _ROUND).tolist() for column in scene.at.T)
    nodes = [
        {"e": e, "n": n, "kind": kind, "name": name, "text": printable(node.text), "id": printable(node.id)}
        for e, n, kind, name, node in zip(east, north, scene.kinds, scene.names, scene.graph.nodes, strict=True)
    ]
    edges = [
        {
            "s": s,
            "t": t,
            "type": kind,
            "distance": number(known.get("distance")),
            "bearing": number(known.get("bearing")),
        }
        for (s, t), kind, known in zip(
            scene.ends.tolist(), scene.edge_kinds, (edge.attributes for edge in scene.graph.edges), strict=True
        )
    ]
    return {"center": scene.center, "nodes": nodes, "edges": edges}
