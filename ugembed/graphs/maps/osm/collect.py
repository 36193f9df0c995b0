"""What counts out of a stream of OSM objects: streets, places, districts and countries."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

import numpy as np

from ugembed.errors import GraphError
from ugembed.geo.geodesy import Floats
from ugembed.graphs.maps.city_map import MapPlace, Way
from ugembed.graphs.maps.osm.categories import CategoryTable, Tags
from ugembed.graphs.maps.osm.split import Level

Run: TypeAlias = tuple[tuple[int, ...], Floats]
"""Node ids and their (n, 2) float64 (lon, lat)."""

_LAYER = re.compile(r"[+-]?[0-9]{1,2}")
_DISTRICT, _COUNTRY = "district", "country"


class Collector:
    """Takes osmium objects, which are only valid while they pass.

    Attributes:
        ways: Streets; of a clipped way the parts within the extract.
        levels: Which of them, by id, are tunnels or have a layer other than 0.
        places: Named things.
        platforms, stop_positions: Stops drawn as areas, and where the vehicle halts; kept apart from ``places``.
        districts, countries: Areas that name what lies within.
        clipped_streets: How many streets have a missing node.
        clipped_areas: Ids of areas that count and are not whole in the file; right once all objects have passed.
        broken_areas: Ids of areas that count, are whole, and have no valid outline.
    """

    def __init__(self, table: CategoryTable) -> None:
        import osmium

        self._table = table
        self._geometry = osmium.geom.WKBFactory()
        self.ways: list[Way] = []
        self.levels: dict[int, Level] = {}
        self.places: list[MapPlace] = []
        self.platforms: list[MapPlace] = []
        self.stop_positions: list[MapPlace] = []
        self.districts: list[MapPlace] = []
        self.countries: list[MapPlace] = []
        self._areas = {_DISTRICT: self.districts, _COUNTRY: self.countries}
        self.clipped_streets = 0
        self.broken_areas: set[str] = set()
        self.clipped_areas: set[str] = set()

    def take(self, thing: Any) -> None:
        """Keep what counts of a node, way, relation or area that is tagged with a name or a highway class.

        Raises:
            GraphError: ``osm-negative-id``.
        """
        if thing.deleted:
            return
        tags = dict(thing.tags)
        if thing.is_node():
            self._node(thing, tags)
        elif thing.is_way():
            self._way(thing, tags)
        elif thing.is_area():
            self._area(thing, tags)
        elif tags.get("type") in ("multipolygon", "boundary") and self._area_kind(tags, is_way=False):
            self.clipped_areas.add(f"relation/{thing.id}")

    def _node(self, node: Any, tags: Tags) -> None:
        category = self._table.place(tags)
        if category and node.location.valid():
            from shapely import Point

            self._put(f"node/{node.id}", category, Point(node.location.lon, node.location.lat), tags)

    def _way(self, way: Any, tags: Tags) -> None:
        runs, category = self._runs(way), self._table.line(tags)
        if self._table.is_street(tags):
            self._street(way, tags, runs)
        if len(runs) > 1 and way.is_closed() and self._area_kind(tags, is_way=True):
            self.clipped_areas.add(f"way/{way.id}")
        if category and not way.is_closed():
            from shapely import LineString

            for part, (_, points) in enumerate(run for run in runs if len(run[0]) > 1):
                identity = f"way/{way.id}.{part}" if part else f"way/{way.id}"
                self._put(identity, category, LineString(points), tags)

    def _street(self, way: Any, tags: Tags, runs: list[Run]) -> None:
        name, highway = tags.get("name", "").strip(), tags["highway"]
        self.ways += [Way(way.id, name, highway, nodes, points) for nodes, points in runs if len(nodes) > 1]
        self.clipped_streets += len(runs) > 1
        level = (self._table.is_tunnel(tags), _layer(tags))
        if any(level):
            self.levels[way.id] = level

    def _runs(self, way: Any) -> list[Run]:
        """The runs of nodes whose places are known: one, unless the extract is clipped."""
        runs: list[list[tuple[int, float, float]]] = [[]]
        for node in way.nodes:
            ref, location = node.ref, node.location
            if not location.valid():
                _refuse_negative(way, node)
                runs.append([])
            elif not runs[-1] or runs[-1][-1][0] != ref:
                runs[-1].append((ref, location.lon, location.lat))
        refs = [tuple(ref for ref, _, _ in run) for run in runs]
        points = [np.array([(lon, lat) for _, lon, lat in run], dtype=np.float64) for run in runs]
        return list(zip(refs, points, strict=True))

    def _area(self, area: Any, tags: Tags) -> None:
        identity = f"{'way' if area.from_way() else 'relation'}/{area.orig_id()}"
        self.clipped_areas.discard(identity)
        kind = self._area_kind(tags, is_way=area.from_way())
        if kind and area.num_rings()[0] == 0:
            self.broken_areas.add(identity)
        elif kind:
            from shapely import from_wkb

            outline = from_wkb(bytes.fromhex(self._geometry.create_multipolygon(area)))
            self._put(identity, kind, outline, tags, is_area=True)

    def _area_kind(self, tags: Tags, *, is_way: bool) -> str | None:
        """What an area counts as; None when it does not. A ring of street encloses nothing."""
        is_ring = is_way and tags.get("highway") in self._table.streets and tags.get("area") != "yes"
        if is_ring or not tags.get("name", "").strip():
            return None
        if self._table.is_country(tags):
            return _COUNTRY
        return _DISTRICT if self._table.is_district(tags) else self._table.place(tags)

    def _put(self, identity: str, category: str, geometry: Any, tags: Tags, *, is_area: bool = False) -> None:
        name = tags.get("name", "").strip()
        if not name:
            return
        place = MapPlace(
            identity,
            name,
            category,
            geometry,
            _address(tags),
            _first(tags, "addr:suburb", "addr:district", "addr:neighbourhood", "addr:quarter"),
            _first(tags, "ISO3166-1:alpha2", "ISO3166-1", "addr:country"),
            _name_en(tags, name),
            self._table.is_transit(category),
        )
        into = self._areas.get(category, self.places) if is_area else self.places
        (self._stops(tags, is_area=is_area) if place.is_transit else into).append(place)

    def _stops(self, tags: Tags, *, is_area: bool) -> list[MapPlace]:
        if self._table.is_stop_position(tags):
            return self.stop_positions
        return self.platforms if is_area and self._table.is_platform(tags) else self.places


def _refuse_negative(way: Any, node: Any) -> None:
    """osmium does not keep the places of nodes with negative ids, so they would pass for clipped."""
    if node.ref < 0:
        what = f"way {way.id} runs through node {node.ref}; objects with negative ids were never uploaded to OSM"
        raise GraphError(what, code="osm-negative-id", hint="`osmium sort` and then `osmium renumber` the file")


def _layer(tags: Tags) -> int:
    """The tagged layer; 0 without one and for what is no whole number of at most two digits."""
    value = tags.get("layer", "")
    return int(value) if _LAYER.fullmatch(value) else 0


def _name_en(tags: Tags, name: str) -> str:
    english = _first(tags, "name:en", "int_name")
    return english if english != name else ""


def _address(tags: Tags) -> str:
    street = " ".join(filter(None, (_first(tags, "addr:street", "addr:place"), _first(tags, "addr:housenumber"))))
    town = " ".join(filter(None, (_first(tags, "addr:postcode"), _first(tags, "addr:city"))))
    return ", ".join(filter(None, (street, town))) or _first(tags, "addr:full")


def _first(tags: Tags, *keys: str) -> str:
    """The value of the first of the keys that has one, else empty."""
    return next((value for key in keys if (value := tags.get(key, "").strip())), "")
