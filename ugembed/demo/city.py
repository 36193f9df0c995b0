"""`build_city`: districts, rivers, streets, parks, landmarks, houses, places and cameras, in that order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ugembed.demo.cameras import place_cameras
from ugembed.demo.lots import build_houses, host_places
from ugembed.demo.model import City, CityConfig, District, Edges, Floats, Landmark, Park, River, Street, rng_for
from ugembed.demo.names import NameBook
from ugembed.demo.palette import FAMILIES, LANDMARK_COLOURS, LANDMARK_SIZES, ROOFS, WINDOWS
from ugembed.demo.planar import distance_to_segments
from ugembed.demo.streets import PATTERNS, largest_component, split_into_streets

GAP_M = 300.0
"""Open country between the street patterns of neighbouring districts."""
LONGEST_STREET_M = 330.0
WIDEST_BLOCK_M = 64.0
"""Spots farther than this from any street lie outside of the pattern."""


def build_city(config: CityConfig) -> City:
    """The city of a configuration; equal configurations give equal cities."""
    book = NameBook(rng_for(config, "names"))
    districts = tuple(_district(config, number, book) for number in range(config.districts))
    rivers = _rivers(config, districts, book)
    nodes, streets = _streets(config, districts, rivers, book)
    edges = _edges(nodes, streets)
    parks = _parks(config, districts, rivers, edges, book)
    landmarks = _landmarks(config, districts, rivers, edges, parks, book)
    buildings = build_houses(config, districts, streets, edges, obstacles=(rivers, parks, landmarks))
    pois = host_places(config, buildings, len(districts), book)
    cameras = place_cameras(config, districts, streets, edges)
    return City(config, districts, nodes, streets, edges, rivers, parks, landmarks, buildings, pois, cameras)


def _district(config: CityConfig, number: int, book: NameBook) -> District:
    looks = rng_for(config, "district-looks")
    families, roofs = looks.permutation(len(FAMILIES)), looks.permutation(len(ROOFS))
    rng = rng_for(config, "district", number)
    column, row = number % 2, number // 2
    rows = (config.districts + 1) // 2
    pitch = config.district_m + GAP_M
    centre = ((column - 0.5) * pitch, ((rows - 1) / 2 - row) * pitch)
    return District(
        number=number,
        name=book.stem(),
        centre=centre,
        pattern=tuple(PATTERNS)[(number + config.seed) % len(PATTERNS)],
        palette=FAMILIES[families[number % len(FAMILIES)]],
        roof=tuple(ROOFS)[roofs[number % len(ROOFS)]],
        windows=WINDOWS[number % len(WINDOWS)],
        garden_m=float(rng.choice([0.0, 1.5, 3.0])),
        storeys=int(rng.integers(2, 4)),
        seen=number < config.districts - config.unseen_districts,
    )


def _rivers(config: CityConfig, districts: Sequence[District], book: NameBook) -> tuple[River, ...]:
    """One river through every column of districts."""
    rivers = []
    norths = [district.centre[1] for district in districts]
    reach = config.district_m / 2 + GAP_M
    for column, east in enumerate(sorted({district.centre[0] for district in districts})):
        rng = rng_for(config, "river", column)
        y = np.arange(min(norths) - reach, max(norths) + reach + 1, 20.0)
        middle = east + rng.uniform(-0.22, 0.22) * config.district_m
        x = middle + 60 * np.sin(y / rng.uniform(190, 260) + rng.uniform(0, 6.3)) + 25 * np.sin(y / 83)
        rivers.append(River(f"River {book.stem()}", np.stack([x, y], axis=1), float(rng.uniform(11, 15))))
    return tuple(rivers)


def _streets(
    config: CityConfig, districts: Sequence[District], rivers: Sequence[River], book: NameBook
) -> tuple[Floats, tuple[Street, ...]]:
    all_nodes: list[Floats] = []
    streets: list[Street] = []
    offset = 0
    for district in districts:
        rng = rng_for(config, "streets", district.number)
        plan = PATTERNS[district.pattern](rng, config.district_m)
        plan.nodes[:] = _off_the_river(plan.nodes + district.centre, rivers)
        gone = {edge for line in plan.lines for edge in _lost_edges(plan.nodes, line, rivers, rng)}
        runs = largest_component(split_into_streets(plan, gone, LONGEST_STREET_M))
        streets += [_street(district, [offset + node for node in run], rng, book) for run in runs]
        all_nodes.append(plan.nodes)
        offset += len(plan.nodes)
    return np.concatenate(all_nodes), tuple(streets)


def _off_the_river(nodes: Floats, rivers: Sequence[River]) -> Floats:
    """Crossings pushed sideways until they are 34 m from the middle of a river."""
    moved = nodes.copy()
    for river in rivers:
        middle = river.east_at(nodes[:, 1])
        away = moved[:, 0] - middle
        wet = np.abs(away) < 34.0
        moved[wet, 0] = (middle + np.where(away >= 0, 34.0, -34.0))[wet]
    return moved


def _lost_edges(
    nodes: Floats, line: list[int], rivers: Sequence[River], rng: np.random.Generator
) -> list[tuple[int, int]]:
    """Edges that are not built: a few anywhere, most river crossings, and whatever touches the water lengthwise."""
    lost = []
    for a, b in pairwise(line):
        points = nodes[a] + np.linspace(0, 1, 9)[:, None] * (nodes[b] - nodes[a])
        keep = rng.random()
        needed = 0.06
        for river in rivers:
            away = points[:, 0] - river.east_at(points[:, 1])
            if away[0] * away[-1] < 0:
                needed = 0.6
            elif np.abs(away).min() < river.half_width + 8:
                needed = 1.0
        if keep < needed:
            lost.append((min(a, b), max(a, b)))
    return lost


def _street(district: District, nodes: list[int], rng: np.random.Generator, book: NameBook) -> Street:
    sides: tuple[frozenset[str], ...] = tuple(map(frozenset, ((), (), ("left",), ("right",), ("left", "right"))))
    return Street(
        name=book.named("streets"),
        district=district.number,
        nodes=tuple(nodes),
        half_width_m=float(rng.choice([3.0, 4.4, 4.4, 6.2])),
        wall=str(rng.choice(district.palette)),
        storeys=int(np.clip(district.storeys + rng.integers(-1, 2), 1, 4)),
        trees=sides[int(rng.integers(len(sides)))],
    )


def _edges(nodes: Floats, streets: Sequence[Street]) -> Edges:
    pairs = [(a, b, k) for k, s in enumerate(streets) for a, b in pairwise(s.nodes)]
    ends = np.array([pair[:2] for pair in pairs], dtype=np.int64)
    street = np.array([pair[2] for pair in pairs], dtype=np.int64)
    widths = np.array([street.half_width_m for street in streets])
    return Edges(nodes[ends[:, 0]], nodes[ends[:, 1]], street, widths[street], ends)


def _open_spots(
    config: CityConfig, district: District, rivers: Sequence[River], edges: Edges, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Random spots of a district (n, 2) and how far they are from the nearest carriageway or water, in metres."""
    half = config.district_m / 2
    spots = rng.uniform(-half, half, (900, 2)) + district.centre
    free = (distance_to_segments(spots, edges.start, edges.end) - edges.half_width).min(axis=1)
    for river in rivers:
        free = np.minimum(free, np.abs(spots[:, 0] - river.east_at(spots[:, 1])) - river.half_width - 6)
    return spots, free


def _parks(
    config: CityConfig, districts: Sequence[District], rivers: Sequence[River], edges: Edges, book: NameBook
) -> tuple[Park, ...]:
    """Six parks a district, in its widest blocks, 200 m apart."""
    parks: list[Park] = []
    for district in districts:
        rng = rng_for(config, "parks", district.number)
        spots, free = _open_spots(config, district, rivers, edges, rng)
        free[free > WIDEST_BLOCK_M] = 0.0
        chosen = _spread_out(spots, np.argsort(-free, kind="stable"), count=6, apart=200.0)
        for k in chosen:
            radius = min(float(free[k]) - 3.5, 60.0)
            parks.append(Park(book.named("parks"), _pair(spots[k]), radius, district.number))
    return tuple(parks)


def _landmarks(
    config: CityConfig,
    districts: Sequence[District],
    rivers: Sequence[River],
    edges: Edges,
    parks: Sequence[Park],
    book: NameBook,
) -> tuple[Landmark, ...]:
    """Landmarks behind the houses, 160 m apart; kind and colour together are unique in the city while they last."""
    looks = [(kind, colour) for kind in LANDMARK_SIZES for colour in LANDMARK_COLOURS]
    order = rng_for(config, "landmark-looks").permutation(len(looks))
    landmarks: list[Landmark] = []
    for district in districts:
        rng = rng_for(config, "landmarks", district.number)
        spots, free = _open_spots(config, district, rivers, edges, rng)
        for park in parks:
            free = np.minimum(free, np.linalg.norm(spots - park.position, axis=1) - park.radius)
        roomy = np.flatnonzero((free > 20.0) & (free < WIDEST_BLOCK_M))
        for k in _spread_out(spots, roomy, count=config.landmarks_per_district, apart=160.0):
            kind, colour = looks[order[len(landmarks) % len(looks)]]
            name = f"{book.stem()} {kind.capitalize()}"
            landmarks.append(Landmark(name, kind, colour, _pair(spots[k]), district.number))
    return tuple(landmarks)


def _spread_out(spots: Floats, order: np.ndarray, *, count: int, apart: float) -> list[int]:
    """The first ``count`` spots in ``order`` that keep ``apart`` metres from each other."""
    chosen: list[int] = []
    for k in order.tolist():
        if len(chosen) == count:
            break
        if all(np.linalg.norm(spots[k] - spots[other]) >= apart for other in chosen):
            chosen.append(k)
    return chosen


def _pair(point: Floats) -> tuple[float, float]:
    return float(point[0]), float(point[1])
