"""Which part every row goes to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ugembed.errors import DataError
from ugembed.geo.cells import cell_tokens
from ugembed.geo.geodesy import Floats
from ugembed.records.places_map import CITY_GAP_M
from ugembed.records.split.config import SplitConfig
from ugembed.records.split.rows import Ints, Rows
from ugembed.records.split.units import Units, assign, cell_links, cities_of, city_links, give_way, units_of

_FINER = {
    "image": "rows of shared pictures or groups hang together; does one picture stand in every row?",
    "cell": "take smaller cells (a larger --level), or fewer parts",
    "city": "split --by cell, or into fewer parts",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """The part of every row, in the order of the names of parts; one more than the last for rows that are left out.

    Attributes:
        wished: The part of every row before the buffer.
        cities: For ``by: city``, the city of every row and the names of all; otherwise nothing.
    """

    rows: Rows
    units: Units
    part: Ints
    wished: Ints
    cities: tuple[Ints, tuple[str, ...]] | None

    def places(self, number: int) -> Floats:
        """(n, 2) longitude and latitude of the rows of a part that have a place."""
        chosen = self.rows.placed & (self.part == number)
        return np.stack([self.rows.lon[chosen], self.rows.lat[chosen]], axis=1)

    def cells(self, number: int, level: int) -> list[str]:
        """Tokens of the S2 cells in which the rows of a part lie."""
        return cell_tokens(np.unique(self.rows.cells(level)[self.part[self.rows.placed] == number]))

    def city_names(self, number: int) -> list[str]:
        """Cities of a part."""
        if self.cities is None:
            return []
        of_row, names = self.cities
        return [names[city] for city in np.unique(of_row[self.part == number])]


def make_plan(config: SplitConfig, rows: Rows) -> Plan:
    """Put rows together that must stay together, and give each such unit a part.

    Raises:
        DataError: ``city-missing``, ``split-too-few``, ``split-part-empty``.
    """
    cities = cities_of(rows) if config.by == "city" else None
    whole = [cell_links(rows, config.level)] if config.by == "cell" else [city_links(*cities)] if cities else []
    units = units_of(rows, whole)
    names = list(config.fractions)
    if len(units.name) < len(names):
        raise DataError(
            f"--by {config.by}: {len(names)} parts, but only {len(units.name)} piece(s) that must stay whole",
            code="split-too-few",
            hint=_FINER[config.by],
        )
    wished = assign(units, list(config.fractions.values()), seed=config.seed)[units.of_row]
    is_out = give_way(rows, wished, parts=len(names), buffer_m=config.buffer_m)
    part = np.where(is_out, len(names), wished)
    for number in np.flatnonzero(np.bincount(part, minlength=len(names)) == 0):
        raise DataError(
            f"every row of {names[number]!r} lies within {config.buffer_m:g} m of another part",
            code="split-part-empty",
            hint="take larger cells (a smaller --level) with edges of several buffers, or a smaller --buffer",
        )
    return Plan(rows, units, part, wished, cities)


def least_apart_m(config: SplitConfig, rows: Rows) -> float:
    """Metres that the parts must be apart: the buffer, and between clusters that were found the gap."""
    return max(config.buffer_m, CITY_GAP_M if config.by == "city" and not rows.cities else 0.0)
