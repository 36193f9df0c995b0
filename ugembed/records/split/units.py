"""Which rows must stay together, which part each unit of them goes to, and which rows give way to a buffer."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ugembed.errors import DataError
from ugembed.geo.cells import cell_tokens
from ugembed.geo.geodesy import Floats
from ugembed.geo.neighbours import far_apart, lon_arc, nearest_m
from ugembed.records.checking.named_files import identity
from ugembed.records.places_map import CITY_GAP_M
from ugembed.records.split.rows import Ints, Links, Rows


@dataclass(frozen=True, slots=True)
class Units:
    """Rows that stay together.

    Attributes:
        of_row: Number of every row's unit, from 0.
        name: A number for each unit that depends on nothing but its own cells, city or pictures.
    """

    of_row: Ints
    name: Ints

    @property
    def sizes(self) -> Ints:
        return np.bincount(self.of_row, minlength=len(self.name))


def units_of(rows: Rows, kept_whole: Sequence[Links]) -> Units:
    """Connected rows: all that carry one name of ``kept_whole``, of the same picture, or of the same group.

    Args:
        kept_whole: What gives units their names, e.g. cells. Empty: pictures and groups do.
    """
    joining = [*kept_whole, rows.images, rows.groups]
    of_row = _connected(len(rows.lon), joining)
    name = np.full(of_row.max(initial=-1) + 1, np.iinfo(np.int64).max)
    for links in kept_whole or joining:
        np.minimum.at(name, of_row[links.row], links.name)
    return Units(of_row, name)


def _connected(count: int, joining: Sequence[Links]) -> Ints:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    row = np.concatenate([links.row for links in joining])
    names, name = np.unique(np.concatenate([links.name for links in joining]), return_inverse=True)
    total = count + len(names)
    graph = coo_matrix((np.ones(len(row), np.int8), (row, count + name)), shape=(total, total))
    _, label = connected_components(graph, directed=False)
    return np.unique(label[:count], return_inverse=True)[1].astype(np.int64)


def cell_links(rows: Rows, level: int) -> Links:
    """The S2 cell of every row that has a place."""
    cells, of_row = np.unique(rows.cells(level), return_inverse=True)
    names = np.array([identity(f"cell {token}") for token in cell_tokens(cells)], np.int64)
    return Links.of(np.flatnonzero(rows.placed), names[of_row])


def cities_of(rows: Rows) -> tuple[Ints, tuple[str, ...]]:
    """The city of every row and the names of all cities: those in the rows, or else clusters of places.

    Clusters are `CITY_GAP_M` apart and called like the middle of the box around them, ``"103.8501,1.3002"``.

    Raises:
        DataError: ``city-missing`` when only some rows name their city.
    """
    if not rows.cities:
        city = far_apart(rows.lon, rows.lat, gap_m=CITY_GAP_M)
        clusters = [city == one for one in range(city.max(initial=-1) + 1)]
        return city, tuple(_middle(rows.lon[own], rows.lat[own]) for own in clusters)
    if without := int((rows.city < 0).sum()):
        raise DataError(
            f"{rows.cityless}: no city; {without} of {len(rows.city)} rows have none",
            code="city-missing",
            hint="give every row a `city`, or none: then places more than 20 km apart are different cities",
        )
    return rows.city, rows.cities


def city_links(city: Ints, names: Sequence[str]) -> Links:
    """The city of every row."""
    return Links.of(np.arange(len(city)), np.array([identity(f"city {name}") for name in names])[city])


def _middle(lon: Floats, lat: Floats) -> str:
    west, span = lon_arc(lon)
    return f"{(west + span / 2 + 180) % 360 - 180:.4f},{(lat.min() + lat.max()) / 2:.4f}"


def assign(units: Units, fractions: Sequence[float], *, seed: int) -> Ints:
    """The part of every unit: about the wished fractions of all rows, and never a part without a unit.

    Units stand in an order that hangs on nothing but the seed and their names, and that order is cut where the
    fractions say. So rows that are added or removed elsewhere move only the few units that lie next to a cut. Units
    larger than the smallest part would spoil the cuts; they go first, each to the part that lacks most rows.

    Args:
        fractions: Of each part, in sum 1. There are at least as many units.
    """
    order = np.argsort([_mixed(seed, name) for name in units.name.tolist()], kind="stable")
    sizes = units.sizes[order]
    lacking = sizes.sum() * np.asarray(fractions, np.float64)
    part = np.full(len(order), -1)
    is_large = sizes > lacking.min()
    for number in np.flatnonzero(is_large):
        part[number] = lacking.argmax()
        lacking[part[number]] -= sizes[number]
    part[~is_large] = _cut(sizes[~is_large], lacking.clip(0))
    _fill_empty(part, sizes, len(fractions))
    return part[np.argsort(order)]


def _mixed(seed: int, name: int) -> int:
    digest = hashlib.blake2b(f"{seed} {name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1  # 63 bits, which fit a signed number


def _cut(sizes: Ints, wanted: Floats) -> Ints:
    """Cut units in their order in the ratio of ``wanted``; one across a cut goes where its middle lies."""
    if not len(sizes):
        return sizes
    ends = np.cumsum(wanted) * (sizes.sum() / wanted.sum())
    middles = np.cumsum(sizes) - sizes / 2
    return np.searchsorted(ends[:-1], middles, side="right")


def _fill_empty(part: Ints, sizes: Ints, count: int) -> None:
    """Give each part without a unit the smallest one of the largest part that can spare one."""
    for empty in np.flatnonzero(np.bincount(part, minlength=count) == 0):
        units, rows = np.bincount(part, minlength=count), np.bincount(part, weights=sizes, minlength=count)
        own = np.flatnonzero(part == np.where(units > 1, rows, -1).argmax())
        part[own[sizes[own].argmin()]] = empty


def give_way(rows: Rows, part: Ints, *, parts: int, buffer_m: float) -> NDArray[np.bool_]:
    """Rows that are left out so that places of different parts are at least ``buffer_m`` apart.

    A row gives way to those of the parts named after its own: training to validation and test, validation to test.
    """
    out = np.zeros(len(part), np.bool_)
    if not buffer_m:
        return out
    for number in reversed(range(parts - 1)):
        own, later = part == number, (part > number) & ~out
        distance = nearest_m(rows.lon[own], rows.lat[own], to_lon=rows.lon[later], to_lat=rows.lat[later])
        out[own] = distance < buffer_m
    return out
