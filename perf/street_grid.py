"""A synthetic city of any size, always the same for the same seed, as an OSM file with image points.

    python perf/street_grid.py --nodes 100000 --images 10000 --out FOLDER

writes ``city.osm.pbf`` and ``images.csv``. The streets are those of `street_plan`; along them stand named shops, bus
stops and houses, some around courtyards; there are parks, a lake, a river, suburbs, city quarters and a country.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from street_plan import METRES_PER_DEGREE, StreetGrid, beside_links, degrees, river_north, street_grid

NAMES = """\
Alder Amber Ash Bell Birch Bridge Cedar Chapel Cherry Clay Copper Crown Dove Elm Falcon Fern Field Fox Garden Glass
Hazel Heron Hill Iron Ivy King Lark Laurel Lily Linden Maple Market Mill Oak Olive Orchard Pine Queen River Rose;
bank brook bury church dale den fold ford gate grove ham haven hurst land leigh mere mead mont moor mouth port ridge
shaw side stead stone ton view well wick; Street Road Lane Way Avenue Row Rise Place;
Old New North South East West Upper Lower Great Little"""
FIRST, SECOND, KINDS, FORE = (words.split() for words in NAMES.split(";"))
LIVELY = (  # key, value, what its name ends in
    ("amenity", "cafe", "Cafe"),
    ("amenity", "restaurant", "Kitchen"),
    ("amenity", "pharmacy", "Pharmacy"),
    ("amenity", "school", "School"),
    ("amenity", "library", "Library"),
    ("amenity", "bank", "Bank"),
    ("shop", "bakery", "Bakery"),
    ("shop", "supermarket", "Market"),
    ("shop", "books", "Books"),
    ("shop", "clothes", "Clothes"),
    ("tourism", "hotel", "Hotel"),
    ("office", "company", "Company"),
)

Floats = NDArray[np.float64]
Tags = dict[str, str]


def write_images(path: Path, grid: StreetGrid, images: int, seed: int = 0) -> None:
    """Image points within 4 m of a street, as CSV: id, lon, lat, heading (degrees clockwise from north)."""
    rng = np.random.default_rng((seed, 1))
    link = rng.integers(0, len(grid.ends), images)
    lon, lat, bearing = beside_links(grid, link, rng.random(images), rng.uniform(-4, 4, images))
    heading = (bearing + rng.choice([0, 90, 180, 270], images) + rng.normal(0, 5, images)) % 360
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("id", "lon", "lat", "heading"))
        for i, row in enumerate(zip(lon, lat, heading, strict=True)):
            table.writerow((f"{700_000_000_000 + i}", *(f"{value:.7f}" for value in row[:2]), f"{row[2] % 360:.2f}"))


class _Drawing:
    """An OSM file in the making; numbers are given in the order of drawing."""

    def __init__(self) -> None:
        self.nodes: list[tuple[float, float, Tags]] = []
        self.ways: list[tuple[list[int], Tags]] = []
        self.relations: list[tuple[list[tuple[str, int, str]], Tags]] = []

    def points(self, lon: Floats, lat: Floats) -> list[int]:
        return [self.point(*place) for place in zip(lon.tolist(), lat.tolist(), strict=True)]

    def point(self, lon: float, lat: float, tags: Tags | None = None) -> int:
        self.nodes.append((lon, lat, tags or {}))
        return len(self.nodes)

    def way(self, nodes: Sequence[int], tags: Tags) -> int:
        self.ways.append((list(nodes), tags))
        return len(self.ways)

    def ring(self, lon: Floats, lat: Floats, tags: Tags) -> int:
        nodes = self.points(lon, lat)
        return self.way([*nodes, nodes[0]], tags)

    def relation(self, kind: str, outer: int, inner: Sequence[int], tags: Tags) -> None:
        members = [("w", outer, "outer"), *(("w", way, "inner") for way in inner)]
        self.relations.append((members, {"type": kind, **tags}))

    def write(self, path: Path) -> None:
        import osmium
        from osmium.osm.mutable import Node, Relation, Way

        with osmium.SimpleWriter(str(path), overwrite=True) as writer:
            for i, (lon, lat, tags) in enumerate(self.nodes, 1):
                writer.add_node(Node(id=i, version=1, location=(lon, lat), tags=tags))
            for i, (nodes, tags) in enumerate(self.ways, 1):
                writer.add_way(Way(id=i, version=1, nodes=nodes, tags=tags))
            for i, (members, tags) in enumerate(self.relations, 1):
                writer.add_relation(Relation(id=i, version=1, members=members, tags=tags))


def write_osm(path: Path, grid: StreetGrid, seed: int = 0) -> None:
    """The city as an OSM file: streets, river, parks, a lake, houses, shops, stops, suburbs, boundaries."""
    rng = np.random.default_rng((seed, 2))
    drawing, names = _Drawing(), _street_names(grid, rng)
    _draw_streets(drawing, grid, names)
    _draw_shops(drawing, grid, names, rng)
    _draw_houses(drawing, grid, rng)
    _draw_parks_and_river(drawing, grid)
    _draw_suburbs(drawing, grid, rng)
    drawing.write(path)


def _street_names(grid: StreetGrid, rng: np.random.Generator) -> list[str]:
    """A name for every street; the last, empty one is for `NAMELESS`."""
    fore_words = ["", *(f"{word} " for word in FORE)]
    most = len(fore_words) * len(FIRST) * len(SECOND) * len(KINDS)
    names = []
    for k in rng.permutation(most)[: grid.street.max() + 1].tolist():
        k, kind = divmod(k, len(KINDS))
        k, second = divmod(k, len(SECOND))
        fore, first = divmod(k, len(FIRST))
        names.append(f"{fore_words[fore]}{FIRST[first]}{SECOND[second]} {KINDS[kind]}")
    return [*names, ""]


def _chains(grid: StreetGrid) -> Iterator[list[int]]:
    """Runs of links that follow each other in one street: the ways."""
    a, b = grid.ends.T.tolist()
    label = list(zip(grid.street.tolist(), grid.highway.tolist(), grid.is_bridge.tolist(), strict=True))
    breaks = [0, *(j for i, j in pairwise(range(len(a))) if label[i] != label[j] or b[i] != a[j]), len(a)]
    yield from (list(range(*run)) for run in pairwise(breaks))


def _draw_streets(drawing: _Drawing, grid: StreetGrid, names: list[str]) -> None:
    crossing = drawing.points(grid.lon, grid.lat)
    bend = drawing.points(grid.bend_lon, grid.bend_lat)
    for chain in _chains(grid):
        tags = {"highway": str(grid.highway[chain[0]])}
        if name := names[grid.street[chain[0]]]:
            tags["name"] = name
        if grid.is_bridge[chain[0]]:
            tags |= {"bridge": "yes", "layer": "1"}
        nodes = [node for link in chain for node in (crossing[grid.ends[link, 0]], bend[link])]
        drawing.way([*nodes, crossing[grid.ends[chain[-1], 1]]], tags)


def _draw_shops(drawing: _Drawing, grid: StreetGrid, names: list[str], rng: np.random.Generator) -> None:
    """A named point for every five street nodes, and a bus stop for every forty."""
    many = len(grid.lon) // 5
    link = rng.integers(0, len(grid.ends), many + many // 8)
    aside = rng.uniform(8, 20, len(link)) * rng.choice([-1, 1], len(link))
    lon, lat, _ = beside_links(grid, link, rng.random(len(link)), aside)
    for i, (x, y) in enumerate(zip(lon.tolist(), lat.tolist(), strict=True)):
        street = names[grid.street[link[i]]]
        if i >= many:
            stop = {"name": street or f"Stop {i}", "highway": "bus_stop", "public_transport": "platform", "bus": "yes"}
            drawing.point(x, y, stop)
            continue
        key, value, kind = LIVELY[rng.integers(len(LIVELY))]
        tags = {"name": f"{FIRST[rng.integers(len(FIRST))]}{SECOND[rng.integers(len(SECOND))]} {kind}", key: value}
        if street:
            tags |= {"addr:street": street, "addr:housenumber": str(rng.integers(1, 200))}
        drawing.point(x, y, tags)


def _draw_houses(drawing: _Drawing, grid: StreetGrid, rng: np.random.Generator) -> None:
    """A house for every four street nodes: a quarter named, one in fifty around a courtyard (a multipolygon)."""
    many = len(grid.lon) // 4
    link = rng.integers(0, len(grid.ends), many)
    lon, lat, bearing = beside_links(
        grid, link, rng.random(many), rng.uniform(18, 30, many) * rng.choice([-1, 1], many)
    )
    angle = np.radians(bearing[:, None] + np.array([45, 135, 225, 315]))
    radius = rng.uniform(7, 14, many)[:, None]
    around_lat = lat[:, None] + radius * np.cos(angle) / METRES_PER_DEGREE
    around_lon = lon[:, None] + radius * np.sin(angle) / METRES_PER_DEGREE / np.cos(np.radians(lat))[:, None]
    for i in range(many):
        tags = {"building": ("yes", "apartments", "retail", "civic")[i % 4]}
        if i % 4 == 1:
            tags["name"] = f"{FIRST[rng.integers(len(FIRST))]}{SECOND[rng.integers(len(SECOND))]} House"
        if i % 50 != 1:
            drawing.ring(around_lon[i], around_lat[i], tags)
            continue
        outer = drawing.ring(around_lon[i], around_lat[i], {})
        yard = drawing.ring((around_lon[i] + lon[i]) / 2, (around_lat[i] + lat[i]) / 2, {})
        drawing.relation("multipolygon", outer, [yard], tags)


def _draw_parks_and_river(drawing: _Drawing, grid: StreetGrid) -> None:
    """Every fifth park is a multipolygon around a pond; the first is a lake with an island instead."""
    for i, corners in enumerate(grid.parks):
        middle = corners.mean(axis=0)
        outline, inner = (degrees(*(middle + part * (corners - middle)).T) for part in (0.9, 0.3))
        name = f"{FIRST[i % len(FIRST)]}{SECOND[i // len(FIRST) % len(SECOND)]}"
        if i == 0:
            island = drawing.ring(*inner, {"place": "islet", "name": f"{name} Island"})
            lake = {"natural": "water", "water": "lake", "name": f"{name} Water"}
            drawing.relation("multipolygon", drawing.ring(*outline, {}), [island], lake)
        elif i % 5 == 0:
            pond = drawing.ring(*inner, {"natural": "water", "name": f"{name} Pond"})
            park = {"leisure": "park", "name": f"{name} Park"}
            drawing.relation("multipolygon", drawing.ring(*outline, {}), [pond], park)
        else:
            drawing.ring(*outline, {"leisure": "park", "name": f"{name} Park"})
    width, height = grid.size_m
    east = np.linspace(0, width, max(int(width // 200), 4))
    river = drawing.points(*degrees(east, river_north(east, width, height)))
    half = len(river) // 2
    for part in (river[: half + 1], river[half:]):
        drawing.way(part, {"waterway": "river", "name": "Alder"})


def _draw_suburbs(drawing: _Drawing, grid: StreetGrid, rng: np.random.Generator) -> None:
    """Suburbs of about 1.5 km, four quarters with administrative boundaries (level 9), and a country (level 2)."""
    width, height = grid.size_m
    columns, rows = (max(round(size / 1500), 1) for size in (width, height))
    x, y = np.meshgrid(np.linspace(0, width, columns + 1), np.linspace(0, height, rows + 1))
    x, y = x + rng.normal(0, 40, x.shape), y + rng.normal(0, 40, y.shape)
    for i in range(rows):
        for j in range(columns):
            at = ([i, i, i + 1, i + 1], [j, j + 1, j + 1, j])
            name = f"{FIRST[(7 * i + j) % len(FIRST)]}{SECOND[(11 * j + i) % len(SECOND)]}"
            drawing.ring(*degrees(x[at], y[at]), {"place": "suburb", "name": name})
    boundary = {"boundary": "administrative"}
    for name, (left, low) in {
        "South West": (0, 0),
        "South East": (1, 0),
        "North West": (0, 1),
        "North East": (1, 1),
    }.items():
        outline = _box((left * width / 2, low * height / 2), (width / 2, height / 2))
        drawing.relation("boundary", drawing.ring(*outline, {}), [], {**boundary, "admin_level": "9", "name": name})
    country = {**boundary, "admin_level": "2", "name": "Gridland", "ISO3166-1": "ZZ", "ISO3166-1:alpha2": "ZZ"}
    drawing.relation("boundary", drawing.ring(*_box((-5000, -5000), (width + 1e4, height + 1e4)), {}), [], country)


def _box(corner: tuple[float, float], size: tuple[float, float]) -> tuple[Floats, Floats]:
    """Outline, (lon, lat), of a rectangle in metres."""
    east, north = np.array([0, 1, 1, 0]), np.array([0, 0, 1, 1])
    return degrees(corner[0] + east * size[0], corner[1] + north * size[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", type=int, default=100_000, help="street nodes, at least")
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    grid = street_grid(asked.nodes, asked.seed)
    write_osm(asked.out / "city.osm.pbf", grid, asked.seed)
    write_images(asked.out / "images.csv", grid, asked.images, asked.seed)
    print(f"{len(grid.lon):,} street nodes, {len(grid.ends):,} links, {asked.images:,} images in {asked.out}")


if __name__ == "__main__":
    main()
