"""OpenStreetMap files (.osm.pbf, .osm, .osm.gz, .osm.bz2) to a `CityMap`."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ugembed.errors import GraphError
from ugembed.graphs.maps.city_map import CityMap, MapPlace, Way
from ugembed.graphs.maps.osm.categories import CategoryTable, Tags, category_table
from ugembed.graphs.maps.osm.split import split_at_crossings


def read_osm(path: Path) -> CityMap:
    """Read streets and named places of a map file; ways that leave a clipped extract are cut where it ends.

    Objects may come in any order; of one that comes twice the latest version counts.

    Raises:
        GraphError: ``osm-missing``, or ``osm-broken`` for a file that is not OSM, is truncated or corrupt.
    """
    if not path.is_file():
        raise GraphError(f"{path}: no such map file", code="osm-missing", hint="check --osm")
    try:
        reader = _collect(path)
    except RuntimeError as error:  # the one type osmium raises, whatever is wrong
        reader = _collect_sorted(path, error)
    links = split_at_crossings(
        sorted(reader.ways, key=lambda way: way.id)
    )  # stable: parts of a cut way keep their order
    return CityMap(tuple(links), _by_id(reader.places), _by_id(reader.districts))


def _collect(path: Path) -> _Reader:
    import osmium

    reader = _Reader(category_table())
    objects = osmium.FileProcessor(str(path)).with_locations().with_areas()
    for thing in objects.with_filter(osmium.filter.KeyFilter("highway", "name")):
        reader.take(thing)
    return reader


def _collect_sorted(path: Path, problem: RuntimeError) -> _Reader:
    """Try again on a sorted copy without old versions: areas can only be put together from a file in order of ids."""
    import osmium

    with TemporaryDirectory(prefix="ugembed-") as folder:
        copy = Path(folder) / "sorted.osm.pbf"
        objects = osmium.MergeInputReader()
        try:
            objects.add_file(str(path))
            with osmium.SimpleWriter(str(copy)) as writer:
                objects.apply(writer, simplify=True)
            return _collect(copy)
        except RuntimeError:
            hint = "OSM files end in .osm.pbf, .osm, .osm.gz or .osm.bz2; if this one does, fetch it again"
            raise GraphError(f"{path}: cannot be read as OSM: {problem}", code="osm-broken", hint=hint) from None


def _by_id(places: list[MapPlace]) -> tuple[MapPlace, ...]:
    return tuple(sorted(places, key=lambda place: place.id))


class _Reader:
    """Collects what counts out of a stream of osmium objects, which are only valid while they pass."""

    def __init__(self, table: CategoryTable) -> None:
        import osmium

        self._table = table
        self._geometry = osmium.geom.WKBFactory()
        self.ways: list[Way] = []
        self.places: list[MapPlace] = []
        self.districts: list[MapPlace] = []

    def take(self, thing: Any) -> None:
        if thing.deleted:
            return
        if thing.is_node():
            self._node(thing)
        elif thing.is_way():
            self._way(thing)
        elif thing.is_area():
            self._area(thing)

    def _node(self, node: Any) -> None:
        category = self._table.place(node.tags)
        if category and node.location.valid():
            from shapely import Point

            self._put(node, f"node/{node.id}", category, Point(node.location.lon, node.location.lat))

    def _way(self, way: Any) -> None:
        if self._table.is_street(way.tags):
            name, highway = way.tags.get("name", "").strip(), way.tags.get("highway")
            self.ways += [Way(way.id, name, highway, nodes, points) for nodes, points in _unbroken(way)]
        category = self._table.line(way.tags)
        if category and way.tags.get("name") and not way.is_closed():
            from shapely import LineString

            for part, (_, points) in enumerate(_unbroken(way)):
                self._put(way, f"way/{way.id}.{part}" if part else f"way/{way.id}", category, LineString(points))

    def _area(self, area: Any) -> None:
        tags = area.tags
        if area.num_rings()[0] == 0 or ("highway" in tags and tags.get("area") != "yes"):
            return
        identity = f"{'way' if area.from_way() else 'relation'}/{area.orig_id()}"
        if self._table.is_district(tags):
            self._put(area, identity, "district", self._polygon(area), self.districts)
        elif category := self._table.place(tags):
            self._put(area, identity, category, self._polygon(area))

    def _polygon(self, area: Any) -> Any:
        from shapely import from_wkb

        return from_wkb(bytes.fromhex(self._geometry.create_multipolygon(area)))

    def _put(self, thing: Any, identity: str, category: str, geometry: Any, into: list[MapPlace] | None = None) -> None:
        name = (thing.tags.get("name") or "").strip()
        if name:
            place = MapPlace(identity, name, category, geometry, _address(thing.tags), _district(thing.tags))
            (self.places if into is None else into).append(place)


def _unbroken(way: Any) -> list[tuple[tuple[int, ...], Any]]:
    """The runs of at least two nodes whose places are known: one, unless the extract is clipped."""
    runs: list[list[Any]] = [[]]
    for node in way.nodes:
        if not node.location.valid():
            runs.append([])
        elif not runs[-1] or runs[-1][-1][0] != node.ref:
            runs[-1].append((node.ref, node.location.lon, node.location.lat))
    return [
        (tuple(ref for ref, _, _ in run), np.array([(lon, lat) for _, lon, lat in run], dtype=np.float64))
        for run in runs
        if len(run) >= 2
    ]


def _address(tags: Tags) -> str:
    street = " ".join(filter(None, (tags.get("addr:street"), tags.get("addr:housenumber"))))
    town = " ".join(filter(None, (tags.get("addr:postcode"), tags.get("addr:city"))))
    return ", ".join(filter(None, (street, town)))


def _district(tags: Tags) -> str:
    keys = ("addr:suburb", "addr:district", "addr:neighbourhood", "addr:quarter")
    return next((value for key in keys if (value := tags.get(key))), "")
