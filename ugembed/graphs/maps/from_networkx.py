"""Street graphs in memory, of osmnx, city2graph or networkx, as maps. Neither library is imported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ugembed.graphs.maps.city_map import CityMap, MapPlace
from ugembed.graphs.maps.crs import is_degrees, shown
from ugembed.graphs.maps.features import Feature
from ugembed.graphs.maps.osm.categories import CategoryTable, category_table
from ugembed.graphs.maps.places import places_of_rows
from ugembed.graphs.maps.source import MapSource
from ugembed.graphs.maps.street_graph import StreetGraph, links_of_graph
from ugembed.graphs.maps.values import flat, text


def city_map_from_networkx(streets: Any, places: Any = None, *, categories: Path | None = None) -> CityMap:
    """A map whose streets are the edges of a graph, both directions of a street as one.

    Args:
        streets: A networkx graph of any kind, positions in degrees of WGS 84. A node's position is ``x`` and ``y`` (as
            in osmnx), ``lon`` and ``lat``, ``pos`` as a pair (lon, lat) (as in city2graph), or a shapely ``geometry``.
            An edge's ``geometry`` is a shapely LineString; without it, it is straight.
        places: A GeoDataFrame as of ``osmnx.features_from_place``, or `MapPlace` objects.
        categories: As in `read_osm`.

    Raises:
        GraphError: ``streets-broken``, ``streets-projected``, ``streets-unsimplified``; those of `read_places`.
    """
    source = MapSource("the street graph", "streets")
    if not all(hasattr(streets, name) for name in ("nodes", "edges", "graph")):
        raise source.broken(f"a {type(streets).__name__} is no networkx graph")
    attributes: Mapping[str, Any] = streets.graph
    if attributes.get("is_hetero"):
        raise source.broken("it has several types of nodes: take the part that holds the streets")
    nodes = {_node_id(node): values for node, values in streets.nodes(data=True)}
    edges = [(_node_id(u), _node_id(v), values) for u, v, values in streets.edges(data=True)]
    links = links_of_graph(StreetGraph(attributes, nodes, edges), source)
    return CityMap(tuple(links), _places(places, category_table(categories)))


def _node_id(node: Any) -> str:
    """A node as text; of pairs of coordinates, as some libraries name nodes, their numbers."""
    return ",".join(map(str, node)) if isinstance(node, tuple) else text(node)


def _places(places: Any, table: CategoryTable) -> tuple[MapPlace, ...]:
    if places is None:
        return ()
    source = MapSource("the places", "places")
    if not hasattr(places, "to_crs"):
        return _sorted_places(places, source)
    if places.crs is None or not is_degrees(places.crs):
        raise source.projected(f"their positions are in {shown(places.crs)}, not in degrees (WGS 84)")
    geometry = places.geometry.name
    rows = [
        Feature(f"row {i}", row.pop(geometry), flat(row))
        for i, row in enumerate(places.reset_index().to_dict("records"), 1)
    ]
    return places_of_rows(rows, source, table, unnamed="place")


def _sorted_places(places: Iterable[Any], source: MapSource) -> tuple[MapPlace, ...]:
    found = list(places)
    strange = [one for one in found if not isinstance(one, MapPlace)]
    if strange:
        raise source.broken(f"a {type(strange[0]).__name__} is neither a GeoDataFrame nor a MapPlace")
    return tuple(sorted(found, key=lambda place: place.id))
