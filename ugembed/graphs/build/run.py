"""`build_graphs`: read, refuse what cannot be, and let processes make the graphs part by part."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import orjson

from ugembed import __version__
from ugembed.collector import without_collector
from ugembed.errors import ConfigError, DataError, GraphError
from ugembed.files import refuse_existing, resumed_directory, sha256_file, write_jsonl
from ugembed.geo.geodesy import Floats
from ugembed.graphs.build.config import BuildGraphsConfig
from ugembed.graphs.build.parts import PARTS, Made, Part, build_part, finished, parts_of
from ugembed.graphs.build.rejected import file_names, off_map, read_image_points, rejected_rows
from ugembed.graphs.city.anchors import place_on_streets
from ugembed.graphs.city.arrays import save_arrays
from ugembed.graphs.city.city import City
from ugembed.graphs.city.lines import Ints
from ugembed.graphs.city.making import make_city, quoted
from ugembed.graphs.drawing import points_map
from ugembed.graphs.maps.city_map import CityMap
from ugembed.graphs.maps.read_map import read_map
from ugembed.graphs.recipe import NODE_KINDS
from ugembed.progress import OnProgress, silent
from ugembed.records.checking.pool import available_cores, open_pool
from ugembed.records.points import ImagePoint

INDEX = "index.jsonl"
REJECTED = "rejected.jsonl"
MAP = "map.png"
IMAGES_A_PROCESS = 2000
"""Fewer are made sooner than another process starts."""


@dataclass(frozen=True, slots=True)
class BuildSummary:
    """What was built: counts of points, graphs and the map's things, and sizes of the graphs."""

    out: Path
    points: int
    graphs: int
    rejected: int
    headings_left_out: int
    """Photographs whose direction is magnetic or of no known north."""
    found_finished: int
    """Graphs that an earlier run had made before it was stopped."""
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

    With ``shard`` graphs lie in ``OUT/part-0000.zip`` and so on; the index names them ``part-0000.zip/<id>.json``. A
    run that was stopped is taken up by the next one with equal input and settings, and ends in the same bytes.

    Raises:
        ConfigError: ``no-map`` without ``osm`` and ``streets``; ``columns-broken``.
        DataError: of `read_points`; ``id-unsafe`` for image ids that cannot name a file or are those of things on the
            map; ``point-off-map``.
        GraphError: of the map readers; ``no-streets``.
        StoreError: ``output-exists``, ``output-busy``.
    """
    refuse_existing(config.out)
    photos = read_image_points(config, on_progress)
    points = photos.points
    names = file_names(config.points, points)
    with without_collector():
        city_map = _read_map(config, on_progress)
        on_progress(1, 2, "relating streets and places")
        city = make_city(city_map, config.recipe, points)
    _check_ids(config.points, city, points)
    images, found = place_on_streets(city, points, config.max_snap_m)
    rejected = rejected_rows(config, photos, off_map(config, points, set(found.tolist())))
    inputs = _inputs(config, points)
    facts = {"config": _facts(config), "inputs": inputs}
    identity = hashlib.sha256(orjson.dumps([__version__, PARTS, facts], option=orjson.OPT_SORT_KEYS)).hexdigest()
    digests: dict[str, str] = {}
    with (
        resumed_directory(config.out, kind="graphs", identity=identity, durable=digests, **facts) as folder,
        ThreadPoolExecutor(1) as threads,
    ):
        places = (images.lon, images.lat)
        picture = threads.submit(points_map, city_map.links, places, _places_by_code(rejected))
        (folder / PARTS).mkdir(exist_ok=True)
        whole = Part(0, folder, city, config.recipe, images, tuple(names[i] for i in found.tolist()), "")
        parts, order = parts_of(whole, config.shard)
        workers = config.workers or min(available_cores(), 1 + len(images) // IMAGES_A_PROCESS)
        made, old = _make(parts, city, workers, on_progress)
        digests |= {name: digest for part in made for name, digest in part.digests.items()}
        index = _index(made, order, [points[i] for i in found.tolist()])
        write_jsonl(folder / INDEX, index)
        if config.skip_bad:
            write_jsonl(folder / REJECTED, rejected)
        (folder / MAP).write_bytes(picture.result())
        for part in parts:
            part.done_file.unlink()
        (folder / PARTS).rmdir()
    left = {"rejected": len(rejected), "headings_left_out": photos.without_north, "found_finished": old}
    return _summary(config, city, city_map, index, left)


def _make(parts: Sequence[Part], city: City, workers: int, on_progress: OnProgress) -> tuple[list[Made], int]:
    """All parts, in order, and how many graphs an earlier run had made."""
    done_parts = {part.number: left for part in parts if (left := finished(part)) is not None}
    old = sum(len(left.rows) for left in done_parts.values())
    todo = [part for part in parts if part.number not in done_parts]
    done, total = old, sum(len(part.images) for part in parts)
    workers = max(1, min(workers, len(todo)))
    start = time.monotonic()
    on_progress(done, total, "graphs")
    with _shared(city, workers) as shared, open_pool(workers, module="ugembed.graphs.build.parts") as pool:
        tasks = (replace(part, city=shared) for part in todo)
        for part, made in pool.stream(build_part, tasks):
            done_parts[part.number] = made
            done += len(made.rows)
            on_progress(done, total, f"{(done - old) / (time.monotonic() - start):,.0f} graphs/s")
    return [done_parts[part.number] for part in parts], old


@contextmanager
def _shared(city: City, workers: int) -> Iterator[City | Path]:
    """The city for one process as it is, for more as a folder of arrays that all map into memory."""
    if workers == 1:
        yield city
        return
    with TemporaryDirectory(prefix="ugembed-") as folder:
        save_arrays(city, Path(folder))
        yield Path(folder)


def _read_map(config: BuildGraphsConfig, on_progress: OnProgress) -> CityMap:
    on_progress(0, 2, "reading the map")
    if config.osm is None and config.streets is None:
        hint = "pass --osm FILE, --streets FILE, or both"
        raise ConfigError("no map: neither osm nor streets is given", code="no-map", hint=hint)
    categories = config.recipe.categories
    city_map = read_map(osm=config.osm, streets=config.streets, places=config.places, categories=categories)
    if not city_map.links:
        source = config.streets or config.osm
        hint = "an OSM file needs ways tagged highway=… of a class that counts as a street (docs/osm.md)"
        raise GraphError(f"{source}: no streets in it", code="no-streets", hint=hint)
    return city_map


def _check_ids(path: Path, city: City, points: Sequence[ImagePoint]) -> None:
    """Image ids must not be those of things on the map, or two nodes of a graph would have one id."""
    ids = set(city.nodes.id.take(np.flatnonzero(city.nodes.kind != NODE_KINDS.index("image"))))
    both = [point.id for point in points if quoted(point.id) in ids]
    if both:
        shown = ", ".join(map(repr, both[:10]))
        hint = "give the images other ids; those of the map begin with node/, way/, relation/, street/ or crossing/"
        raise DataError(
            f"{path}: {len(both)} id(s) are those of things on the map: {shown}", code="id-unsafe", hint=hint
        )


def _index(made: Sequence[Made], order: Ints, points: Sequence[ImagePoint]) -> list[dict[str, Any]]:
    """The lines of the index in the order of ``points``; ``order`` is that in which graphs were made."""
    index: list[dict[str, Any]] = [{}] * len(points)
    for row, at in zip(chain.from_iterable(part.rows for part in made), order.tolist(), strict=True):
        index[at] = _with_image(row, points[at])
    return index


def _with_image(row: dict[str, Any], point: ImagePoint) -> dict[str, Any]:
    """The line of the index, with the name of the picture beside its heading."""
    head = {name: row[name] for name in ("id", "file", "lon", "lat", "heading_deg")}
    return head | {"image": point.image} | row


def _facts(config: BuildGraphsConfig) -> dict[str, Any]:
    """The settings that shape the graphs; paths are left out, so that equal input gives equal bytes anywhere."""
    facts = config.model_dump(mode="json", exclude={"points", "out", "osm", "streets", "places", "workers"})
    facts["recipe"].pop("categories")
    return facts


def _inputs(config: BuildGraphsConfig, points: Sequence[ImagePoint]) -> dict[str, str]:
    """Hex sha256 of every input; of a folder of photographs, that of the points that were read from it."""
    files = {name: getattr(config, name) for name in ("points", "osm", "streets", "places")}
    files["categories"] = config.recipe.categories
    digests = {name: sha256_file(path) for name, path in files.items() if path is not None and path.is_file()}
    if "points" not in digests:
        digests["points"] = hashlib.sha256(orjson.dumps(points)).hexdigest()
    return digests


def _summary(
    config: BuildGraphsConfig, city: City, city_map: CityMap, index: list[dict[str, Any]], left: dict[str, int]
) -> BuildSummary:
    nodes, edges = [row["nodes"] for row in index], [row["edges"] for row in index]
    return BuildSummary(
        out=config.out,
        points=len(index) + left["rejected"],
        graphs=len(index),
        **left,
        nodes_median=median(nodes),
        nodes_max=max(nodes),
        edges_median=median(edges),
        edges_max=max(edges),
        streets=city.count("street"),
        crossings=city.count("crossing"),
        places=_places_by_category(city_map),
    )


def _places_by_code(rejected: Sequence[dict[str, Any]]) -> dict[str, tuple[Floats, Floats]]:
    """(lon, lat) of the points that are left out, NaN where unknown, by the reason."""
    found = {}
    for code in sorted({row["code"] for row in rejected}):
        at = [(row["lon"], row["lat"]) for row in rejected if row["code"] == code]
        lon, lat = np.array(at, dtype=np.float64).T  # None becomes NaN
        found[code] = (lon, lat)
    return found


def _places_by_category(city_map: CityMap) -> dict[str, int]:
    """Places of the map; all courses of one named river are one."""
    places = {
        (place.category, place.name if place.geometry.geom_type == "LineString" else place.id)
        for place in city_map.places
    }
    return dict(Counter(category for category, _ in sorted(places)).most_common())
