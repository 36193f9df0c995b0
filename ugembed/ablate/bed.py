"""The bed of a seed: city, pictures, graphs, rows and questions, made once and shared by all variants."""

from __future__ import annotations

import shutil
from pathlib import Path

from ugembed.ablate.config import BedConfig
from ugembed.ablate.digests import digest, given
from ugembed.ablate.questions import QUESTIONS, write_questions
from ugembed.demo.model import CityConfig
from ugembed.demo.world import BENCHMARK, RENAMED, ROWS, write_tasks, write_world
from ugembed.files import MANIFEST, resumed_directory
from ugembed.graphs.build import BuildGraphsConfig, build_graphs
from ugembed.progress import OnProgress, silent

KIND = "ablation-bed"
WORLD, GRAPHS = "world", "graphs"


def bed_key(bed: BedConfig, seed: int) -> str:
    """Digest of everything that decides what the bed of a seed holds."""
    return digest(bed=given(bed), seed=seed)


def city_of(bed: BedConfig, seed: int) -> CityConfig:
    """The city of a seed."""
    return bed.city.model_copy(update={"seed": seed})


def is_made(folder: Path) -> bool:
    """Whether a bed is complete."""
    return (folder / MANIFEST).is_file()


def make_bed(bed: BedConfig, seed: int, folder: Path, on_progress: OnProgress = silent) -> None:
    """Make the bed of a seed as ``folder``; what a stopped run has made of it is taken up.

    Raises:
        DataError: ``city-too-small``, ``candidates-few``.
        StoreError: ``output-busy`` while another process makes it.
    """
    city = city_of(bed, seed)
    with resumed_directory(folder, kind=KIND, identity=bed_key(bed, seed), seed=seed) as scratch:
        for left in scratch.glob(".*.tmp"):
            shutil.rmtree(left)
        if not is_made(scratch / WORLD):
            write_world(city, scratch, on_progress)
        if not is_made(scratch / GRAPHS):
            build_graphs(_graphs(bed, scratch), on_progress)
        for name in (RENAMED, ROWS, BENCHMARK, QUESTIONS):
            if (scratch / name).exists():
                shutil.rmtree(scratch / name)
        write_tasks(city, scratch, scratch / GRAPHS, on_progress)
        write_questions(city, scratch, candidates=bed.candidates)


def _graphs(bed: BedConfig, folder: Path) -> BuildGraphsConfig:
    world = folder / WORLD
    return BuildGraphsConfig(
        points=world / "points.csv", osm=world / "city.osm", out=folder / GRAPHS, recipe=bed.recipe, workers=1
    )
