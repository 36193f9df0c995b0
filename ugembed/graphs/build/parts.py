"""Graphs of some hundred neighbouring images at a time: what one process does, and what a stopped run has left.

A part is finished when its list of files lies in the folder ``parts``; files without it are written again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ugembed.archives import archive_bytes
from ugembed.files import durable_files, read_json, sha256_file, write_json
from ugembed.geo.cells import cell_ids
from ugembed.graphs.city.anchors import Anchors
from ugembed.graphs.city.arrays import load_arrays
from ugembed.graphs.city.city import City
from ugembed.graphs.city.lines import Ints
from ugembed.graphs.city.subgraph import LocalGraph, local_graphs
from ugembed.graphs.recipe import GraphRecipe

PARTS = "durable-parts"
IMAGES = 250
"""Images to a part, when graphs are not packed into shards of a size of their own."""

_AT_ONCE = 64  # images whose surroundings are looked up together
_LEVEL = 20  # S2 cells of about 10 m


@dataclass(frozen=True)
class Part:
    """Neighbouring images whose graphs are made together.

    Attributes:
        number: From 0.
        folder: Where graphs go; the list of them lies in ``PARTS`` below it.
        city: Folder of the city's arrays, or the city itself in a process that has it.
        recipe: What a graph holds.
        images: The images, and ``names``, the file of each.
        shard: Name of the zip file that takes them all; empty: a file each.
    """

    number: int
    folder: Path
    city: Path | City
    recipe: GraphRecipe
    images: Anchors
    names: tuple[str, ...]
    shard: str

    @property
    def done_file(self) -> Path:
        return self.folder / PARTS / f"part-{self.number:06d}.json"


def parts_of(part: Part, shard: int | None) -> tuple[list[Part], Ints]:
    """Cut all images, given as one part, into parts; images of a part lie together. Beside them the order of images."""
    images = part.images
    order = np.argsort(cell_ids(images.lon, images.lat, level=_LEVEL), kind="stable")
    size, parts = shard or IMAGES, []
    for number, first in enumerate(range(0, len(order), size)):
        rows = order[first : first + size]
        names = tuple(part.names[row] for row in rows.tolist())
        zipped = f"part-{number:04d}.zip" if shard else ""
        parts.append(replace(part, number=number, images=images.take(rows), names=names, shard=zipped))
    return parts, order


@dataclass(frozen=True, slots=True)
class Made:
    """What is on the disk of a part.

    Attributes:
        rows: A line for every image, in order.
        digests: Hex sha256 of the part's files.
    """

    rows: list[dict[str, Any]]
    digests: dict[str, str]


def finished(part: Part) -> Made | None:
    """What an earlier run wrote of a part; None if it did not finish, or files are damaged."""
    if not part.done_file.is_file():
        return None
    done = read_json(part.done_file)
    for name, digest in done["files"].items():
        path = part.folder / name
        if not path.is_file() or sha256_file(path) != digest:
            return None
    return Made(done["rows"], done["files"])


def build_part(part: Part) -> Made:
    """Write the graphs of a part; their list follows when they are on the disk, so that what it says is true."""
    city = part.city if isinstance(part.city, City) else _opened(part.city)
    rows: list[dict[str, Any]] = []
    with durable_files(part.folder) as files:
        graphs = _listed(_graphs(city, part), part, rows)
        if part.shard:
            files.write(part.shard, archive_bytes(part.folder / part.shard, graphs))
        else:
            for name, data in graphs:
                files.write(name, data)
        digests = files.digests()
    write_json(part.done_file, {"files": digests, "rows": rows})
    return Made(rows, digests)


def _listed(graphs: Iterator[LocalGraph], part: Part, rows: list[dict[str, Any]]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every graph, whose line is added to ``rows``."""
    for i, (name, graph) in enumerate(zip(part.names, graphs, strict=True)):
        rows.append(_row(part, i, graph))
        yield name, graph.data


def _graphs(city: City, part: Part) -> Iterator[LocalGraph]:
    for first in range(0, len(part.images), _AT_ONCE):
        yield from local_graphs(city, part.images.part(first, first + _AT_ONCE), part.recipe)


def _row(part: Part, i: int, graph: LocalGraph) -> dict[str, Any]:
    images, name = part.images, part.names[i]
    heading = float(images.heading_deg[i])
    return {
        "id": graph.id,
        "file": f"{part.shard}/{name}" if part.shard else name,
        "lon": float(images.lon[i]),
        "lat": float(images.lat[i]),
        "heading_deg": None if np.isnan(heading) else heading,
        "nodes": graph.nodes,
        "edges": graph.edges,
        "snap_distance_m": round(float(images.gap_m[i]), 3),
    }


@lru_cache(maxsize=1)
def _opened(folder: Path) -> City:
    return load_arrays(City, folder)
