"""`Spot`: everything known of one picture once its local graph has been built."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson

from ugembed.compose.surroundings import Surroundings, surroundings
from ugembed.demo.model import City
from ugembed.demo.views import View
from ugembed.errors import DataError
from ugembed.files import iter_lines
from ugembed.graphs.schema import UrbanGraph
from ugembed.progress import OnProgress
from ugembed.records.item import Place

WORLD = "world"


@dataclass(frozen=True, slots=True)
class Spot:
    """A picture with its place, files, visible truth and graph.

    ``seen_names`` are those of ``view.landmarks``; ``copy`` is 0 for the map as it is, else a renamed copy.
    """

    id: str
    split: str
    place: Place
    image: Path
    graph_file: Path
    view: View
    graph: UrbanGraph
    known: Surroundings
    seen_names: tuple[str, ...]
    copy: int = 0


def read_spots(city: City, out: Path, graphs: Path, on_progress: OnProgress) -> list[Spot]:
    """The pictures of ``out/world`` with their graphs ``graphs/<id>.json``, in the order of the cameras.

    Raises:
        DataError: ``world-differs`` when the pictures on disk are not those of ``city``.
        GraphError: ``graph-missing`` and whatever a graph file is refused for.
    """
    path = out / WORLD / "views.jsonl"
    views = [View.from_json(orjson.loads(line)) for _, line in iter_lines(path)]
    if [view.id for view in views] != [camera.id for camera in city.cameras]:
        raise DataError(
            f"{path}: not the pictures of this configuration",
            code="world-differs",
            hint="write the world and the tasks with the same configuration",
        )
    spots = []
    for done, (camera, view) in enumerate(zip(city.cameras, views, strict=True)):
        on_progress(done, len(views), "reading graphs")
        file = graphs / f"{camera.id}.json"
        graph = UrbanGraph.read(file)
        spots.append(
            Spot(
                id=camera.id,
                split=camera.split,
                place=Place(*city.lon_lat(camera.position), heading_deg=camera.heading),
                image=out / WORLD / "images" / f"{camera.id}.jpg",
                graph_file=file,
                view=view,
                graph=graph,
                known=surroundings(graph),
                seen_names=tuple(city.landmarks[landmark.number].name for landmark in view.landmarks),
            )
        )
    return spots
