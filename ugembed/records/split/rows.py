"""All rows of the files in columns of fixed width: where they are, and what joins them."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ugembed.errors import DataError
from ugembed.geo.cells import Cells, cell_ids
from ugembed.geo.geodesy import Floats
from ugembed.records.checking.named_files import identity
from ugembed.records.split.sources import Entry, Source

Ints: TypeAlias = NDArray[np.int64]
OnBytes: TypeAlias = Callable[[int, str], None]

_CURE = 'add "place": {"lon": 103.8501, "lat": 1.3002} to every row, or split --by image without --buffer'
_CITY_CURE = 'add "city" or "place": {"lon": 103.8501, "lat": 1.3002} to every row, or split --by image'
_TOLD_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Links:
    """Which rows carry which names: row numbers, and the `identity` of each name beside them."""

    row: Ints
    name: Ints

    @classmethod
    def of(cls, rows: Sequence[int] | NDArray[Any], names: Sequence[int] | NDArray[Any]) -> Links:
        return cls(np.asarray(rows, np.int64), np.asarray(names, np.int64))

    def of_rows(self, chosen: NDArray[np.bool_]) -> Ints:
        """The different names that some of the rows carry."""
        return np.unique(self.name[chosen[self.row]])


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of all files, one file after the other.

    Attributes:
        counts: Rows of each file.
        lon, lat: Degrees; NaN where a row has no place.
        images: Pictures of queries and of what belongs to them.
        groups: Groups, and the content of rows that have neither a picture nor a group.
        others: Pictures of negatives and wrong candidates, which join no rows.
        city: Number of each row's city in ``cities``, -1 where it names none.
        cities: Names of cities.
        cityless: How a user finds the first row that names no city; empty if there is none.
    """

    counts: tuple[int, ...]
    lon: Floats
    lat: Floats
    images: Links
    groups: Links
    others: Links
    city: Ints
    cities: tuple[str, ...]
    cityless: str = ""

    @property
    def placed(self) -> NDArray[np.bool_]:
        """Which rows have a place."""
        return np.isfinite(self.lon)

    def cells(self, level: int) -> Cells:
        """The S2 cell of every row that has a place, in their order."""
        return cell_ids(self.lon[self.placed], self.lat[self.placed], level=level)


def read_rows(
    sources: Sequence[Source], *, on_bytes: OnBytes, wants_place: str = "", city_will_do: bool = False
) -> Rows:
    """Read every row; memory is some hundred bytes a row, whatever its length.

    Args:
        sources: The files.
        on_bytes: Hears how many bytes were read further, and of which file.
        wants_place: What every row needs a place for (``"--by cell"``), or empty.
        city_will_do: Rows that name their city need no place.

    Raises:
        DataError: ``split-place`` for the first row without a place; what the sources raise.
    """
    reader = _Reader(wants_place, city_will_do)
    counts = []
    for source in sources:
        start, untold, left = len(reader.lon), 0, source.path.stat().st_size
        for entry in source.entries():
            reader.add(entry)
            untold += len(entry.content)
            if untold >= _TOLD_BYTES:
                on_bytes(untold, source.path.name)
                untold, left = 0, left - untold
        on_bytes(left, source.path.name)
        counts.append(len(reader.lon) - start)
    return reader.rows(tuple(counts))


class _Reader:
    def __init__(self, wants_place: str = "", city_will_do: bool = False) -> None:
        self._wants_place = wants_place
        self._city_will_do = city_will_do
        self.lon, self.lat = array("d"), array("d")
        self._links = {kind: (array("q"), array("q")) for kind in ("images", "groups", "others")}
        self._city = array("q")
        self._cities: dict[str, int] = {}
        self._cityless = ""

    def add(self, entry: Entry) -> None:
        row = len(self.lon)
        if entry.place is None and self._wants_place and not (self._city_will_do and entry.city):
            what = f"{entry.where}: no place, but {self._wants_place} wants one"
            raise DataError(what, code="split-place", hint=_CITY_CURE if self._city_will_do else _CURE)
        self.lon.append(entry.place.lon if entry.place else np.nan)
        self.lat.append(entry.place.lat if entry.place else np.nan)
        for kind, names in (("images", entry.images), ("others", entry.others)):
            for name in names:
                self._link(kind, row, identity(name))
        if entry.group:
            self._link("groups", row, identity(entry.group))
        elif not entry.images:
            self._link("groups", row, identity(repr(entry.content.strip())))
        self._city.append(self._cities.setdefault(entry.city, len(self._cities)) if entry.city else -1)
        self._cityless = self._cityless or ("" if entry.city else entry.where)

    def _link(self, kind: str, row: int, name: int) -> None:
        rows, names = self._links[kind]
        rows.append(row)
        names.append(name)

    def rows(self, counts: tuple[int, ...]) -> Rows:
        return Rows(
            counts=counts,
            lon=np.array(self.lon),
            lat=np.array(self.lat),
            city=np.array(self._city, np.int64),
            cities=tuple(self._cities),
            cityless=self._cityless,
            **{kind: Links.of(rows, names) for kind, (rows, names) in self._links.items()},
        )
