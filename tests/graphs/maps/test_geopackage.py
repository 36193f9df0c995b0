"""GeoPackages: layers, reference systems, and files made to do harm."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import shapely

from tests.graphs.maps.written_maps import Row, geopackage
from ugembed.errors import GraphError
from ugembed.graphs.maps.places import read_places
from ugembed.graphs.maps.streets import read_streets

EDGE: Row = (shapely.LineString([(9.0, 48.0), (9.001, 48.0)]), {"u": "1", "v": "2", "name": "Oak"})
POINT: Row = (shapely.Point(9.0, 48.0), {"name": "Blue Cup", "amenity": "cafe"})


def run(path: Path, *statements: str) -> Path:
    database = sqlite3.connect(path)
    for statement in statements:
        database.execute(statement)
    database.commit()
    database.close()
    return path


def refusal(path: Path) -> GraphError:
    with pytest.raises(GraphError) as caught:
        read_streets(path)
    return caught.value


def test_the_layer_edges_is_taken_whatever_else_is_there(tmp_path: Path) -> None:
    path = geopackage(tmp_path / "a.gpkg", [POINT], layer="nodes", kind="POINT")
    geopackage(path, [EDGE], layer="edges")
    geopackage(path, [EDGE, EDGE], layer="rivers")
    assert [link.name for link in read_streets(path)] == ["Oak"]


def test_the_only_layer_of_lines_is_taken(tmp_path: Path) -> None:
    path = geopackage(tmp_path / "a.gpkg", [POINT], layer="pois", kind="POINT")
    geopackage(path, [EDGE], layer="roads 2024", kind="MULTILINESTRING")
    assert [link.name for link in read_streets(path)] == ["Oak"]
    assert [place.name for place in read_places(path)] == ["Blue Cup"]


def test_several_layers_that_could_be_meant_are_refused_by_name(tmp_path: Path) -> None:
    path = geopackage(tmp_path / "a.gpkg", [EDGE], layer="roads")
    geopackage(path, [EDGE], layer="rivers")
    assert (refusal(path).code, "roads" in refusal(path).message) == ("streets-layer", True)
    with pytest.raises(GraphError, match="rivers, roads") as caught:
        read_places(path)
    assert caught.value.code == "places-layer"


def test_edges_of_an_undirected_graph_run_from_and_to(tmp_path: Path) -> None:
    """osmnx writes u and v in any order, and the direction of the line in two more columns."""
    line = shapely.LineString([(9.0, 48.0), (9.001, 48.0)])
    row = (line, {"u": "7", "v": "9", "from": "9", "to": "7"})
    (link,) = read_streets(geopackage(tmp_path / "a.gpkg", [row]))
    assert (link.start, link.points[0].tolist()) == ("7", [9.001, 48.0])


@pytest.mark.parametrize("byte_order", [0, 1])
@pytest.mark.parametrize("envelope", [0, 1])
def test_geometries_of_either_byte_order_with_or_without_envelope(
    byte_order: int, envelope: int, tmp_path: Path
) -> None:
    wkb = shapely.to_wkb(EDGE[0], byte_order=byte_order)
    blob = b"GP\0" + bytes([envelope << 1 | byte_order]) + bytes(4) + bytes(32 * envelope) + wkb
    path = geopackage(tmp_path / "a.gpkg", [EDGE])
    database = sqlite3.connect(path)
    database.execute("UPDATE edges SET geom = ?", (blob,))
    database.commit()
    database.close()
    assert read_streets(path)[0].points.tolist() == [[9.0, 48.0], [9.001, 48.0]]


BOMB = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS fid, i AS geom, i AS u FROM n"


def renamed(name: str) -> list[str]:
    return [f"UPDATE {table} SET table_name = {name}" for table in ("gpkg_contents", "gpkg_geometry_columns")]


@pytest.mark.parametrize(
    ("statements", "why"),
    [
        (["DROP TABLE edges", f"CREATE VIEW edges AS {BOMB}"], "'edges' is not a plain table"),
        (["DROP TABLE edges", "CREATE VIRTUAL TABLE edges USING fts5(geom, u, v)"], "'edges' is not a plain table"),
        (["DROP TABLE edges"], "'edges' is not in it"),
        (["DROP TABLE gpkg_contents", f"CREATE VIEW gpkg_contents AS {BOMB}"], "'gpkg_contents' is not a plain table"),
        (["DROP TABLE gpkg_spatial_ref_sys"], "'gpkg_spatial_ref_sys' is not in it"),
        (["UPDATE gpkg_geometry_columns SET column_name = 'geometry'"], "no column 'geometry'"),
        (renamed("'sqlite_master'"), "'sqlite_master' is not in it"),
        (renamed("5"), "'5' is not in it"),
        (["UPDATE edges SET geom = 5"], "edges, row 1"),
        (["UPDATE edges SET geom = 'GP'"], "edges, row 1"),
        (["UPDATE edges SET geom = x'4750'"], "edges, row 1: its geometry is WKB that is cut off"),
        (["UPDATE edges SET geom = x'4750000F00000000'"], "edges, row 1"),
        (["UPDATE edges SET name = cast(x'ff' AS TEXT)"], "not a sound GeoPackage"),
    ],
)  # fmt: skip
def test_what_is_not_a_plain_table_of_features_is_refused(statements: list[str], why: str, tmp_path: Path) -> None:
    error = refusal(run(geopackage(tmp_path / "a.gpkg", [EDGE]), *statements))
    assert why in error.message
    assert error.code in ("streets-broken", "streets-layer")


def test_computed_columns_are_not_computed(tmp_path: Path) -> None:
    path = run(
        geopackage(tmp_path / "a.gpkg", [EDGE]),
        "ALTER TABLE edges ADD COLUMN highway TEXT AS (hex(zeroblob(400000000))) VIRTUAL",
    )
    (link,) = read_streets(path)
    assert (link.name, link.highway) == ("Oak", "")


def test_an_unknown_reference_system_is_refused(tmp_path: Path) -> None:
    for srid in (0, -1, 25832):
        path = geopackage(tmp_path / f"{srid}.gpkg", [EDGE], srid=srid)
        assert refusal(path).code == "streets-projected"
    path = geopackage(tmp_path / "own.gpkg", [EDGE], srid=77)
    run(path, "UPDATE gpkg_spatial_ref_sys SET organization = 'EPSG', organization_coordsys_id = 4326")
    assert len(read_streets(path)) == 1


def test_a_file_that_is_being_written_is_refused(tmp_path: Path) -> None:
    path = geopackage(tmp_path / "a.gpkg", [EDGE])
    (tmp_path / "a.gpkg-wal").write_bytes(b"x")
    assert "a.gpkg-wal: close the program" in refusal(path).message
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.gpkg", "a.gpkg-wal"]


def test_reading_leaves_nothing_behind_and_needs_no_right_to_write(tmp_path: Path) -> None:
    path = geopackage(tmp_path / "a #1?.gpkg", [EDGE])
    before = path.read_bytes()
    path.chmod(0o400)
    tmp_path.chmod(0o500)
    try:
        assert len(read_streets(path)) == 1
    finally:
        tmp_path.chmod(0o700)
    assert ([file.name for file in tmp_path.iterdir()], path.read_bytes()) == (["a #1?.gpkg"], before)


@pytest.mark.parametrize("data", [b"", b"SQLite format 3\0", b"no database at all" * 100])
def test_what_is_no_database_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.gpkg").write_bytes(data)
    assert refusal(tmp_path / "a.gpkg").code == "streets-broken"


def test_a_table_cannot_have_more_in_it_than_its_file(tmp_path: Path) -> None:
    """A page that stands in a tree many times: every leaf is the first one, which leads to the largest geometries."""
    large = shapely.LineString([(9.0 + i / 1e5, 48.0) for i in range(20_000)])
    rows: list[Row] = [(large if i < 3 else EDGE[0], {"u": str(i), "v": str(i + 1)}) for i in range(3000)]
    path = geopackage(tmp_path / "a.gpkg", rows)
    data = bytearray(path.read_bytes())
    size = int.from_bytes(data[16:18], "big")
    trees = [at for at in range(0, len(data), size) if data[at] == 5]  # 5: an inner page of a table
    assert trees
    for at in trees:
        cells = [at + int.from_bytes(data[i : i + 2], "big") for i in range(at + 12, at + 12 + 2 * data[at + 4], 2)]
        for cell in cells:
            data[cell : cell + 4] = data[cells[0] : cells[0] + 4]
    path.write_bytes(data)
    assert "more rows than can be in the file" in refusal(path).message
