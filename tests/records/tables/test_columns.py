"""Columns are found by known names, or by the names the user gives; what is not found is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.records.table_fixtures import refusal, written
from ugembed.errors import ConfigError
from ugembed.records.item import Place
from ugembed.records.points import ImagePoint, read_points
from ugembed.records.tables.columns import COLUMNS, find_sources, parse_columns

PLAIN = [ImagePoint("a", Place(1.0, 2.0, 90.0), "a.jpg")]


@pytest.mark.parametrize(("key", "name"), [(key, name) for key, names in COLUMNS.items() for name in names])
def test_every_known_name_is_found_in_any_case_and_with_a_vendors_prefix(key: str, name: str) -> None:
    others = ["id", "geometry"] if key in ("heading", "image") else ["heading"]
    others += {"id": ["lon", "lat"], "lon": ["id", "lat"], "lat": ["id", "lon"], "geometry": ["id"]}.get(key, [])
    for written_as in (name, name.upper(), f"mly_{name}", f"kv_{name}"):
        sources = find_sources([*others, written_as], where="t", given={})
        assert written_as in sources.names()


def test_columns_of_any_name_are_mapped(tmp_path: Path) -> None:
    path = written(tmp_path, "id,Key,Easting,Northing,yaw,heading,photo\n9,a,1,2,90,5,a.jpg\n")
    columns = parse_columns("id=Key, lon=Easting,lat=Northing,heading=yaw,image=photo")
    assert read_points(path, columns=columns) == PLAIN


def test_a_mapped_column_goes_before_a_known_one(tmp_path: Path) -> None:
    path = written(tmp_path, "id,lon,lat,geometry,heading,image\na,8,9,POINT (1 2),90,a.jpg\n")
    assert read_points(path)[0].place == Place(8, 9, 90)
    assert read_points(path, columns={"geometry": "geometry"}) == PLAIN


def test_the_computed_value_counts_and_the_raw_one_stands_in_for_a_blank(tmp_path: Path) -> None:
    text = (
        "id,lon,lat,computed_geometry,compass_angle,computed_compass_angle\n"
        "a,1,2,POINT (1.5 2.5),10,20\n"
        "b,1,2,,10,\n"
        "c,,,POINT (3 4),,NaN\n"
    )
    assert [point.place for point in read_points(written(tmp_path, text))] == [
        Place(1.5, 2.5, 20),
        Place(1, 2, 10),
        Place(3, 4, None),
    ]


@pytest.mark.parametrize("text", ["id", "id=", "=a", "id=a,id=b", "id=a,", ""])
def test_columns_that_are_no_pairs_are_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_columns(text)
    assert caught.value.code == "columns-broken"


def test_unknown_keys_and_columns_are_answered_with_the_nearest(tmp_path: Path) -> None:
    path = written(tmp_path, "photo_key,lon,lat\na,1,2\n")
    error = refusal(path, {"headng": "photo_key"})
    assert (error.code, "did you mean 'heading'?" in error.hint) == ("columns-broken", True)
    error = refusal(path, {"id": "photo_kay"})
    assert (error.code, "did you mean 'photo_key'?" in error.hint) == ("points-columns", True)
    assert "no column 'photo_kay' for id" in error.message
    assert refusal(path, {"id": "photo_key", "geometry": "lon", "lat": "lat"}).code == "columns-broken"


def test_only_what_is_missing_is_asked_for(tmp_path: Path) -> None:
    assert "no column for lat (or" in refusal(written(tmp_path, "id,lon,name\na,1,b\n")).message
    assert "no column for id (or" in refusal(written(tmp_path, "geometry,name\nPOINT (1 2),b\n")).message
    many = ",".join(f"c{i}" for i in range(100))
    assert refusal(written(tmp_path, f"{many}\n1\n")).message.endswith("c38, c39 …")
