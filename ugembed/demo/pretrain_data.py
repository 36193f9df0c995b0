"""What the tiny backbone is pretrained on: pictures of many synthetic cities, and what can be said of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ugembed.demo.city import build_city
from ugembed.demo.model import CityConfig
from ugembed.demo.spots import WORLD, Spot, read_spots
from ugembed.demo.texts import place_text, visible_caption
from ugembed.demo.world import write_world
from ugembed.graphs.build import BuildGraphsConfig, build_graphs
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
        """Where it is: names, distances, what is visible."""
        return place_text(self.spot.view, self.spot.graph, rng)

    def listing(self, rng: np.random.Generator) -> str:
        """The own street and the nearest places, one after the other in any order."""
        known = self.spot.known
        near = [f"{place.name}, {place.category}" for place in known.places[: int(rng.integers(4, LISTED))]]
        names = [f"{known.street}, street", *near]
        return "; ".join(names[int(k)] for k in rng.permutation(len(names)))


def city_config(seed: int) -> CityConfig:
    """A pretraining city: every district is seen, nothing is held out."""
    return CityConfig(seed=seed, unseen_districts=0, images_per_district=200, heldout_per_district=0, unseen_images=0)


def read_cities(work: Path, seeds: Sequence[int], say: Callable[[str], None]) -> list[list[Sight]]:
    """Every picture of the cities of ``seeds``; those that ``work`` does not hold yet are made."""
    cities = []
    for seed in seeds:
        config, folder = city_config(seed), work / f"city-{seed}"
        if not (folder / WORLD).is_dir():
            say(f"making city {seed}")
            write_world(config, folder)
        graphs = folder / "graphs"
        if not graphs.is_dir():
            world = folder / WORLD
            build_graphs(
                BuildGraphsConfig(
                    points=world / "points.csv", osm=world / "city.osm", out=graphs, radius_m=250, max_nodes=32
                )
            )
        cities.append([Sight(spot) for spot in read_spots(build_city(config), folder, graphs, silent)])
    return cities
