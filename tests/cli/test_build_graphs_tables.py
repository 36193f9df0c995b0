"""`ugembed build-graphs` takes a photographer's folder and anyone's table, through the real door."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.graphs.drawn_maps import image_at, write_map
from ugembed.files import iter_lines, read_manifest

PLACES = {name: image_at(x, y).place for name, x, y in (("one", -40, -3), ("two", 5, 100))}


def build(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    osm = write_map(folder / "map.osm")
    command = [sys.executable, "-m", "ugembed", "build-graphs", "--osm", osm, "--out", folder / "graphs", *arguments]
    return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60, check=False)


def rows(path: Path) -> list[dict[str, object]]:
    return [orjson.loads(line) for _, line in iter_lines(path)]


def photographs(folder: Path) -> Path:
    """one.jpg looks north-east, two.jpg to the magnetic north."""
    for name, place in PLACES.items():
        exif = Image.Exif()
        exif.get_ifd(0x8825).update(
            {
                **{1: "N", 2: dms(place.lat), 3: "E", 4: dms(place.lon)},
                **({16: "T", 17: 45.0} if name == "one" else {16: "M", 17: 3.0}),
            }
        )
        path = folder / "photos" / f"{name}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 6)).save(path, exif=exif.tobytes())
    return folder / "photos"


def dms(degrees: float) -> tuple[float, float, float]:
    minutes = degrees % 1 * 60
    return float(int(degrees)), float(int(minutes)), minutes % 1 * 60


def test_a_folder_of_photographs_becomes_graphs(tmp_path: Path) -> None:
    done = build(tmp_path, "--points", photographs(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "headings left out" in done.stdout
    index = rows(tmp_path / "graphs" / "index.jsonl")
    assert [(row["id"], row["image"], row["heading_deg"]) for row in index] == [
        ("one", "one.jpg", 45.0),
        ("two", "two.jpg", None),
    ]
    for row, place in zip(index, PLACES.values(), strict=True):
        assert (row["lon"], row["lat"]) == pytest.approx((place.lon, place.lat), abs=1e-6)
    facts = read_manifest(tmp_path / "graphs", kind="graphs", verify=True)
    assert len(facts["inputs"]["points"]) == 64


def test_photographs_without_a_position_are_refused_or_listed(tmp_path: Path) -> None:
    folder = photographs(tmp_path)
    Image.new("RGB", (8, 6)).save(folder / "lost.jpg")
    done = build(tmp_path, "--points", folder)
    assert done.returncode == 1
    assert "error[photo-without-position]" in done.stderr
    assert "--skip-bad" in done.stderr
    assert not (tmp_path / "graphs").exists()
    done = build(tmp_path, "--points", folder, "--skip-bad", "--json")
    assert done.returncode == 0, done.stderr
    summary = orjson.loads(done.stdout)
    assert (summary["points"], summary["graphs"], summary["rejected"], summary["headings_left_out"]) == (3, 2, 1, 1)
    rejected = {"id": "lost", "lon": None, "lat": None, "code": "photo-without-position"}
    assert rows(tmp_path / "graphs" / "rejected.jsonl") == [rejected | {"why": "no position in its EXIF"}]


def test_only_photographs_without_a_position_are_refused_even_so(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (8, 6)).save(tmp_path / "photos" / "lost.jpg")
    done = build(tmp_path, "--points", tmp_path / "photos", "--skip-bad")
    assert (done.returncode, "error[photo-without-position]" in done.stderr) == (1, True)


def test_a_parquet_table_of_foreign_columns_becomes_graphs(tmp_path: Path) -> None:
    table = {"key": [7, 8], "E": [p.lon for p in PLACES.values()], "N": [p.lat for p in PLACES.values()]}
    pq.write_table(pa.table(table), tmp_path / "t.parquet")
    done = build(tmp_path, "--points", tmp_path / "t.parquet", "--columns", "id=key,lon=E,lat=N")
    assert done.returncode == 0, done.stderr
    assert [row["id"] for row in rows(tmp_path / "graphs" / "index.jsonl")] == ["7", "8"]
    facts = read_manifest(tmp_path / "graphs", kind="graphs")
    assert facts["config"]["columns"] == {"id": "key", "lon": "E", "lat": "N"}


def test_columns_come_from_a_run_file_too(tmp_path: Path) -> None:
    place = PLACES["one"]
    (tmp_path / "t.csv").write_text(f"key,lon,lat\n7,{place.lon!r},{place.lat!r}\n", encoding="utf-8")
    (tmp_path / "run.yaml").write_text("columns: {id: key}\n", encoding="utf-8")
    done = build(tmp_path, "--points", tmp_path / "t.csv", "--config", tmp_path / "run.yaml")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("columns", "status", "code"),
    [("id", 2, "columns-broken"), ("idd=a", 2, "columns-broken"), ("id=a", 1, "points-columns")],
)
def test_columns_that_are_not_there_are_refused(tmp_path: Path, columns: str, status: int, code: str) -> None:
    (tmp_path / "t.csv").write_text("id,lon,lat\na,1,2\n", encoding="utf-8")
    done = build(tmp_path, "--points", tmp_path / "t.csv", "--columns", columns)
    assert (done.returncode, f"error[{code}]" in done.stderr) == (status, True)
    assert "Traceback" not in done.stderr
