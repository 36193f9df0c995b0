"""OpenStreetMap files (.osm.pbf, .osm, .osm.gz, .osm.bz2) to a `CityMap`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ugembed.errors import GraphError
from ugembed.graphs.maps.city_map import CityMap, MapPlace
from ugembed.graphs.maps.osm.categories import CategoryTable, category_table
from ugembed.graphs.maps.osm.collect import Collector
from ugembed.graphs.maps.osm.split import split_at_crossings
from ugembed.graphs.maps.osm.stops import lone_platforms, lone_stop_positions

_ENDING = re.compile(r"\.(os[mh]|os[mh]\.(gz|bz2|pbf)|pbf)$")
_HINT = "OSM files end in .osm.pbf, .osm, .osm.gz or .osm.bz2; if this one does, fetch it again"
_SORTED = "Type_then_ID"  # what the header of a PBF file says of one that is
_NO_MORE_NODES = 2**63


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many objects of a map file would have counted and are not, or not wholly, in the `CityMap`.

    Attributes:
        clipped_streets: Streets of which some nodes are not in the file; the parts between the others are kept.
        clipped_areas: Named areas that count and of which some ways or nodes are not in the file.
        broken_areas: Named areas that count and whose outline is open or crosses itself.
        doubled_stops: Stops that are drawn a second time, as a platform or as a place on the road.
    """

    clipped_streets: int
    clipped_areas: int
    broken_areas: int
    doubled_stops: int


def read_osm(path: Path, *, categories: Path | None = None) -> CityMap:
    """Read streets and named places of a map file; ways that leave a clipped extract are cut where it ends.

    Objects may come in any order; of one that comes twice the latest version counts, and deleted ones do not.
    ``categories`` is a table of your own in the form of ``categories.yaml``; it replaces the shipped one.

    Raises:
        GraphError: ``osm-missing``; ``osm-broken`` for a file that is not OSM, is truncated or corrupt;
            ``osm-negative-id`` for streets through nodes that were never uploaded.
        ConfigError: ``categories-missing``, ``categories-broken``.
    """
    return read_osm_with_counts(path, categories=categories)[0]


def read_osm_with_counts(path: Path, *, categories: Path | None = None) -> tuple[CityMap, LeftOut]:
    """`read_osm`, and what it left out."""
    table = category_table(categories)
    if not path.is_file():
        raise GraphError(f"{path}: no such map file", code="osm-missing", hint="check --osm")
    if not _ENDING.search(path.name):
        raise GraphError(f"{path}: cannot be read as OSM: unknown ending", code="osm-broken", hint=_HINT)
    try:
        return _city_map(_collect(path, table))
    except GraphError as error:
        raise GraphError(f"{path}: {error.message}", code=error.code, hint=error.hint) from None


def _collect(path: Path, table: CategoryTable) -> Collector:
    """What counts of a file; of one in disorder, of a sorted copy without old versions."""
    import osmium

    errors = (RuntimeError, ValueError, osmium.InvalidLocationError)  # whatever is wrong, osmium raises one of these
    try:
        return _pass_over(path, table)
    except errors as error:
        problem = error
    with TemporaryDirectory(prefix="ugembed-") as folder:
        try:
            copy = Path(folder) / "sorted.osh.pbf"  # .osh: deleted objects stay marked
            objects = osmium.MergeInputReader()
            objects.add_file(str(path))
            with osmium.SimpleWriter(str(copy)) as writer:
                objects.apply(writer, simplify=True)
            return _pass_over(copy, table)
        except errors:
            message = f"cannot be read as OSM: {problem}"
            raise GraphError(message, code="osm-broken", hint=_HINT) from None


def _pass_over(path: Path, table: CategoryTable) -> Collector:
    import osmium

    found = Collector(table)
    objects = osmium.FileProcessor(str(path)).with_locations().with_areas(osmium.filter.KeyFilter("name"))
    if objects.header.get("sorting") != _SORTED:
        objects.with_filter(_Order())
    for thing in objects.with_filter(osmium.filter.KeyFilter("highway", "name")):
        found.take(thing)
    return found


class _Order:
    """Sees every node and way pass: nodes must come once, in order of ids, before all ways. Osmium minds the rest."""

    def __init__(self) -> None:
        self._last = 0

    def node(self, node: Any) -> None:
        """Raises ValueError for a node that comes too late."""
        if 0 < node.id <= self._last:
            raise ValueError(f"node {node.id} is out of order")
        self._last = max(self._last, node.id)

    def way(self, way: Any) -> None:
        """From here on no node may come."""
        self._last = _NO_MORE_NODES


def _city_map(found: Collector) -> tuple[CityMap, LeftOut]:
    ways = sorted(found.ways, key=lambda way: way.id)  # stable: parts of a cut way keep their order
    drawn = [*found.places, *found.platforms]
    stops = [*lone_platforms(found.platforms, found.places), *lone_stop_positions(found.stop_positions, drawn)]
    doubled = len(found.platforms) + len(found.stop_positions) - len(stops)
    city = CityMap(
        tuple(split_at_crossings(ways, found.levels)),
        _by_id([*found.places, *stops]),
        _by_id(found.districts),
        _by_id(found.countries),
    )
    return city, LeftOut(found.clipped_streets, len(found.clipped_areas), len(found.broken_areas), doubled)


def _by_id(places: Sequence[MapPlace]) -> tuple[MapPlace, ...]:
    return tuple(sorted(places, key=lambda place: place.id))
