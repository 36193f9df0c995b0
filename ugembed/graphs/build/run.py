"""From a map and image points to a folder of local graphs."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

import numpy as np
import orjson
from pydantic import Field, model_validator

from ugembed.archives import ShardWriter
from ugembed.errors import ConfigError, DataError, GraphError
from ugembed.files import MANIFEST, committed_directory, refuse_existing, sha256_file, write_jsonl
from ugembed.graphs.city.city import City
from ugembed.graphs.city.lines import Nearby
from ugembed.graphs.city.subgraph import LocalRules, local_graph
from ugembed.graphs.maps.city_map import CityMap
from ugembed.graphs.maps.osm.read import read_osm
from ugembed.graphs.maps.streets_geojson import read_streets_geojson
from ugembed.graphs.schema import UrbanGraph
from ugembed.progress import OnProgress, silent
from ugembed.records.item import Place
from ugembed.records.photos import Photos, read_photos
from ugembed.records.points import ImagePoint, read_points
from ugembed.registry import Config

INDEX = "index.jsonl"
REJECTED = "rejected.jsonl"
_SHOWN_POINTS = 10
_LONGEST_NAME = 200


class BuildGraphsConfig(Config):
    """What `build_graphs` reads, writes and keeps."""

    points: Path
    """Image points: a CSV, Parquet or GeoJSON table, or a folder of photographs with their positions in EXIF."""
    columns: dict[str, str] = Field(default_factory=dict)
    """Columns of that table under names of its own: id, lon, lat, geometry, heading or image to the table's name."""
    out: Path
    """Folder to write; must not exist."""
    osm: Path | None = None
    """Map file: .osm.pbf, .osm, .osm.gz or .osm.bz2."""
    streets: Path | None = None
    """Street edges as GeoJSON LineStrings with u and v; they take the place of the map's streets."""
    radius_m: float = Field(700.0, gt=0, le=20_000)
    """Straight-line radius of a local graph, metres."""
    max_nodes: int = Field(1000, ge=1)
    """Most nodes of a local graph, its image included; the nearest are kept."""
    max_snap_m: float = Field(100.0, gt=0)
    """A point further from every street than this is off the map."""
    near_places: int = Field(8, ge=0)
    """How many of its nearest places an image has a `near` edge to."""
    shard: int | None = Field(None, ge=1, le=10_000)
    """Graphs to a zip file (`part-0000.zip`, …); none: a file each."""
    skip_bad: bool = False
    """Leave points off the map and photographs without a position out, listed in rejected.jsonl, not refusing all."""

    @model_validator(mode="after")
    def _radius_reaches_the_street(self) -> BuildGraphsConfig:
        if self.max_snap_m > self.radius_m:
            raise ValueError(f"max_snap_m {self.max_snap_m:g} is larger than radius_m {self.radius_m:g}")
        return self


@dataclass(frozen=True, slots=True)
class BuildSummary:
    """What was built: counts of points, graphs and the map's things, and sizes of the graphs."""

    out: Path
    points: int
    graphs: int
    rejected: int
    headings_left_out: int
    """Photographs whose direction is magnetic or of no known north."""
    nodes_median: float
    nodes_max: int
    edges_median: float
    edges_max: int
    streets: int
    crossings: int
    places: dict[str, int]
    """Places of the map by category, most frequent first."""

    def to_json(self) -> dict[str, Any]:
        """The summary as plain JSON values."""
        return {name: getattr(self, name) for name in self.__slots__} | {"out": str(self.out)}


def build_graphs(config: BuildGraphsConfig, on_progress: OnProgress = silent) -> BuildSummary:
    """Write ``OUT/<id>.json``, one graph a point, with ``index.jsonl`` and a manifest; nothing when it fails.

    With ``shard`` graphs lie in ``OUT/part-0000.zip`` and so on; the index names them ``part-0000.zip/<id>.json``.

    Raises:
        ConfigError: ``no-map`` without ``osm`` and ``streets``; ``columns-broken``.
        DataError: of `read_points`; ``id-unsafe`` for image ids that cannot name a file; ``point-off-map``.
        GraphError: of the map readers; ``no-streets``.
        StoreError: ``output-exists``.
    """
    refuse_existing(config.out)
    photos = _read_points(config, on_progress)
    points = photos.points
    names = _file_names(config.points, points)
    city = _read_city(config, on_progress)
    snap = city.network.snap(*_coordinates(points), config.max_snap_m)
    rejected = [*_unplaced_rows(config, photos), *_off_map_rows(config, _off_map(config, points, snap))]
    inputs = _inputs(config, points)
    with committed_directory(config.out, kind="graphs", config=_facts(config), inputs=inputs) as folder:
        index = []
        with ShardWriter(folder, config.shard) as graphs:
            for row, at in enumerate(snap.point):
                on_progress(row, len(snap), points[at].id)
                graph = local_graph(city, points[at], snap=snap.take(np.array([row])), rules=_rules(config))
                file = graphs.add(names[at], graph.to_bytes())
                index.append(_index_row(points[at], file, graph, snap.distance_m[row].item()))
        on_progress(len(snap), len(snap), "writing")
        write_jsonl(folder / INDEX, index)
        if config.skip_bad:
            write_jsonl(folder / REJECTED, rejected)
    counts = {"rejected": len(rejected), "headings_left_out": photos.without_north}
    return _summary(config, city, index, counts)


def _read_points(config: BuildGraphsConfig, on_progress: OnProgress) -> Photos:
    """The points of a table or a folder; with ``skip_bad`` photographs may be unplaced as long as some are not."""
    if not config.points.is_dir():
        return Photos(read_points(config.points, columns=config.columns), {}, 0)
    photos = read_photos(config.points, columns=config.columns, on_progress=on_progress)
    if not (config.skip_bad and photos.points):
        photos.placed()
    return photos


def _rules(config: BuildGraphsConfig) -> LocalRules:
    return LocalRules(config.radius_m, config.max_nodes, config.near_places)


def _read_city(config: BuildGraphsConfig, on_progress: OnProgress) -> City:
    on_progress(0, 1, "reading the map")
    if config.osm is None and config.streets is None:
        hint = "pass --osm FILE, --streets FILE, or both"
        raise ConfigError("no map: neither osm nor streets is given", code="no-map", hint=hint)
    places = read_osm(config.osm) if config.osm else CityMap(())
    if config.streets:
        places = CityMap(read_streets_geojson(config.streets).links, places.places, places.districts)
    if not places.links:
        source = config.streets or config.osm
        hint = "the file needs ways tagged highway=…, after the nodes they run through (osmium sort)"
        raise GraphError(f"{source}: no streets in it", code="no-streets", hint=hint)
    on_progress(1, 1, "relating streets and places")
    return City(places)


def _coordinates(points: Sequence[ImagePoint]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([point.place.lon for point in points]), np.array([point.place.lat for point in points])


def _file_names(path: Path, points: Sequence[ImagePoint]) -> list[str]:
    """``<id>.json`` of every point; characters outside of A-Z a-z 0-9 ``_ . - ~`` are percent-encoded."""
    names = [f"{quote(point.id, safe='')}.json" for point in points]
    bad = [
        point.id
        for point, name in zip(points, names, strict=True)
        if name.startswith(".") or name == MANIFEST or len(name) > _LONGEST_NAME
    ]
    if bad:
        shown = ", ".join(repr(name[:60]) for name in bad[:_SHOWN_POINTS])
        hint = f"ids must not start with a dot, be 'manifest', or be longer than {_LONGEST_NAME} bytes as a file name"
        raise DataError(f"{path}: {len(bad)} id(s) cannot name a file: {shown}", code="id-unsafe", hint=hint)
    return names


def _off_map(config: BuildGraphsConfig, points: Sequence[ImagePoint], snap: Nearby) -> list[ImagePoint]:
    """Points without a street nearby; refused unless ``skip_bad`` says to leave them out (and some are left)."""
    found = set(snap.point.tolist())
    lost = [point for i, point in enumerate(points) if i not in found]
    if lost and not (config.skip_bad and found):
        lines = [f"  {p.id}: lon {p.place.lon}, lat {p.place.lat}" for p in lost[:_SHOWN_POINTS]]
        more = [f"  … and {len(lost) - _SHOWN_POINTS} more"] if len(lost) > _SHOWN_POINTS else []
        head = f"{config.points}: {len(lost)} of {len(points)} points are over {config.max_snap_m:g} m from any street:"
        hint = "are lon and lat swapped, or is it another city's map? --skip-bad leaves them out, --max-snap widens"
        raise DataError("\n".join([head, *lines, *more]), code="point-off-map", hint=hint)
    return lost


def _index_row(point: ImagePoint, file: str, graph: UrbanGraph, snap_m: float) -> dict[str, Any]:
    return {
        "id": point.id,
        "file": file,
        "lon": point.place.lon,
        "lat": point.place.lat,
        "heading_deg": point.place.heading_deg,
        "image": point.image,
        "nodes": len(graph.nodes),
        "edges": len(graph.edges),
        "snap_distance_m": round(snap_m, 3),
    }


def _unplaced_rows(config: BuildGraphsConfig, photos: Photos) -> list[dict[str, Any]]:
    return [
        _rejected_row(
            Path(name).stem, None, code=error.code, why=error.message.removeprefix(f"{config.points / name}: ")
        )
        for name, error in photos.unplaced.items()
    ]


def _off_map_rows(config: BuildGraphsConfig, lost: Sequence[ImagePoint]) -> list[dict[str, Any]]:
    why = f"over {config.max_snap_m:g} m from any street"
    return [_rejected_row(point.id, point.place, code="point-off-map", why=why) for point in lost]


def _rejected_row(name: str, place: Place | None, **reason: str) -> dict[str, Any]:
    return {"id": name, "lon": place.lon if place else None, "lat": place.lat if place else None, **reason}


def _facts(config: BuildGraphsConfig) -> dict[str, Any]:
    """The settings that shape the graphs; paths are left out, so that equal input gives equal bytes anywhere."""
    return config.model_dump(mode="json", exclude={"points", "out", "osm", "streets"})


def _inputs(config: BuildGraphsConfig, points: Sequence[ImagePoint]) -> dict[str, str]:
    """Hex sha256 of every input; of a folder of photographs, that of the points that were read from it."""
    files = {"points": config.points, "osm": config.osm, "streets": config.streets}
    digests = {name: sha256_file(path) for name, path in files.items() if path is not None and path.is_file()}
    if "points" not in digests:
        digests["points"] = hashlib.sha256(orjson.dumps(points)).hexdigest()
    return digests


def _summary(
    config: BuildGraphsConfig, city: City, index: list[dict[str, Any]], counts: Mapping[str, int]
) -> BuildSummary:
    nodes, edges = [row["nodes"] for row in index], [row["edges"] for row in index]
    return BuildSummary(
        out=config.out,
        points=len(index) + counts["rejected"],
        graphs=len(index),
        **counts,
        nodes_median=median(nodes),
        nodes_max=max(nodes),
        edges_median=median(edges),
        edges_max=max(edges),
        streets=len(city.network.streets),
        crossings=len(city.network.crossings),
        places=dict(Counter(place.category for place in city.places).most_common()),
    )
