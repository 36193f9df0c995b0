"""Tables of images, cut in their own format."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.records.split.towns import town
from ugembed.errors import DataError
from ugembed.records.points import read_points
from ugembed.records.split import SplitConfig, split
from ugembed.records.split.sources import RowFile, open_source

NAMES = ("train", "validation", "test")
SPOTS = [(f"p{i}", one["place"]["lon"], one["place"]["lat"]) for i, one in enumerate(town(40)[:40])]


def run(file: Path, **more: Any) -> Path:
    out = file.parent / "out"
    split(SplitConfig.model_validate({"files": [file], "out": out, "by": "image", **more}))
    return out


def ids(out: Path, ending: str) -> list[list[str]]:
    return [[point.id for point in read_points(out / f"{name}{ending}")] for name in NAMES]


def check(found: list[list[str]], expected: list[str]) -> None:
    assert sorted(id for part in found for id in part) == sorted(expected)
    assert all([id for id in expected if id in set(part)] == part for part in found)


def test_csv_rows_are_copied_byte_for_byte_below_the_header(tmp_path: Path) -> None:
    """Notes in quotes hold line ends and delimiters; the table is Windows' and starts with a byte order mark."""
    notes = [b"", b'"a ""b""\r\n;c\n"']
    header, rows = b'note;id;lon;lat;"x;y"\r\n', {}
    for number, (id, lon, lat) in enumerate(SPOTS):
        rows[id] = notes[number % 2] + f";{id};{lon};{lat};0\r\n".encode()
    blank = b"\r\n"
    (tmp_path / "points.csv").write_bytes(b"\xef\xbb\xbf" + blank + header + blank.join(rows.values()))
    out = run(tmp_path / "points.csv")
    found = ids(out, ".csv")
    check(found, list(rows))
    for name, own in zip(NAMES, found, strict=True):
        assert (out / f"{name}.csv").read_bytes() == header + b"".join(rows[id] for id in own)


def test_geojson_keeps_its_other_members(tmp_path: Path) -> None:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [lon, lat]},
            "properties": {"id": id, "deep": {"x": [1, None]}},
        }
        for id, lon, lat in SPOTS
    ]
    collection = {"type": "FeatureCollection", "name": "town", "bbox": [0, 0, 1, 1], "features": features}
    file = tmp_path / "points.geojson"
    file.write_bytes(orjson.dumps(collection))
    out = run(file)
    check(ids(out, ".geojson"), [id for id, _, _ in SPOTS])
    test = orjson.loads((out / "test.geojson").read_bytes())
    assert (test["name"], "bbox" in test) == ("town", False)
    assert all(feature in features for feature in test["features"])


def test_whole_numbers_of_any_size_stay_what_they_are(tmp_path: Path) -> None:
    geometry = '{"type": "Point", "coordinates": [%r, %r]}'
    feature = f'{{"type": "Feature", "geometry": {geometry}, "properties": {{"id": "%s", "n": %d}}}}'
    numbers = {id: 10**22 + i for i, (id, _, _) in enumerate(SPOTS)}
    features = [feature % (lon, lat, id, numbers[id]) for id, lon, lat in SPOTS]
    file = tmp_path / "points.geojson"
    file.write_text('{"type": "FeatureCollection", "features": [' + ",".join(features) + "]}", encoding="utf-8")
    out = run(file)
    parts = [json.loads((out / f"{name}.geojson").read_text(encoding="utf-8"))["features"] for name in NAMES]
    found = [feature["properties"] for part in parts for feature in part]
    assert {own["id"]: own["n"] for own in found} == numbers


def test_lines_of_geojson_are_copied_byte_for_byte(tmp_path: Path) -> None:
    file = tmp_path / "points.ndjson"
    lines = [b'{"id": "%s",  "lon": %r, "lat": %r}' % (id.encode(), lon, lat) for id, lon, lat in SPOTS]
    file.write_bytes(b"\n\n".join(lines))
    out = run(file)
    written = [(out / f"{name}.ndjson").read_bytes().splitlines() for name in NAMES]
    assert sorted(line for part in written for line in part) == sorted(lines)


def test_parquet_keeps_its_columns_types_and_metadata(tmp_path: Path) -> None:
    id, lon, lat = zip(*SPOTS, strict=True)
    table = pa.table({"id": id, "lon": lon, "lat": lat, "n": pa.array(range(len(id)), pa.int16())})
    file = tmp_path / "points.parquet"
    pq.write_table(table.replace_schema_metadata({"who": "us"}), file)
    out = run(file)
    check(ids(out, ".parquet"), list(id))
    found = pa.concat_tables([pq.read_table(out / f"{name}.parquet") for name in NAMES])
    assert found.schema.equals(table.schema)
    assert found.schema.metadata == {b"who": b"us"}
    assert found.sort_by("n").equals(table)


def test_the_box_of_a_whole_geoparquet_file_is_not_that_of_a_part(tmp_path: Path) -> None:
    geometry = {"encoding": "WKB", "geometry_types": ["Point"], "bbox": [0, 0, 1, 1]}
    geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": geometry, "odd": None}}
    wkb = [struct.pack("<BIdd", 1, 1, lon, lat) for _, lon, lat in SPOTS]
    table = pa.table({"id": [id for id, _, _ in SPOTS], "geometry": wkb})
    file = tmp_path / "points.parquet"
    pq.write_table(table.replace_schema_metadata({"geo": orjson.dumps(geo), "who": "us"}), file)
    out = run(file)
    check(ids(out, ".parquet"), [id for id, _, _ in SPOTS])
    metadata = pq.read_schema(out / "test.parquet").metadata
    assert metadata[b"who"] == b"us"
    del geometry["bbox"]
    assert orjson.loads(metadata[b"geo"]) == geo


def test_a_number_that_is_missing_names_no_city(tmp_path: Path) -> None:
    id, lon, lat = zip(*SPOTS, strict=True)
    cities = [float("nan"), *(float(i % 4) for i in range(1, len(id)))]
    pq.write_table(pa.table({"id": id, "lon": lon, "lat": lat, "city": cities}), tmp_path / "points.parquet")
    with pytest.raises(DataError) as error:
        run(tmp_path / "points.parquet", by="city")
    assert error.value.code == "city-missing"
    assert "points.parquet: row 1: no city" in error.value.message


def test_columns_that_are_not_known_are_refused_without_naming_an_option_of_another_verb(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("a,b,c\n1,2,3\n", encoding="utf-8")
    with pytest.raises(DataError) as error:
        run(tmp_path / "points.csv")
    assert error.value.code == "points-columns"
    assert "rename" in error.value.hint
    assert "--columns" not in error.value.hint


def test_a_column_called_city_counts(tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    rows = [f"{id},{lon},{lat},{'abcd'[i % 4]}" for i, (id, lon, lat) in enumerate(SPOTS)]
    file.write_text("\n".join(["id,lon,lat,City", *rows]), encoding="utf-8")
    out = run(file, by="city")
    whole = orjson.loads((out / "split.json").read_bytes())["whole"]
    assert sorted(city for own in whole.values() for city in own) == list("abcd")


def test_rows_of_one_picture_file_stay_together(tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    rows = [f"{id},{lon},{lat},{i % 20}.jpg" for i, (id, lon, lat) in enumerate(SPOTS)]
    file.write_text("\n".join(["id,lon,lat,image", *rows]), encoding="utf-8")
    out = run(file)
    images = [{point.image for point in read_points(out / f"{name}.csv")} for name in NAMES]
    assert sum(map(len, images)) == 20


def test_json_that_cannot_be_cut_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "points.json"
    file.write_bytes(orjson.dumps([{"id": id, "lon": lon, "lat": lat} for id, lon, lat in SPOTS]))
    with pytest.raises(DataError) as error:
        run(file)
    assert error.value.code == "split-input"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("ending", [".csv", ".ndjson", ".geojson", ".parquet", ".jsonl"])
def test_a_file_that_changed_meanwhile_is_refused(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"points{ending}"
    if ending == ".parquet":
        pq.write_table(pa.table({"id": ["a", "b"], "lon": [0.0, 1.0], "lat": [0.0, 1.0]}), file)
    elif ending == ".geojson":
        feature = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [0, 0]}, "properties": {}}
        file.write_bytes(orjson.dumps({"type": "FeatureCollection", "features": [feature, feature]}))
    elif ending == ".csv":
        file.write_text("id,lon,lat\na,0,0\nb,1,1\n", encoding="utf-8")
    else:
        file.write_text('{"text": "a"}\n{"text": "b"}\n', encoding="utf-8")
    for known in ([0, 0, 1], [0]):
        source = open_source(file)
        assert isinstance(source, RowFile) == (ending == ".jsonl")
        with pytest.raises(DataError) as error:
            source.copy(known, [tmp_path / "one", tmp_path / "two"])
        assert error.value.code == "file-changed"


@pytest.mark.real_data
def test_a_table_of_mapillary_is_cut(tmp_path: Path, shared_data: Path) -> None:
    original = shared_data / "streetview" / "point-tables" / "metadata" / "mly_pids.csv"
    file = tmp_path / original.name
    file.write_bytes(original.read_bytes())
    out = run(file)
    check(ids(out, ".csv"), [point.id for point in read_points(original)])
    written = [line for name in NAMES for line in (out / f"{name}.csv").read_bytes().splitlines()]
    assert set(written) == set(original.read_bytes().splitlines())
