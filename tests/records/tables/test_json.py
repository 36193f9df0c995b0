"""GeoJSON in its forms, and the JSON that Mapillary, KartaView and mapillary_tools write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.records.table_fixtures import refusal, written
from ugembed.records.item import Place
from ugembed.records.points import ImagePoint, read_points

NOT_DEGREES = ("urn:ogc:def:crs:EPSG::3857", "EPSG:32632")
DEGREES = ("urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326", "EPSG:4326")


def as_json(folder: Path, value: Any, name: str = "points.json") -> Path:
    return written(folder, orjson.dumps(value).decode(), name)


def feature(name: str, lon: float, lat: float, **properties: Any) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "geometry": point, "properties": {"id": name, **properties}}


def test_the_answer_of_mapillarys_service_is_read(tmp_path: Path) -> None:
    image = {
        "id": "171",
        "geometry": {"type": "Point", "coordinates": [1, 2]},
        "computed_geometry": {"type": "Point", "coordinates": [1.5, 2.5]},
        "compass_angle": 80.0,
        "computed_compass_angle": 91.5,
        "captured_at": 1_537_759_996_000,
        "thumb_2048_url": "https://example.org/171.jpg",
    }
    raw = {"id": "172", "geometry": {"type": "Point", "coordinates": [3, 4]}, "compass_angle": 370.0}
    path = as_json(tmp_path, {"data": [image, raw], "paging": {}})
    assert read_points(path) == [ImagePoint("171", Place(1.5, 2.5, 91.5)), ImagePoint("172", Place(3, 4, 10.0))]


def test_descriptions_of_mapillary_tools_are_read(tmp_path: Path) -> None:
    image = {
        "MAPLatitude": 2.0,
        "MAPLongitude": 1.0,
        "MAPCompassHeading": {"TrueHeading": 90.0, "MagneticHeading": 87.0},
        "filename": "/photos/day 1/IMG_0001.JPG",
        "filetype": "image",
    }
    failed = {"error": {"type": "MapillaryGeoTaggingError"}, "filename": "/photos/IMG_0002.JPG", "filetype": "image"}
    name = "mapillary_image_description.json"
    found = read_points(as_json(tmp_path, [image], name))
    assert found == [ImagePoint("IMG_0001", Place(1, 2, 90.0), "/photos/day 1/IMG_0001.JPG")]
    error = refusal(as_json(tmp_path, [image, failed], name))
    assert (error.code, "[1]: lon is None" in error.message) == ("coordinates-broken", True)


@pytest.mark.parametrize("keys", [("result", "data"), ("currentPageItems",)])
def test_answers_of_kartaviews_services_are_read(tmp_path: Path, keys: tuple[str, ...]) -> None:
    value: Any = [{"id": "7", "lat": "2.0", "lng": "1.0", "heading": "90.5", "fileurl": "https://example.org/7.jpg"}]
    for key in reversed(keys):
        value = {key: value, "status": {"apiCode": 600}}
    assert read_points(as_json(tmp_path, value)) == [ImagePoint("7", Place(1, 2, 90.5))]


def test_answers_of_googles_metadata_service_are_read(tmp_path: Path) -> None:
    value = [{"pano_id": "Y2y", "location": {"lat": 2.0, "lng": 1.0}, "date": "2018-08"}]
    assert read_points(as_json(tmp_path, value)) == [ImagePoint("Y2y", Place(1, 2))]


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\n\n", "\n\x1e"])
@pytest.mark.parametrize("name", ["points.geojsonl", "points.geojson", "points.ndjson"])
def test_newline_delimited_features_are_read(tmp_path: Path, separator: str, name: str) -> None:
    lines = [orjson.dumps(feature(str(i), i, i, bearing=i)).decode() for i in range(3)]
    path = tmp_path / name
    path.write_bytes(("\x1e" * ("\x1e" in separator) + separator.join(lines) + "\n").encode())
    assert read_points(path) == [ImagePoint(str(i), Place(i, i, float(i))) for i in range(3)]


def test_a_faulty_line_is_told_by_its_number(tmp_path: Path) -> None:
    lines = [orjson.dumps(feature(str(i), i, i)).decode() for i in range(3)]
    lines[2:] = ["", orjson.dumps(feature("x", 400, 0)).decode()]
    assert "line 4: (lon, lat) = (400.0, 0.0)" in refusal(written(tmp_path, "\n".join(lines), "a.ndjson")).message
    error = refusal(written(tmp_path, "\n".join([*lines, "{"]), "a.ndjson"))
    assert (error.code, "line 5: not JSON" in error.message) == ("points-broken", True)


def test_one_feature_alone_is_a_table_of_one(tmp_path: Path) -> None:
    assert read_points(as_json(tmp_path, feature("a", 1, 2))) == [ImagePoint("a", Place(1, 2))]
    assert "the feature: no id" in refusal(as_json(tmp_path, feature("", 1, 2))).message


def test_a_pretty_printed_collection_is_not_taken_for_lines(tmp_path: Path) -> None:
    text = orjson.dumps({"features": [feature("a", 1, 2)]}, option=orjson.OPT_INDENT_2).decode()
    assert read_points(written(tmp_path, "\ufeff" + text, "a.geojson")) == [ImagePoint("a", Place(1, 2))]


def test_the_number_of_a_feature_is_not_taken_for_the_id_of_its_image(tmp_path: Path) -> None:
    numbered = [feature(name, 1, 2) | {"id": str(i)} for i, name in enumerate("ab")]
    assert [point.id for point in read_points(as_json(tmp_path, {"features": numbered}))] == ["a", "b"]
    path = as_json(tmp_path, {"features": numbered})
    assert [point.id for point in read_points(path, columns={"id": "feature.id"})] == ["0", "1"]


def test_the_geometry_of_a_feature_goes_before_its_properties(tmp_path: Path) -> None:
    path = as_json(tmp_path, {"features": [feature("a", 1, 2, longitude=5, latitude=6, x=7, y=8)]})
    assert read_points(path)[0].place == Place(1, 2)
    assert read_points(path, columns={"lon": "x", "lat": "y"})[0].place == Place(7, 8)


@pytest.mark.parametrize("name", NOT_DEGREES)
def test_another_reference_system_is_refused(tmp_path: Path, name: str) -> None:
    crs = {"type": "name", "properties": {"name": name}}
    error = refusal(as_json(tmp_path, {"crs": crs, "features": [feature("a", 1, 2)]}))
    assert (error.code, name in error.message, "to_crs(4326)" in error.hint) == ("points-crs", True, True)


def test_degrees_under_any_name_are_read(tmp_path: Path) -> None:
    for name in DEGREES:
        crs = {"type": "name", "properties": {"name": name}}
        assert len(read_points(as_json(tmp_path, {"crs": crs, "features": [feature("a", 1, 2)]}))) == 1
    assert refusal(as_json(tmp_path, {"crs": {}, "features": [feature("a", 1, 2)]})).code == "points-crs"


@pytest.mark.parametrize("value", [1, "x", None, {}, {"data": 1}, {"result": []}])
def test_what_is_no_list_of_images_is_refused(tmp_path: Path, value: object) -> None:
    assert refusal(as_json(tmp_path, value)).code == "points-broken"


def test_what_is_no_object_has_no_id(tmp_path: Path) -> None:
    error = refusal(as_json(tmp_path, [{"id": "a", "lon": 1, "lat": 2}, 5, None]))
    assert [line.partition("points.json: ")[2] for line in error.message.splitlines()] == ["[1]: no id", "[2]: no id"]


@pytest.mark.parametrize(("name", "said"), [(1.5e15, "1500000000000000.0"), (True, "True"), (["a"], "['a']")])
def test_ids_are_texts_or_whole_numbers(tmp_path: Path, name: object, said: str) -> None:
    assert read_points(as_json(tmp_path, [{"id": 171, "lon": 1, "lat": 2}]))[0].id == "171"
    error = refusal(as_json(tmp_path, [{"id": name, "lon": 1, "lat": 2}]))
    assert (error.code, f"the id is {said}" in error.message) == ("point-id", True)


def test_nesting_too_deep_is_refused(tmp_path: Path) -> None:
    assert refusal(written(tmp_path, "[" * 1_000_000, "deep.json")).code == "points-broken"
