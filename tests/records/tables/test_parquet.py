"""Parquet and GeoParquet give what the same table as CSV or GeoJSON gives."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.records.table_fixtures import refusal
from ugembed.records.item import Place
from ugembed.records.points import ImagePoint, read_points
from ugembed.records.tables import parquet as table_parquet

POINTS = st.lists(
    st.tuples(
        st.text("abcäπ-_ .0123456789", min_size=1, max_size=8).map(str.strip).filter(bool),
        st.floats(-180, 180),
        st.floats(-90, 90),
        st.none() | st.floats(0, 359.9),
    ),
    min_size=1,
    max_size=20,
    unique_by=lambda row: row[0],
)
UTM = {"type": "ProjectedCRS", "name": "WGS 84 / UTM zone 32N", "id": {"authority": "EPSG", "code": 32632}}


def parquet(path: Path, columns: dict[str, Any], geo: object = None) -> Path:
    table = pa.table(columns)
    if geo is not None:
        table = table.replace_schema_metadata({"geo": orjson.dumps(geo)})
    pq.write_table(table, path)
    return path


def geo(name: str = "geometry", **column: Any) -> dict[str, Any]:
    found = {"encoding": "WKB", "geometry_types": ["Point"], **column}
    return {"version": "1.1.0", "primary_column": name, "columns": {name: found}}


def wkb(*pairs: tuple[float, float]) -> list[bytes]:
    return [shapely.to_wkb(shapely.Point(*pair)) for pair in pairs]


@settings(max_examples=40, deadline=None)
@given(POINTS)
def test_all_formats_give_the_same_points(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, float, float, float | None]]
) -> None:
    folder = tmp_path_factory.mktemp("formats")
    ids, lons, lats, headings = (list(column) for column in zip(*rows, strict=True))
    expected = [ImagePoint(name, Place(lon, lat, heading)) for name, lon, lat, heading in rows]
    pairs = list(zip(lons, lats, strict=True))
    base = {"id": ids, "heading": pa.array(headings, pa.float64())}
    with (folder / "a.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "lon", "lat", "heading"), *rows])
    features = [
        {"geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": {"id": name, "heading": heading}}
        for name, lon, lat, heading in rows
    ]
    (folder / "a.geojson").write_bytes(orjson.dumps({"features": features}))
    (folder / "a.ndjson").write_bytes(b"\n".join(map(orjson.dumps, features)))
    parquet(folder / "a.parquet", base | {"lon": lons, "lat": lats})
    parquet(folder / "wkb.parquet", base | {"geometry": wkb(*pairs)}, geo())
    arrow = pa.array([{"x": lon, "y": lat} for lon, lat in pairs], pa.struct({"x": pa.float64(), "y": pa.float64()}))
    parquet(folder / "arrow.parquet", base | {"geometry": arrow}, geo(encoding="point"))
    for path in sorted(folder.iterdir()):
        assert read_points(path) == expected, path.name


@pytest.mark.parametrize("crs", ["absent", ("OGC", "CRS84"), ("EPSG", 4326)])
def test_degrees_are_read(tmp_path: Path, crs: str | tuple[str, object]) -> None:
    told = {} if isinstance(crs, str) else {"crs": {"name": "WGS 84", "id": {"authority": crs[0], "code": crs[1]}}}
    path = parquet(tmp_path / "a.geoparquet", {"id": ["a"], "shape": wkb((1, 2))}, geo("shape", **told))
    assert read_points(path) == [ImagePoint("a", Place(1, 2))]


@pytest.mark.parametrize(("crs", "said"), [(UTM, "UTM zone 32N (EPSG:32632)"), (None, "null"), ("EPSG:3857", "3857")])
def test_another_reference_system_is_refused(tmp_path: Path, crs: object, said: str) -> None:
    path = parquet(tmp_path / "a.parquet", {"id": ["a"], "geometry": wkb((5e5, 5.4e6))}, geo(crs=crs))
    error = refusal(path)
    assert (error.code, said in error.message, "to_crs(4326)" in error.hint) == ("points-crs", True, True)


def test_the_primary_geometry_goes_before_other_columns(tmp_path: Path) -> None:
    columns = {"id": ["a"], "lon": [8.0], "lat": [9.0], "geometry": ["POINT (5 6)"], "shape": wkb((1, 2))}
    assert read_points(parquet(tmp_path / "a.parquet", columns, geo("shape")))[0].place == Place(1, 2)
    assert read_points(parquet(tmp_path / "b.parquet", columns))[0].place == Place(8, 9)


def test_what_is_no_point_is_told_by_row(tmp_path: Path) -> None:
    cells = [*wkb((1, 2)), shapely.to_wkb(shapely.LineString([(1, 2), (3, 4)])), None]
    error = refusal(parquet(tmp_path / "a.parquet", {"id": ["a", "b", "c"], "geometry": cells}, geo()))
    assert error.code == "coordinates-broken"
    assert [line.partition("a.parquet: ")[2] for line in error.message.splitlines()] == [
        "row 2: the geometry is a LineString, not a point",
        "row 3: the geometry is None, not a point",
    ]


@pytest.mark.parametrize(
    "value",
    [
        [],
        {"primary_column": "geometry", "columns": {}},
        {"primary_column": "gone", "columns": {"gone": {"encoding": "WKB"}}},
        geo(encoding="linestring"),
    ],
)
def test_metadata_that_is_not_geoparquets_is_refused(tmp_path: Path, value: object) -> None:
    path = parquet(tmp_path / "a.parquet", {"id": ["a"], "geometry": wkb((1, 2))}, value)
    assert refusal(path).code == "points-broken"


def test_ids_that_became_floating_point_are_refused(tmp_path: Path) -> None:
    columns = {"lon": [1.0, 2.0], "lat": [1.0, 2.0]}
    whole = parquet(tmp_path / "a.parquet", columns | {"id": [4181467471904806, 2]})
    assert [point.id for point in read_points(whole)] == ["4181467471904806", "2"]
    error = refusal(parquet(tmp_path / "b.parquet", columns | {"id": [4181467471904806.0, float("nan")]}))
    assert error.code == "point-id"
    assert "row 1: the id is 4181467471904806.0, not a text or a whole number" in error.message
    assert "row 2: no id" in error.message


def test_empty_and_damaged_files_are_refused(tmp_path: Path) -> None:
    sound = parquet(tmp_path / "a.parquet", {"id": ["a"], "lon": [1.0], "lat": [2.0]})
    assert len(read_points(sound)) == 1
    assert refusal(parquet(tmp_path / "none.parquet", {"id": [], "lon": [], "lat": []})).code == "points-empty"
    data = sound.read_bytes()
    for end in range(0, len(data), 37):
        (tmp_path / "cut.parquet").write_bytes(data[:end])
        assert refusal(tmp_path / "cut.parquet").code == "points-broken"
    assert refusal(tmp_path / "gone.parquet").code == "file-missing"


def test_too_many_rows_are_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = parquet(tmp_path / "a.parquet", {"id": ["a", "b"], "lon": [1.0, 2.0], "lat": [1.0, 2.0]})
    monkeypatch.setattr(table_parquet, "MAX_ROWS", 1)
    assert refusal(path).code == "points-too-large"
