"""`UrbanGraph` to numbers: float64 geometry into float32 features, and many graphs into one disjoint union.

Everything is measured in the local east/north frame of the graph's centre, in metres; bearings are degrees clockwise
from north. This is the only module of ``graphs`` that needs torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ugembed.geo.geodesy import bearing_deg, distance_m, local_metres
from ugembed.graphs.recipe import EDGE_KINDS
from ugembed.graphs.schema import Node, UrbanGraph

_KIND: dict[str, int] = {kind: number for number, kind in enumerate(EDGE_KINDS, start=1)}
OPTIONAL = ("edge_kind", "lon_lat")
"""Tensors that a graph may lack."""


@dataclass(frozen=True, slots=True)
class GraphTensors:
    """One graph in numbers; nodes in canonical order (centre first, then by way along streets, by distance, by id).

    Attributes:
        texts: Node texts, n of them.
        position: (n, 2) float32, metres (east, north) from the centre.
        edge_index: (2, m) int64, (source, target); every undirected edge appears in both directions.
        edge_distance: (m,) float32, metres.
        edge_bearing: (m,) float32, degrees clockwise from north, from source to target.
        edge_offset: (m, 2) float32, metres (east, north) from source to target.
        edge_kind: (m,) int64, 1 + position in `EDGE_KINDS`, 0 for any other kind; the least where edges repeat.
        lon_lat: (n, 2) float64, degrees.
    """

    texts: tuple[str, ...]
    position: Tensor
    edge_index: Tensor
    edge_distance: Tensor
    edge_bearing: Tensor
    edge_offset: Tensor
    edge_kind: Tensor | None = None
    lon_lat: Tensor | None = None

    @property
    def num_nodes(self) -> int:
        return len(self.texts)


def graph_tensors(graph: UrbanGraph, *, max_nodes: int) -> GraphTensors:
    """The features of a graph, cut to its ``max_nodes`` nodes nearest to the centre (which is never lost).

    Nearest along streets, where nodes tell that (``walk_m``); then, and among those that no street leads to, by metres.
    The result does not depend on the order of nodes or edges in the file. Repeated edges and loops count once / not.
    """
    lon = np.array([node.lon for node in graph.nodes])
    lat = np.array([node.lat for node in graph.nodes])
    centre = graph.center_node
    away = distance_m(centre.lon, centre.lat, lon, lat)
    ids = [node.id for node in graph.nodes]
    walk = [_walk_m(node) for node in graph.nodes]
    order = sorted(range(len(ids)), key=lambda i: (ids[i] != graph.center, walk[i], away[i], ids[i]))[:max_nodes]
    place = {ids[i]: k for k, i in enumerate(order)}
    lon, lat = lon[order], lat[order]
    east, north = local_metres(lon, lat, lon0=centre.lon, lat0=centre.lat)
    edges = _directed_edges(graph, place)
    source, target = edges[:, 0], edges[:, 1]
    distance = distance_m(lon[source], lat[source], lon[target], lat[target])
    bearing = bearing_deg(lon[source], lat[source], lon[target], lat[target])
    offset = np.stack([east[target] - east[source], north[target] - north[source]], axis=1)
    return GraphTensors(
        texts=tuple(graph.nodes[i].text for i in order),
        position=_float(np.stack([east, north], axis=1)),
        edge_index=torch.from_numpy(edges[:, :2].T.copy()),
        edge_distance=_float(distance),
        edge_bearing=_float(bearing),
        edge_offset=_float(offset),
        edge_kind=torch.from_numpy(edges[:, 2].copy()),
        lon_lat=torch.from_numpy(np.stack([lon, lat], axis=1)),
    )


def _walk_m(node: Node) -> float:
    """Metres along streets, infinite where that is not told."""
    metres = node.attributes.get("walk_m")
    return float(metres) if isinstance(metres, int | float) and not isinstance(metres, bool) else math.inf


def _directed_edges(graph: UrbanGraph, place: dict[str, int]) -> np.ndarray:
    """(m, 3) int64 source, target, kind between kept nodes, both directions, sorted by (target, source), no repeats."""
    kinds: dict[tuple[int, int], int] = {}
    for edge in graph.edges:
        a, b, kind = place.get(edge.source), place.get(edge.target), _KIND.get(edge.kind, 0)
        if a is not None and b is not None and a != b:
            for pair in ((a, b), (b, a)):
                kinds[pair] = min(kind, kinds.get(pair, kind))
    by_target = sorted((target, source, kind) for (source, target), kind in kinds.items())
    return np.array([(source, target, kind) for target, source, kind in by_target], dtype=np.int64).reshape(-1, 3)


def _float(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))


@dataclass(frozen=True, slots=True)
class GraphBatch:
    """Many graphs as one disjoint union: no edge joins two graphs.

    Attributes:
        texts: Node texts of all graphs, one after the other, N of them.
        row: (g,) int64, the batch row that owns each graph; rows ascend, graphs of a row in reading order.
        size: (g,) int64, nodes of each graph; ``size.sum() == N``.
        position, edge_index, edge_distance, edge_bearing, edge_offset: as in `GraphTensors`, concatenated; edge indices
            are offset to the union.
    """

    texts: tuple[str, ...]
    row: Tensor
    size: Tensor
    position: Tensor
    edge_index: Tensor
    edge_distance: Tensor
    edge_bearing: Tensor
    edge_offset: Tensor
    edge_kind: Tensor | None = None
    lon_lat: Tensor | None = None

    @classmethod
    def union(cls, graphs: Sequence[GraphTensors], rows: Sequence[int]) -> GraphBatch:
        """Join ``graphs``; ``rows[k]`` is the batch row that owns ``graphs[k]``."""
        size = torch.tensor([graph.num_nodes for graph in graphs], dtype=torch.int64)
        starts = torch.cumsum(size, 0) - size
        return cls(
            texts=tuple(text for graph in graphs for text in graph.texts),
            row=torch.tensor(rows, dtype=torch.int64),
            size=size,
            position=torch.cat([graph.position for graph in graphs]),
            edge_index=torch.cat([g.edge_index + start for g, start in zip(graphs, starts, strict=True)], dim=1),
            edge_distance=torch.cat([graph.edge_distance for graph in graphs]),
            edge_bearing=torch.cat([graph.edge_bearing for graph in graphs]),
            edge_offset=torch.cat([graph.edge_offset for graph in graphs]),
            **{name: _joined([getattr(graph, name) for graph in graphs]) for name in OPTIONAL},
        )

    def to(self, device: torch.device | str) -> GraphBatch:
        """The same batch on another device."""
        names = ["row", "size", "position", "edge_index", "edge_distance", "edge_bearing", "edge_offset"]
        names += [name for name in OPTIONAL if getattr(self, name) is not None]
        return replace(self, **{name: getattr(self, name).to(device, non_blocking=True) for name in names})


def _joined(parts: Sequence[Tensor | None]) -> Tensor | None:
    """All of them, or None where one is missing."""
    there = [part for part in parts if part is not None]
    return torch.cat(there) if len(there) == len(parts) else None
