"""From a configuration to files: the world first, and, once its local graphs are built, rows and benchmark."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ugembed.demo.benchmark import geolocation, perception, retrieval, spatial_reasoning
from ugembed.demo.city import build_city
from ugembed.demo.model import City, CityConfig
from ugembed.demo.osm_xml import osm_xml, points_csv
from ugembed.demo.questions import QUESTIONS
from ugembed.demo.renaming import renamed_copies
from ugembed.demo.render import Renderer
from ugembed.demo.rows import (
    around_pairs,
    perception_pairs,
    retrieval_pairs,
    seen_pairs,
    spatial_pairs,
    stage1_pairs,
    stage2_pairs,
)
from ugembed.demo.spots import WORLD, Spot, read_spots
from ugembed.demo.views import look
from ugembed.files import committed_directory, write_jsonl
from ugembed.progress import OnProgress, silent
from ugembed.records.case import RankingCase
from ugembed.records.pair import Pair
from ugembed.records.uge_jsonl import case_row, pair_row

RENAMED, ROWS, BENCHMARK = "renamed", "rows", "benchmark"
SIGHT = {"streets": "names", "radius_m": 250, "max_nodes": 32}
"""Recipe of the local graphs."""


def write_world(config: CityConfig, out: Path, on_progress: OnProgress = silent) -> None:
    """Write ``out/world``: ``city.osm``, ``points.csv``, ``images/<id>.jpg``, ``views.jsonl`` (what is seen).

    Raises:
        DataError: ``city-too-small``.
        StoreError: ``output-exists``.
    """
    city = build_city(config)
    renderer = Renderer(city)
    with committed_directory(out / WORLD, kind="demo-world", config=config.model_dump()) as folder:
        (folder / "city.osm").write_bytes(osm_xml(city))
        (folder / "points.csv").write_bytes(points_csv(city))
        (folder / "images").mkdir()
        views = []
        for done, camera in enumerate(city.cameras):
            on_progress(done, len(city.cameras), "rendering street views")
            picture = renderer.picture(camera)
            (folder / "images" / f"{camera.id}.jpg").write_bytes(renderer.jpeg(camera, picture))
            views.append(look(city, camera, picture).to_json())
        write_jsonl(folder / "views.jsonl", views)
    on_progress(len(city.cameras), len(city.cameras), "rendering street views")


def write_tasks(config: CityConfig, out: Path, graphs: Path, on_progress: OnProgress = silent) -> None:
    """Write ``out/renamed``, ``out/rows`` and ``out/benchmark``; file names in the rows are relative to ``out``.

    Args:
        config: The one that `write_world` was called with.
        out: Folder that holds ``world``.
        graphs: Folder below ``out`` with ``<id>.json`` for every picture, as build-graphs writes it.
        on_progress: Told how many graphs are read.

    Raises:
        DataError: ``world-differs``, ``candidates-few``, ``path-escapes``.
        GraphError: when a graph is missing or broken.
        StoreError: ``output-exists``.
    """
    city = build_city(config)
    spots = read_spots(city, out, graphs, on_progress)
    copies = [copy for spot in spots if spot.split == "train" for copy in renamed_copies(config, spot, out / RENAMED)]
    with committed_directory(out / RENAMED, kind="demo-renamed", config=config.model_dump()) as folder:
        for copy in copies:
            (folder / copy.graph_file.name).write_bytes(copy.graph.to_bytes())
    with committed_directory(out / ROWS, kind="demo-rows", config=config.model_dump()) as folder:
        _write_rows(config, spots, copies, folder, out)
    with committed_directory(out / BENCHMARK, kind="demo-benchmark", config=config.model_dump()) as folder:
        for split in ("heldout", "unseen"):
            chosen = [spot for spot in spots if spot.split == split]
            if chosen:
                _write_benchmark(city, chosen, folder, split=split, out=out)
    on_progress(len(spots), len(spots), "rows and benchmark written")


def _write_rows(config: CityConfig, spots: list[Spot], copies: list[Spot], folder: Path, out: Path) -> None:
    """Rows of the training pictures (in stage 2 under their copies' names where names are asked) and for validation."""
    for split, suffix in (("train", ""), ("validation", "_validation")):
        own = [spot for spot in spots if spot.split == split]
        named = copies if split == "train" else own
        files: tuple[tuple[str, Iterable[Pair]], ...] = (
            ("stage1", stage1_pairs(config, own)),
            ("stage1_seen", seen_pairs(config, own)),
            ("stage1_perception", perception_pairs(config, own, graph=False)),
            ("stage2", stage2_pairs(config, named)),
            ("stage2_retrieval", retrieval_pairs(config, named)),
            ("stage2_spatial", spatial_pairs(config, named)),
            ("stage2_around", around_pairs(config, [spot for spot in named if spot.copy <= 1])),
            ("stage2_perception", perception_pairs(config, named)),
        )
        for name, pairs in files:
            write_jsonl(folder / f"{name}{suffix}.jsonl", [pair_row(pair, relative_to=out) for pair in pairs])


def _write_benchmark(city: City, spots: list[Spot], folder: Path, *, split: str, out: Path) -> None:
    def write(path: Path, cases: Iterable[RankingCase]) -> None:
        rows = [case_row(case, relative_to=out) for case in cases]
        if rows:
            write_jsonl(path, rows)

    for family, cases_of in (("geolocation", geolocation), ("retrieval", retrieval), ("perception", perception)):
        write(folder / family / f"{split}_with_graph.jsonl", cases_of(city.config, spots))
    for kind in QUESTIONS:
        path = folder / "spatial_reasoning" / f"by_type_{split}" / f"{kind}_with_graph.jsonl"
        write(path, spatial_reasoning(city, spots, kind))
