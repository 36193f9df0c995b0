"""Graphs with known places, in metres around (LON, LAT), and what can be read off a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from ugembed.geo.geodesy import from_local_metres
from ugembed.graphs.drawing.palette import light
from ugembed.graphs.schema import Edge, Node, UrbanGraph

LON, LAT = 7.42, 43.73


def node(name: str, east: float, north: float, kind: str | None = "poi", **known: Any) -> Node:
    """A node whose id is its name."""
    lon, lat = from_local_metres(east, north, lon0=LON, lat0=LAT)
    attributes = {"name": name, **({"kind": kind} if kind is not None else {}), **known}
    return Node(name, float(lon), float(lat), f"Name: {name}, Category: {kind}", attributes)


def graph(*nodes: Node, edges: Sequence[Edge] = (), heading: Any = None, **attributes: Any) -> UrbanGraph:
    """A graph around an image at (0, 0)."""
    known = {} if heading is None else {"heading_deg": heading}
    return UrbanGraph((node("camera", 0, 0, "image", **known), *nodes), tuple(edges), "camera", attributes)


def street_scene(heading: Any = 90.0) -> UrbanGraph:
    """Oak Street runs west-east by the camera; a cafe stands 80 m to the east, a park 90 m to the north."""
    nodes = (
        node("Oak Street", 0, -5, "street"),
        node("west", -100, -5, "crossing"),
        node("east", 100, -5, "crossing"),
        node("Blue Cup", 80, 10, "poi", category="cafe"),
        node("Green Park", 0, 90, "area", category="park"),
    )
    edges = (
        Edge("camera", "Oak Street", "nearest", {"distance": 5.0, "bearing": 180.0}),
        Edge("camera", "Blue Cup", "near", {"distance": 80.6, "bearing": 82.9}),
        Edge("west", "east", "along_street", {"distance": 200.0, "bearing": 90.0, "street": "Oak Street"}),
    )
    return graph(*nodes, edges=edges, heading=heading, radius_m=150.0)


def many(count: int, *, seed: int = 0) -> UrbanGraph:
    """A crowded graph: ``count`` nodes of all kinds within 700 m and twice as many edges."""
    rng = np.random.default_rng(seed)
    kinds = ("street", "crossing", "poi", "area", "transit")
    at = rng.normal(0, 220, (count, 2))
    nodes = [node(f"Place number {i}", *at[i].tolist(), kinds[i % 5]) for i in range(count)]
    types = ("along_street", "crossing", "bounds", "inside", "nearest", "same_street", "intersects")
    ends = rng.integers(0, count, (2 * count, 2))
    edges = [Edge(nodes[a].id, nodes[b].id, types[i % 7], {"distance": 1.0}) for i, (a, b) in enumerate(ends)]
    return graph(*nodes, edges=edges, heading=10.0, radius_m=700.0)


def pixels(png: bytes) -> np.ndarray:
    """(height, width, 3)."""
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        return np.array(image.convert("RGB"))


def is_colour(picture: np.ndarray, name: str) -> np.ndarray:
    """(height, width) where a colour of the palette stands, unmixed."""
    return np.asarray((picture == list(bytes.fromhex(light(name)[1:]))).all(axis=2))
