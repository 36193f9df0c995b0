"""One network in every format, and tables of edges between named nodes."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
import shapely

from tests.graphs.drawn_maps import WAYS, write_map
from tests.graphs.maps.written_maps import (
    WRITERS,
    Row,
    content,
    edge_rows,
    geojson,
    geopackage,
    geoparquet,
    graphml,
)
from ugembed.errors import GraphError
from ugembed.graphs.maps.city_map import Link
from ugembed.graphs.maps.osm.read import read_osm
from ugembed.graphs.maps.streets import read_streets

LINE = [[9.0, 48.0], [9.001, 48.0], [9.002, 48.001]]
TUNNEL = ([41, 6], {"highway": "service", "tunnel": "yes", "layer": "-1"})


def edge(coordinates: Any = LINE, **properties: Any) -> Row:
    return shapely.LineString(coordinates), {"u": 1, "v": 2, **properties}


@pytest.fixture
def links(tmp_path: Path) -> tuple[Link, ...]:
    """Of the drawn map, with a nameless tunnel."""
    return read_osm(write_map(tmp_path / "drawn.osm", ways=WAYS | {110: TUNNEL})).links


@pytest.mark.parametrize("ending", WRITERS)
def test_a_drawn_map_comes_back_from_every_format(ending: str, links: tuple[Link, ...], tmp_path: Path) -> None:
    assert {(link.layer, link.is_tunnel) for link in links} >= {(0, False), (1, False), (-1, True)}
    path = WRITERS[ending](tmp_path / f"streets.{ending}", edge_rows(links))
    back = read_streets(path)
    assert sorted(map(content, back)) == sorted(map(content, links))
    assert list(back) == sorted(back, key=lambda link: (link.id, link.start, link.end))


@pytest.mark.parametrize("ending", sorted(WRITERS.keys() - {"graphml"}))
def test_lines_without_nodes_meet_as_they_do_in_the_map(ending: str, links: tuple[Link, ...], tmp_path: Path) -> None:
    path = WRITERS[ending](tmp_path / f"streets.{ending}", edge_rows(links, nodes=False))
    back = read_streets(path)
    assert sorted(content(link, nodes=False) for link in back) == sorted(content(link, nodes=False) for link in links)
    assert {link.start for link in back} | {link.end for link in back} == {
        f"{lon:.7f},{lat:.7f}" for link in links for lon, lat in (link.points[0], link.points[-1])
    }


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_rows_changes_nothing(ending: str, seed: int, links: tuple[Link, ...], tmp_path: Path) -> None:
    rows = edge_rows(links)
    twins = [(line.reverse(), {**values, "u": values["v"], "v": values["u"]}) for line, values in rows]
    before = read_streets(WRITERS[ending](tmp_path / f"a.{ending}", rows))
    mixed = random.Random(seed).sample(rows + twins, 2 * len(rows))
    after = read_streets(WRITERS[ending](tmp_path / f"b.{ending}", mixed))
    assert [(content(link), link.points.tobytes()) for link in before] == [
        (content(link), link.points.tobytes()) for link in after
    ]


def test_an_edge_is_a_link_between_its_nodes(tmp_path: Path) -> None:
    (link,) = read_streets(geojson(tmp_path / "s.geojson", [edge(name="Oak", highway="residential")]))
    assert (link.id, link.start, link.end, link.name, link.highway) == ("edge/1/2", "1", "2", "Oak", "residential")
    assert link.points.tolist() == LINE


def test_a_street_without_a_name_is_called_after_its_way(tmp_path: Path) -> None:
    rows = [edge(osmid="[31, 4]"), edge(LINE[::-1], osmid=[4, 31]), edge([LINE[0], LINE[2]], osmid=None)]
    assert [link.id for link in read_streets(geojson(tmp_path / "s.geojson", rows))] == ["edge/1/2", "way/4"]


def test_the_twin_drawn_the_other_way_counts_once(tmp_path: Path) -> None:
    forth, back = edge(), edge(LINE[::-1], u=2, v=1)
    for rows in ([forth, back], [forth], [back], [forth, edge(LINE[::-1])]):
        (link,) = read_streets(geojson(tmp_path / "s.geojson", rows))
        assert link.points.tolist() in (LINE, LINE[::-1])


@pytest.mark.parametrize("name", [["Oak", "Elm"], "['Oak', 'Elm']", "Oak", [None, "Oak"]])
def test_of_several_names_the_first_counts(tmp_path: Path, name: Any) -> None:
    assert read_streets(geojson(tmp_path / "s.geojson", [edge(name=name)]))[0].name == "Oak"


@pytest.mark.parametrize("name", [None, "", [], "nan", " ", "[]"])
def test_a_missing_name_is_empty(tmp_path: Path, name: Any) -> None:
    assert read_streets(geojson(tmp_path / "s.geojson", [edge(name=name)]))[0].name == ""


def bad(**geometry: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": {"u": 1, "v": 2}}


@pytest.mark.parametrize(
    "feature",
    [
        bad(type="LineString", coordinates=LINE) | {"properties": {}},
        bad(type="LineString", coordinates=LINE) | {"properties": {"u": 1, "v": None}},
        bad(type="MultiLineString", coordinates=[LINE, LINE]),
        bad(type="Point", coordinates=LINE[0]),
        bad(type="LineString", coordinates=LINE[:1]),
        bad(type="LineString", coordinates=[[9, "x"], LINE[0]]),
        bad(type="LineString", coordinates=[LINE[0], LINE[0]]),
        bad() | {"geometry": None},
        "feature",
    ],
)
def test_what_is_no_street_edge_is_refused_with_its_place(tmp_path: Path, feature: Any) -> None:
    path = geojson(tmp_path / "s.geojson", [edge()])
    collection = orjson.loads(path.read_bytes())
    collection["features"].append(feature)
    path.write_bytes(orjson.dumps(collection))
    with pytest.raises(GraphError, match=r"s\.geojson: features\[1\]: ") as caught:
        read_streets(path)
    assert caught.value.code == "streets-broken"


@pytest.mark.parametrize("ending", WRITERS)
def test_positions_in_metres_are_refused_in_every_format(ending: str, tmp_path: Path) -> None:
    path = WRITERS[ending](
        tmp_path / f"s.{ending}", [edge([[512606.1, 5401777.6], [512640.0, 5401842.1]], u="1", v="2")]
    )
    with pytest.raises(GraphError) as caught:
        read_streets(path)
    assert caught.value.code == "streets-projected"
    assert "4326" in caught.value.hint


def test_a_named_projection_is_refused_though_its_numbers_could_be_degrees(tmp_path: Path) -> None:
    row = edge(u="1", v="2")
    utm = {"name": "UTM 32N", "id": {"authority": "EPSG", "code": 32632}}
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32632"}}
    for path in (
        geoparquet(tmp_path / "s.parquet", [row], crs=utm),
        geopackage(tmp_path / "s.gpkg", [row], srid=32632),
        graphml(tmp_path / "s.graphml", [row], crs="epsg:32632"),
        geojson(tmp_path / "s.geojson", [row], crs=named),
    ):
        with pytest.raises(GraphError, match=r"32632.*not in degrees") as caught:
            read_streets(path)
        assert caught.value.code == "streets-projected"


def test_only_the_first_ten_faults_are_told(tmp_path: Path) -> None:
    rows = [(shapely.Point(9, 48), {"u": 1, "v": i}) for i in range(13)]
    with pytest.raises(GraphError) as caught:
        read_streets(geojson(tmp_path / "s.geojson", rows))
    lines = caught.value.message.splitlines()
    assert len(lines) == 11
    assert lines[-1] == "… and 3 more"


def test_files_of_no_known_format_are_refused(tmp_path: Path) -> None:
    (tmp_path / "s.shp").write_bytes(b"")
    codes = {"s.shp": "streets-format", "none.shp": "streets-missing", "none.graphml": "streets-missing"}
    for name, code in codes.items():
        with pytest.raises(GraphError) as caught:
            read_streets(tmp_path / name)
        assert caught.value.code == code
        assert (".gpkg" in caught.value.hint) == (code == "streets-format")


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"features": 1}', b"", b'{"features": []}', b'[{"u": 1}]', b"\xff"])
def test_files_that_are_not_geojson_are_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "streets.geojson"
    path.write_bytes(data)
    with pytest.raises(GraphError) as caught:
        read_streets(path)
    assert caught.value.code == "streets-broken"


def test_a_graph_with_a_node_wherever_a_street_bends_is_refused(tmp_path: Path) -> None:
    bends = np.column_stack([np.linspace(9.0, 9.1, 150), np.full(150, 48.0)])
    rows = [edge(bends[i : i + 2], u=str(i), v=str(i + 1), name="Oak") for i in range(149)]
    for path in (geojson(tmp_path / "s.geojson", rows), graphml(tmp_path / "s.graphml", rows)):
        with pytest.raises(GraphError, match="148 of 150 nodes") as caught:
            read_streets(path)
        assert caught.value.code == "streets-unsimplified"
    for i, (_, values) in enumerate(rows):
        values["name"] = f"Street {i}"
    assert len(read_streets(geojson(tmp_path / "s.geojson", rows))) == 149
