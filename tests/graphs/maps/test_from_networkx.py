"""Graphs in memory."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import networkx as nx
import pyproj
import pytest
import shapely

from ugembed.errors import GraphError
from ugembed.graphs.maps.city_map import MapPlace
from ugembed.graphs.maps.from_networkx import city_map_from_networkx

BENT = shapely.LineString([(9.0, 48.0), (9.005, 48.001), (9.01, 48.0)])


def osmnx_graph(**attributes: Any) -> nx.MultiDiGraph:
    """Two crossings: a bent two-way street, a straight one-way street back."""
    graph = nx.MultiDiGraph(crs="epsg:4326", **attributes)
    graph.add_node(101, x=9.0, y=48.0, street_count=2)
    graph.add_node(102, x=9.01, y=48.0, street_count=2)
    oak = {"osmid": [7, 5], "name": "Oak", "highway": ["residential", "service"], "oneway": False}
    graph.add_edge(101, 102, geometry=BENT, reversed=False, **oak)
    graph.add_edge(102, 101, geometry=BENT.reverse(), reversed=True, **oak)
    graph.add_edge(102, 101, osmid=9, highway="primary", tunnel="yes", oneway=True)
    return graph


def test_a_graph_of_osmnx() -> None:
    oak, tunnel = city_map_from_networkx(osmnx_graph()).links
    assert (oak.id, oak.name, oak.highway, oak.start, oak.end) == ("way/5", "Oak", "residential", "101", "102")
    assert oak.points.tolist() == [list(spot) for spot in BENT.coords]
    assert (tunnel.id, tunnel.name, tunnel.is_tunnel, tunnel.start) == ("way/9", "", True, "101")
    assert tunnel.points.tolist() == [[9.0, 48.0], [9.01, 48.0]]


@pytest.mark.parametrize("kind", [nx.Graph, nx.DiGraph, nx.MultiGraph])
def test_graphs_of_any_kind(kind: type[nx.Graph]) -> None:
    graph = kind(osmnx_graph())
    assert {link.start for link in city_map_from_networkx(graph).links} == {"101"}


@pytest.mark.parametrize(
    "place",
    [
        lambda lon, lat: {"x": lon, "y": lat},
        lambda lon, lat: {"lon": str(lon), "lat": str(lat)},
        lambda lon, lat: {"longitude": lon, "latitude": lat},
        lambda lon, lat: {"pos": (lon, lat)},
        lambda lon, lat: {"geometry": shapely.Point(lon, lat)},
    ],
)
def test_positions_by_the_names_that_libraries_give_them(place: Any) -> None:
    graph = nx.Graph()
    graph.add_node("a", **place(9.0, 48.0))
    graph.add_node("b", **place(9.01, 48.0))
    graph.add_edge("b", "a", geometry=BENT)
    (link,) = city_map_from_networkx(graph).links
    assert (link.start, link.end, link.points[0].tolist()) == ("a", "b", [9.0, 48.0])


def test_a_graph_of_city2graph() -> None:
    """Numbered nodes with `pos` and the index they had, edges with geometry, a reference system of pyproj."""
    graph = nx.Graph(crs=pyproj.CRS.from_epsg(4326), is_hetero=False)
    graph.add_node(0, pos=(9.0, 48.0), _original_index=(9.0, 48.0))
    graph.add_node(1, pos=(9.01, 48.0), _original_index=(9.01, 48.0))
    graph.add_edge(0, 1, geometry=BENT, _original_edge_index=(0, 1))
    assert len(city_map_from_networkx(graph).links) == 1
    graph.graph["is_hetero"] = True
    with pytest.raises(GraphError, match="several types of nodes"):
        city_map_from_networkx(graph)


def test_nodes_named_by_their_coordinates() -> None:
    graph = nx.Graph()
    for spot in ((9.0, 48.0), (9.01, 48.0)):
        graph.add_node(spot, pos=spot)
    graph.add_edge((9.0, 48.0), (9.01, 48.0))
    assert city_map_from_networkx(graph).links[0].start == "9.0,48.0"


def test_projected_graphs_are_refused() -> None:
    for crs in ("epsg:32632", pyproj.CRS.from_epsg(32632)):
        graph = osmnx_graph()
        graph.graph["crs"] = crs
        with pytest.raises(GraphError, match="32632") as caught:
            city_map_from_networkx(graph)
        assert caught.value.code == "streets-projected"
    graph = nx.Graph()
    graph.add_node(1, x=512606.1, y=5401777.6)
    with pytest.raises(GraphError, match="node 1: its position is not in degrees"):
        city_map_from_networkx(graph)


@pytest.mark.parametrize("streets", [None, {}, [(1, 2)], "streets.graphml"])
def test_what_is_no_graph_is_refused(streets: Any) -> None:
    with pytest.raises(GraphError, match="is no networkx graph"):
        city_map_from_networkx(streets)


def test_edges_that_are_no_lines_are_refused() -> None:
    for geometry in (shapely.Point(9, 48), shapely.MultiLineString([BENT, BENT]), "9 48"):
        graph = osmnx_graph()
        graph.add_edge(101, 102, geometry=geometry)
        with pytest.raises(GraphError, match="edge 101 to 102: "):
            city_map_from_networkx(graph)


class GeoTable:
    """The four things of a GeoDataFrame that are asked for."""

    def __init__(self, rows: list[dict[str, Any]], crs: Any = "EPSG:4326") -> None:
        self.rows, self.crs, self.geometry = rows, crs, SimpleNamespace(name="geometry")

    def to_crs(self, crs: Any) -> GeoTable:
        raise AssertionError("nothing is reprojected")

    def reset_index(self) -> GeoTable:
        return self

    def to_dict(self, orient: str) -> list[dict[str, Any]]:
        assert orient == "records"
        return [dict(row) for row in self.rows]


def test_places_as_a_geodataframe_of_osmnx() -> None:
    rows = [
        {"element": "node", "id": 3, "geometry": shapely.Point(9, 48), "name": "Cup", "amenity": "cafe", "shop": None},
        {"element": "node", "id": 4, "geometry": shapely.Point(9, 48), "name": float("nan"), "amenity": "cafe"},
    ]
    places = city_map_from_networkx(osmnx_graph(), GeoTable(rows)).places
    assert [(place.id, place.category) for place in places] == [("node/3", "cafe")]
    for crs in (None, "EPSG:3857"):
        with pytest.raises(GraphError) as caught:
            city_map_from_networkx(osmnx_graph(), GeoTable(rows, crs))
        assert caught.value.code == "places-projected"


def test_places_as_objects() -> None:
    places = [MapPlace(f"node/{i}", "Cup", "cafe", shapely.Point(9, 48)) for i in (2, 1)]
    assert city_map_from_networkx(osmnx_graph(), places).places == tuple(places[::-1])
    with pytest.raises(GraphError, match="a str is neither"):
        city_map_from_networkx(osmnx_graph(), ["Cup"])
