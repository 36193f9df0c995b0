"""Image points: every known table is read, every doubtful line is refused."""

from __future__ import annotations

import gc
from pathlib import Path

import orjson
import pytest

from tests.records.table_fixtures import refusal, written
from ugembed.records.item import Place
from ugembed.records.points import ImagePoint, read_points
from ugembed.records.tables import files as table_files


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


def test_without_a_column_of_ids_an_image_is_called_like_its_file(tmp_path: Path) -> None:
    path = written(tmp_path, "filename,lon,lat\nday 1/a.b.jpg,1,2\nC:\\x\\c.jpg,1,2\n")
    assert [(point.id, point.image) for point in read_points(path)] == [
        ("a.b", "day 1/a.b.jpg"),
        ("c", "C:\\x\\c.jpg"),
    ]


def test_a_cell_too_many_is_refused_unless_it_is_blank(tmp_path: Path) -> None:
    path = written(tmp_path, "id,lon,lat\na,1,2,,\nb,Oak St, 5,1,2\nc,1,2\nd,e,1,2\n")
    error = refusal(path)
    assert error.code == "points-row"
    assert [line.partition("line ")[2] for line in error.message.splitlines()] == [
        "3: 5 cells, but the first line has 3",
        "5: 4 cells, but the first line has 3",
    ]
    assert len(read_points(written(tmp_path, "id,lon,lat\na,1,2,,\n"))) == 1


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    path = written(tmp_path, '\n\nid,note,lon,lat\n\na,"two\nlines",1,2\nb,,x,2\n')
    assert "line 7: lon is 'x'" in refusal(path).message


def test_a_quote_without_its_end_does_not_swallow_the_rest(tmp_path: Path) -> None:
    error = refusal(written(tmp_path, 'id,note,lon,lat\na,,1,2\nb,"cut,1,2\nc,,1,2\n'))
    assert (error.code, "after line 2" in error.message) == ("points-broken", True)


def test_one_fault_in_a_hundred_thousand_lines_is_found(tmp_path: Path) -> None:
    lines = [f"p{i},{i / 1000:.3f},1" for i in range(100_000)]
    points = read_points(written(tmp_path, "id,lon,lat\n" + "\n".join(lines)))
    assert [(p.id, p.place.lon) for p in points] == [(f"p{i}", i / 1000) for i in range(100_000)]
    lines[77_777] = "p7,1,1"
    error = refusal(written(tmp_path, "id,lon,lat\n" + "\n".join(lines)))
    assert error.message.partition("points.csv: ")[2] == "line 77779: id 'p7' stands in line 9 already"


def test_the_collector_runs_again_after_a_refusal(tmp_path: Path) -> None:
    assert gc.isenabled()
    refusal(written(tmp_path, "id,lon,lat\na,x,2\n"))
    assert gc.isenabled()


def test_a_table_that_would_not_fit_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_files, "MAX_BYTES", 20)
    assert refusal(written(tmp_path, "id,lon,lat\na,1,2\nb,3,4\n")).code == "points-too-large"


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
    assert "lat (or latitude, maplatitude" in error.message
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
    assert refusal(written(tmp_path, "[]", "list.geojson")).code == "points-empty"
    assert refusal(written(tmp_path, '{"type": "Topology"}', "other.geojson")).code == "points-broken"
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


@pytest.mark.real_data
def test_tables_of_each_vendor_are_read(shared_data: Path) -> None:
    folder = shared_data / "streetview" / "point-tables"
    of = {name: read_points(folder / "metadata" / f"{name}_pids.csv") for name in ("mly", "kv", "gsv")}
    assert {name: len(points) for name, points in of.items()} == {"mly": 10, "kv": 6, "gsv": 4}
    assert of["mly"][0] == ImagePoint("4181467471904806", Place(103.79303455352783, 1.313448531810593, 234.33999633789))
    assert of["kv"][0] == ImagePoint("1871849321", Place(103.79303455352783, 1.313448531810593, 178.57))
    assert of["gsv"][3].id == "-3vfS0_iiYVZKh_LEVlHew"
    projected = read_points(folder / "point_cloud_test_df.csv")  # has metres in `geometry` beside lon and lat
    assert [round(point.place.lat, 4) for point in projected] == [40.7736, 40.7758]
    assert refusal(folder / "test_sg.csv").code == "points-columns"
    assert refusal(folder / "polygon_ams.geojson", columns={"id": "osm_id"}).code == "coordinates-broken"
    assert read_points(folder / "point_ams.geojson", columns={"id": "osm_id"})[0].id == "267420911"
