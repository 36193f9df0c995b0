"""The streets of a synthetic city as arrays, always the same for the same seed.

Blocks are 60 to 140 m wide in a bent, jittered grid; a tenth of the side streets is missing, avenues run across, parks
and a river interrupt the grid, few bridges cross it, and lanes end blind.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ugembed.geo.geodesy import bearing_deg, distance_m, from_local_metres

LON, LAT = 13.2, 52.3  # the south-western corner
DECIMALS = 7  # of degrees, as OSM keeps them
METRES_PER_DEGREE = 111_195.0
RIVER_M = 45.0  # half its width
BRIDGE_EVERY = 14  # columns
NAMELESS = -1

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class StreetGrid:
    """The streets. Reading the OSM file joins links that meet two and two, so it has somewhat fewer nodes.

    Attributes:
        lon, lat: (nodes,) crossings, dead ends and a few mere bends.
        ends: (links, 2) int32 node numbers.
        bend_lon, bend_lat: (links,) the one point between the ends of each link.
        street: (links,) which street it belongs to, `NAMELESS` without one; links of a street follow each other.
        highway: (links,) OSM class.
        is_bridge: (links,) bool.
        parks: (parks, 4, 2) metres east and north of (LON, LAT), the corners of each.
        size_m: How far the city reaches to the east and to the north.
    """

    lon: Floats
    lat: Floats
    ends: NDArray[np.int32]
    bend_lon: Floats
    bend_lat: Floats
    street: Ints
    highway: NDArray[np.str_]
    is_bridge: NDArray[np.bool_]
    parks: Floats
    size_m: tuple[float, float]

    @property
    def length_m(self) -> Floats:
        """(links,) metres along each."""
        a, b = self.ends.T
        first = distance_m(self.lon[a], self.lat[a], self.bend_lon, self.bend_lat)
        return np.asarray(first + distance_m(self.bend_lon, self.bend_lat, self.lon[b], self.lat[b]))


@dataclass(slots=True)
class _Links:
    """Links as they are laid, a batch at a time."""

    ends: list[Ints] = field(default_factory=list)
    street: list[Ints] = field(default_factory=list)
    highway: list[NDArray[np.str_]] = field(default_factory=list)
    is_bridge: list[NDArray[np.bool_]] = field(default_factory=list)
    streets: int = 0

    def lay(self, a: Ints, b: Ints, street: Ints, highway: NDArray[np.str_] | str, is_bridge: bool = False) -> None:
        """``street`` counts from 0 within the batch; `NAMELESS` stays what it is."""
        self.ends.append(np.stack([a, b], axis=1).reshape(-1, 2))
        self.street.append(np.where(street == NAMELESS, NAMELESS, street + self.streets))
        self.highway.append(np.broadcast_to(np.asarray(highway, dtype="U16"), len(a)))
        self.is_bridge.append(np.full(len(a), is_bridge))
        self.streets += int(street.max(initial=-1)) + 1


def street_grid(nodes: int, seed: int = 0) -> StreetGrid:
    """A city of at least ``nodes`` street nodes, and hardly more (one in a hundred, in small cities five)."""
    side = int(np.ceil(np.sqrt(nodes) * 0.9))
    while len((grid := _grid(side, np.random.default_rng(seed))).lon) < nodes:
        side = max(side + 1, int(side * np.sqrt(nodes / len(grid.lon))))
    return grid


def river_north(east: Floats, width: float, height: float) -> Floats:
    """Metres to the north at which the river flows."""
    return np.asarray(height * (0.37 + 0.06 * np.sin(east / width * 10)))


def _grid(side: int, rng: np.random.Generator) -> StreetGrid:
    x0, y0 = (np.cumsum(rng.uniform(60, 140, side)) for _ in range(2))
    width, height = float(x0[-1]), float(y0[-1])
    bend = 0.05 * min(width, height, 4000.0)
    x = (x0 + bend * np.sin(y0 / 900)[:, None] + rng.normal(0, 7, (side, side)).clip(-20, 20)).ravel()
    y = (y0[:, None] + bend * np.sin(x0 / 1100) + rng.normal(0, 7, (side, side)).clip(-20, 20)).ravel()
    number = np.arange(side * side).reshape(side, side)
    river = river_north(x, width, height)
    parks, dry = _parks(side, rng), np.abs(y - river) > RIVER_M + 15
    for top, left, bottom, right in parks:
        dry[number[top + 1 : bottom, left + 1 : right]] = False
    links = _Links()
    _lay_lines(links, number, rng)
    _lay_lines(links, number.T, rng)
    _lay_avenues(links, number, rng)
    links.lay(number[parks[:, 0], parks[:, 1]], number[parks[:, 2], parks[:, 3]], np.full(len(parks), -1), "footway")
    _lay_bridges(links, number, (dry, y > river))
    x, y, dry = _lay_lanes(links, (x, y, dry), rng)
    corners = np.stack([parks[:, [0, 1]], parks[:, [0, 3]], parks[:, [2, 3]], parks[:, [2, 1]]], axis=1)
    at = number[corners[..., 0], corners[..., 1]]
    return _connected(links, (x, y, dry), np.stack([x[at], y[at]], axis=-1), (width, height), rng)


def _parks(side: int, rng: np.random.Generator) -> Ints:
    """(parks, 4) rows and columns of the corners: south, west, north, east."""
    many = max(side * side // 400, 1)
    low, size = rng.integers(0, max(side - 5, 1), (many, 2)), rng.integers(2, 5, (many, 2))
    return np.concatenate([low, np.minimum(low + size, side - 1)], axis=1)


def _lay_lines(links: _Links, number: Ints, rng: np.random.Generator) -> None:
    """The streets of all rows: each row is cut into streets of a dozen blocks, and lacks a few links."""
    rows, columns = number.shape
    run = np.cumsum(rng.random((rows, columns - 1)) < 1 / 12, axis=1) + np.arange(rows)[:, None] * columns
    side_street = np.where(rng.random((rows, columns - 1)) < 0.1, "living_street", "residential")
    place = np.arange(rows)[:, None]
    classes = np.select(
        [place % 12 == 0, place % 6 == 3, place % 3 == 1], ["primary", "secondary", "tertiary"], side_street
    )
    there = (place % 3 != 2) | (rng.random(run.shape) < 0.7)
    street = np.unique(run[there], return_inverse=True)[1]
    links.lay(number[:, :-1][there], number[:, 1:][there], street, classes.astype("U16")[there])


def _lay_avenues(links: _Links, number: Ints, rng: np.random.Generator) -> None:
    """Straight streets across the grid."""
    side = len(number)
    for _ in range(max(side // 8, 1)):
        blocks = min(int(rng.integers(12, 40)), side - 1)
        row, column = rng.integers(0, side - blocks, 2)
        step = np.arange(blocks + 1)
        across = step if rng.random() < 0.5 else step[::-1]
        line = number[row + step, column + across]
        links.lay(line[:-1], line[1:], np.zeros(blocks, dtype=np.int64), "primary")


def _lay_bridges(links: _Links, number: Ints, ground: tuple[NDArray[np.bool_], NDArray[np.bool_]]) -> None:
    """Every few columns one from the last dry node south of the river to the first one north of it."""
    dry, north = ground
    for column in number.T[BRIDGE_EVERY // 2 :: BRIDGE_EVERY]:
        south_bank, north_bank = column[dry[column] & ~north[column]], column[dry[column] & north[column]]
        if len(south_bank) and len(north_bank):
            links.lay(south_bank[-1:], north_bank[:1], np.zeros(1, dtype=np.int64), "primary", is_bridge=True)


def _lay_lanes(
    links: _Links, ground: tuple[Floats, Floats, NDArray[np.bool_]], rng: np.random.Generator
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Blind lanes into the blocks; returns places and dryness of all nodes, theirs included."""
    x, y, dry = ground
    at = np.flatnonzero(rng.random(len(x)) < 0.08)
    new = np.arange(len(x), len(x) + len(at))
    links.lay(at, new, np.full(len(at), NAMELESS), rng.choice(["residential", "service", "footway"], len(at)))
    away = rng.uniform(20, 40, (2, len(at))) * rng.choice([-1, 1], (2, len(at)))
    return np.append(x, x[at] + away[0]), np.append(y, y[at] + away[1]), np.append(dry, dry[at])


def _connected(
    links: _Links,
    ground: tuple[Floats, Floats, NDArray[np.bool_]],
    parks: Floats,
    size_m: tuple[float, float],
    rng: np.random.Generator,
) -> StreetGrid:
    """The largest connected part of what is dry, in degrees."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    x, y, dry = ground
    ends, is_bridge = np.concatenate(links.ends), np.concatenate(links.is_bridge)
    north = y > river_north(x, *size_m)
    kept = dry[ends].all(axis=1) & (is_bridge | (north[ends[:, 0]] == north[ends[:, 1]])) & (ends[:, 0] != ends[:, 1])
    matrix = coo_array((np.ones(kept.sum()), ends[kept].T), shape=(len(x), len(x)))
    part = connected_components(matrix, directed=False)[1]
    kept &= part[ends[:, 0]] == np.bincount(part[ends[kept][:, 0]]).argmax()
    alive, numbered = np.unique(ends[kept], return_inverse=True)
    a, b = ends[kept].T
    aside = np.where(is_bridge[kept], 0.0, rng.normal(0, 0.04, len(a)).clip(-0.1, 0.1))
    bend_x, bend_y = (x[a] + x[b]) / 2 - (y[b] - y[a]) * aside, (y[a] + y[b]) / 2 + (x[b] - x[a]) * aside
    columns = (np.concatenate(each)[kept] for each in (links.street, links.highway))
    ends32 = numbered.reshape(-1, 2).astype(np.int32)
    bends = degrees(bend_x, bend_y)
    return StreetGrid(*degrees(x[alive], y[alive]), ends32, *bends, *columns, is_bridge[kept], parks, size_m)


def degrees(east: Floats, north: Floats) -> tuple[Floats, Floats]:
    """(lon, lat) of metres from the corner, as exact as OSM."""
    lon, lat = from_local_metres(east, north, lon0=LON, lat0=LAT)
    return np.round(lon, DECIMALS), np.round(lat, DECIMALS)


def beside_links(grid: StreetGrid, link: Ints, share: Floats, aside_m: Floats) -> tuple[Floats, Floats, Floats]:
    """(lon, lat, bearing of the street there): ``share`` of the way along links, ``aside_m`` metres to their right."""
    a, b = grid.ends[link].T
    first = share < 0.5
    to_lon, to_lat = (
        np.where(first, grid.bend_lon[link], grid.lon[b]),
        np.where(first, grid.bend_lat[link], grid.lat[b]),
    )
    lon0, lat0 = np.where(first, grid.lon[a], grid.bend_lon[link]), np.where(first, grid.lat[a], grid.bend_lat[link])
    part = share * 2 % 1
    lon, lat = lon0 + part * (to_lon - lon0), lat0 + part * (to_lat - lat0)
    bearing = bearing_deg(lon0, lat0, to_lon, to_lat)
    right = np.radians(bearing + 90)
    lat = lat + aside_m * np.cos(right) / METRES_PER_DEGREE
    lon = lon + aside_m * np.sin(right) / METRES_PER_DEGREE / np.cos(np.radians(lat))
    return np.round(lon, DECIMALS), np.round(lat, DECIMALS), bearing
