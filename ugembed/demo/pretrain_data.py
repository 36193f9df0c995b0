"""What the tiny backbone is pretrained on: pictures of many synthetic cities, and what can be said of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ugembed.demo.city import build_city
from ugembed.demo.model import CityConfig
from ugembed.demo.spots import WORLD, Spot, read_spots
from ugembed.demo.texts import describe_place, visible_caption
from ugembed.demo.world import SIGHT, write_world
from ugembed.graphs.build import BuildGraphsConfig, build_graphs
from ugembed.graphs.recipe import GraphRecipe
from ugembed.progress import silent

LISTED = 9
"""Most names in a listing."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One picture and the texts that belong to it, worded anew at every call."""

    spot: Spot

    @property
    def image(self) -> Path:
        return self.spot.image

    def caption(self, rng: np.random.Generator) -> str:
        """What is visible, without names."""
        return visible_caption(self.spot.view, rng)

    def wording(self, rng: np.random.Generator) -> str:
        """Where it is: names, distances, one thing that is visible."""
        return describe_place(self.spot.view, self.spot.known, rng, seen=1)

    def listing(self, rng: np.random.Generator) -> str:
        """The nearest things on the map in any order: by name and category, or as their full records."""
        known = self.spot.known
        count = int(rng.integers(4, LISTED))
        if rng.random() < 0.5:
            nodes = [node for node in self.spot.graph.nodes if node.id != self.spot.graph.center]
            things = [node.text for node in nodes[:count]]
        else:
            things = [f"{known.street}, street", *(f"{place.name}, {place.category}" for place in known.places[:count])]
        return "; ".join(things[int(k)] for k in rng.permutation(len(things)))


def city_config(seed: int) -> CityConfig:
    """A pretraining city: every district is seen, nothing is held out."""
    return CityConfig(seed=seed, unseen_districts=0, images_per_district=200, heldout_per_district=0, unseen_images=0)


def read_cities(work: Path, configs: Sequence[CityConfig], say: Callable[[str], None]) -> list[list[Sight]]:
    """Every picture of the cities; those that ``work`` does not hold yet are made."""
    cities = []
    for config in configs:
        folder = work / f"city-{config.seed}"
        if not (folder / WORLD).is_dir():
            say(f"making city {config.seed}")
            write_world(config, folder)
        graphs = folder / "graphs"
        if not graphs.is_dir():
            world = folder / WORLD
            build_graphs(
                BuildGraphsConfig(
                    points=world / "points.csv",
                    osm=world / "city.osm",
                    out=graphs,
                    recipe=GraphRecipe.model_validate(SIGHT),
                )
            )
        cities.append([Sight(spot) for spot in read_spots(build_city(config), folder, graphs, silent)])
    return cities
