"""A small city, written once and shared by the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from ugembed.demo.city import build_city
from ugembed.demo.model import City, CityConfig
from ugembed.demo.world import SIGHT, write_tasks, write_world
from ugembed.graphs.build import BuildGraphsConfig, build_graphs
from ugembed.graphs.recipe import GraphRecipe

SMALL = CityConfig(
    seed=5,
    districts=2,
    images_per_district=20,
    heldout_per_district=24,
    validation_per_district=3,
    unseen_images=24,
    district_m=700,
    pois_per_district=60,
    landmarks_per_district=6,
)


def write_everything(config: CityConfig, out: Path) -> Path:
    """World, graphs and tasks, as the demo does it."""
    write_world(config, out)
    world = out / "world"
    build_graphs(
        BuildGraphsConfig(
            points=world / "points.csv",
            osm=world / "city.osm",
            out=out / "graphs",
            recipe=GraphRecipe.model_validate(SIGHT),
        )
    )
    write_tasks(config, out, out / "graphs")
    return out


@pytest.fixture(scope="session")
def city() -> City:
    return build_city(SMALL)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``world``, ``graphs``, ``rows`` and ``benchmark``."""
    return write_everything(SMALL, tmp_path_factory.mktemp("demo") / "city")
