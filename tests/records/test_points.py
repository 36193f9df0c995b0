"""Image points: every known table is read, every doubtful line is refused."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from ugembed.errors import DataError
from ugembed.records.item import Place
from ugembed.records.points import ImagePoint, read_points


def written(tmp_path: Path, text: str, name: str = "points.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path) -> DataError:
    with pytest.raises(DataError) as caught:
        read_points(path)
    return caught.value


def test_a_plain_table_is_read_in_file_order(tmp_path: Path) -> None:
    path = written(tmp_path, "id,lon,lat,heading,image\nb,7.5,43.5,370,b.jpg\na,-7.5,-43.5,,\n")
    assert read_points(path) == [
        ImagePoint("b", Place(7.5, 43.5, 10.0), "b.jpg"),
        ImagePoint("a", Place(-7.5, -43.5, None), ""),
    ]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("uuid,orig_id,lat,lon,compass_angle,filename", "a,1,2,1,90,a.jpg"),
        ("Image_ID;LNG;LATITUDE;Heading;Image", "a;1;2;90;a.jpg"),
        ("\ufeffpanoid\tx\ty\theading_deg\tpath", "a\t1\t2\t90\ta.jpg"),
        ("id,longitude,lat,bearing,file_name,more", '"a",1,2,90,"a.jpg","x\ny"'),
    ],
)
def test_columns_are_found_by_their_known_names(tmp_path: Path, header: str, row: str) -> None:
    assert read_points(written(tmp_path, f"{header}\n{row}\n")) == [ImagePoint("a", Place(1.0, 2.0, 90.0), "a.jpg")]


def test_a_heading_that_is_not_known_is_none(tmp_path: Path) -> None:
    points = read_points(written(tmp_path, "id,lon,lat,heading\na,1,2,NaN\nb,1,2,\n"))
    assert [point.place.heading_deg for point in points] == [None, None]


def test_geojson_points_are_read(tmp_path: Path) -> None:
    features = [
        {"id": "a", "geometry": {"type": "Point", "coordinates": [1, 2, 30]}, "properties": {"Compass_Angle": 5}},
        {"geometry": {"type": "Point", "coordinates": [3, 4]}, "properties": {"uuid": "b", "image": "b.jpg"}},
    ]
    path = written(tmp_path, orjson.dumps({"features": features}).decode(), "points.geojson")
    assert read_points(path) == [ImagePoint("a", Place(1, 2, 5.0)), ImagePoint("b", Place(3, 4), "b.jpg")]


@pytest.mark.parametrize("text", ["", "\n \n", "id,lon,lat\n"])
def test_a_table_without_points_is_refused(tmp_path: Path, text: str) -> None:
    assert refusal(written(tmp_path, text)).code == "points-empty"


def test_missing_columns_are_named_beside_what_was_found(tmp_path: Path) -> None:
    error = refusal(written(tmp_path, "name,lon,north\nx,1,2\n"))
    assert error.code == "points-columns"
    assert "no column for id (or image_id" in error.message
    assert "lat (or latitude, y)" in error.message
    assert "found: name, lon, north" in error.message


def test_all_faulty_lines_are_told_at_once_with_their_numbers(tmp_path: Path) -> None:
    lines = ["id,lon,lat,heading", "a,1,2,", "b,nan,2,", "c,1,x,", "d,200,2,", ",1,2,", "a,1,2,", "e,1,2,north", "f,1"]
    error = refusal(written(tmp_path, "\n".join(lines)))
    told = error.message.splitlines()
    assert error.code == "coordinates-broken"
    assert [line.partition("line ")[2].partition(":")[0] for line in told] == ["3", "4", "5", "6", "7", "8", "9"]
    assert "lon is 'nan', not a number" in told[0]
    assert "id 'a' stands in line 2 already" in told[4]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("a,inf,2,", "coordinates-broken"),
        ("a,1,,", "coordinates-broken"),
        ("a,43.7,-91,", "coordinates-range"),
        (" ,1,2,", "point-id"),
        ("a,1,2,inf", "heading-broken"),
        ("a,1,2,\na,1,2,", "point-duplicate"),
    ],
)
def test_every_fault_has_its_code(tmp_path: Path, row: str, code: str) -> None:
    assert refusal(written(tmp_path, f"id,lon,lat,heading\n{row}\n")).code == code


def test_more_than_twenty_faults_are_counted(tmp_path: Path) -> None:
    error = refusal(written(tmp_path, "id,lon,lat\n" + "".join(f"p{i},x,1\n" for i in range(30))))
    assert len(error.message.splitlines()) == 21
    assert error.message.endswith("… and 10 more")


def test_geojson_that_is_not_points_is_refused(tmp_path: Path) -> None:
    line = {"id": "a", "geometry": {"type": "LineString", "coordinates": [[1, 2], [3, 4]]}}
    path = written(tmp_path, orjson.dumps({"features": [line]}).decode(), "points.geojson")
    assert refusal(path).code == "coordinates-broken"
    assert refusal(written(tmp_path, "[]", "list.geojson")).code == "points-broken"
    assert refusal(written(tmp_path, "{", "torn.geojson")).code == "points-broken"


def test_files_that_are_no_text_or_not_there_are_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes(b"id,lon,lat\n\xe4,1,2\n")
    assert refusal(tmp_path / "latin.csv").code == "points-broken"
    assert refusal(tmp_path / "none.csv").code == "file-missing"


@pytest.mark.real_data
def test_the_tables_of_stuttgart_are_read(shared_data: Path) -> None:
    folder = shared_data / "streetview" / "stuttgart"
    points = read_points(folder / "points.csv")
    assert len(points) == 1725
    assert sum(point.place.heading_deg is not None for point in points) > 1000
    assert len(read_points(folder / "points_snapped.csv")) == 1706
    assert all((folder / point.image).is_file() for point in read_points(folder / "images.csv"))
