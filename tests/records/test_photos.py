"""Photographs stand where their EXIF says, or are refused; nothing is guessed."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.records.table_fixtures import refusal
from ugembed.errors import ConfigError, DataError
from ugembed.records.item import Place
from ugembed.records.photos import read_photos
from ugembed.records.points import ImagePoint, read_points

STUTTGART = {1: "N", 2: (48.0, 46.0, 12.0), 3: "E", 4: (9.0, 10.0, 30.0)}
LON, LAT = 9 + 10 / 60 + 30 / 3600, 48 + 46 / 60 + 12 / 3600


def photo(path: Path, gps: dict[int, Any] | None = None) -> Path:
    """A small picture; ``gps`` are tags of the GPS directory, `STUTTGART` if None."""
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[0x010F] = "Camera"
    exif.get_ifd(0x8825).update(STUTTGART if gps is None else gps)
    Image.new("RGB", (8, 6), (90, 120, 50)).save(path, exif=exif.tobytes())
    return path


def code_of(folder: Path, gps: dict[int, Any]) -> str:
    path = photo(folder / "a.jpg", gps)
    error = read_photos(folder).unplaced["a.jpg"]
    assert str(path) in error.message
    assert error.hint
    return error.code


def test_a_folder_is_read_by_name_with_its_folders(tmp_path: Path) -> None:
    for name in ("b.jpg", "day 1/c.JPEG", "a.png", "d.webp", "e.tif", ".hidden.jpg", ".trash/f.jpg"):
        photo(tmp_path / name)
    (tmp_path / "notes.txt").write_text("not a picture", encoding="utf-8")
    points = read_points(tmp_path)
    assert [(point.id, point.image) for point in points] == [
        ("a", "a.png"),
        ("b", "b.jpg"),
        ("d", "d.webp"),
        ("c", "day 1/c.JPEG"),
        ("e", "e.tif"),
    ]
    for point in points:
        assert (point.place.lon, point.place.lat) == pytest.approx((LON, LAT), abs=1e-9)


@pytest.mark.parametrize(("sides", "signs"), [("NE", (1, 1)), ("NW", (-1, 1)), ("SE", (1, -1)), ("SW", (-1, -1))])
def test_hemispheres_give_the_signs(tmp_path: Path, sides: str, signs: tuple[int, int]) -> None:
    photo(tmp_path / "a.jpg", STUTTGART | {1: sides[0], 3: sides[1]})
    place = read_points(tmp_path)[0].place
    assert (place.lon, place.lat) == pytest.approx((signs[0] * LON, signs[1] * LAT), abs=1e-9)


@pytest.mark.parametrize(
    ("tags", "heading", "left_out"),
    [
        ({16: "T", 17: 24.5}, 24.5, 0),
        ({16: "T", 17: 360.0}, 0.0, 0),
        ({16: "M", 17: 24.5}, None, 1),
        ({17: 24.5}, None, 1),
        ({16: "T"}, None, 0),
        ({}, None, 0),
    ],
)
def test_only_directions_from_true_north_are_headings(
    tmp_path: Path, tags: dict[int, Any], heading: float | None, left_out: int
) -> None:
    photo(tmp_path / "a.jpg", STUTTGART | tags)
    photos = read_photos(tmp_path)
    assert photos.points[0].place.heading_deg == heading
    assert photos.without_north == left_out


def test_all_pictures_without_a_position_are_told(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg")
    photo(tmp_path / "b.jpg", {})
    Image.new("RGB", (8, 6)).save(tmp_path / "c.png")
    (tmp_path / "d.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:100])
    error = refusal(tmp_path)
    assert error.code == "photo-without-position"
    assert [Path(line.partition(": ")[0]).name for line in error.message.splitlines()] == ["b.jpg", "c.png", "d.jpg"]
    photos = read_photos(tmp_path)
    assert [point.id for point in photos.points] == ["a"]
    assert [error.code for error in photos.unplaced.values()] == ["photo-without-position"] * 2 + ["image-broken"]


@pytest.mark.parametrize(
    ("gps", "code"),
    [
        ({2: STUTTGART[2], 1: "N"}, "photo-without-position"),
        ({2: STUTTGART[2], 4: STUTTGART[4]}, "photo-position-broken"),
        (STUTTGART | {1: "E"}, "photo-position-broken"),
        (STUTTGART | {3: "X"}, "photo-position-broken"),
        (STUTTGART | {2: (48.0, 77.0, 0.0)}, "photo-position-broken"),
        (STUTTGART | {2: (48.0, 46.0)}, "photo-position-broken"),
        (STUTTGART | {2: 48.77}, "photo-position-broken"),
        (STUTTGART | {2: (0.0, 0.0, 0.0), 4: (0.0, 0.0, 0.0)}, "photo-position-broken"),
        (STUTTGART | {2: (91.0, 0.0, 0.0)}, "coordinates-range"),
    ],
)
def test_a_doubtful_position_is_refused(tmp_path: Path, gps: dict[int, Any], code: str) -> None:
    assert code_of(tmp_path, gps) == code


def test_a_division_by_zero_is_no_position(tmp_path: Path) -> None:
    data = photo(tmp_path / "a.jpg").read_bytes()
    seconds = (12).to_bytes(4, "big") + (1).to_bytes(4, "big")
    assert data.count(seconds) == 1
    (tmp_path / "a.jpg").write_bytes(data.replace(seconds, bytes(8)))
    error = read_photos(tmp_path).unplaced["a.jpg"]
    assert (error.code, "nan" in error.message) == ("photo-position-broken", True)


def test_two_files_of_one_id_are_refused(tmp_path: Path) -> None:
    for name in ("a.jpg", "x/a.jpg", "y/a.png"):
        photo(tmp_path / name)
    error = refusal(tmp_path)
    assert error.code == "point-duplicate"
    assert [line.partition(f"{tmp_path}: ")[2] for line in error.message.splitlines()] == [
        "x/a.jpg and a.jpg would have the same id",
        "y/a.png and a.jpg would have the same id",
    ]


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    outside = photo(tmp_path / "elsewhere" / "a.jpg")
    photo(tmp_path / "photos" / "b.jpg")
    (tmp_path / "photos" / "c.jpg").symlink_to("b.jpg")
    assert len(read_points(tmp_path / "photos")) == 2
    (tmp_path / "photos" / "d.jpg").symlink_to(outside)
    assert refusal(tmp_path / "photos").code == "path-escapes"


def test_a_folder_without_pictures_and_columns_for_pictures_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path).code == "points-empty"
    photo(tmp_path / "a.jpg")
    with pytest.raises(ConfigError) as caught:
        read_photos(tmp_path, columns={"id": "name"})
    assert caught.value.code == "columns-broken"


def test_a_thousand_damages_of_exif_give_a_point_or_a_code(tmp_path: Path) -> None:
    sound = photo(tmp_path / "a.jpg", STUTTGART | {16: "T", 17: 24.5}).read_bytes()
    start, end = sound.index(b"Exif"), sound.index(b"\xff\xdb")
    rng = random.Random(5)
    outcomes: Counter[str] = Counter()
    for _ in range(1000):
        data = bytearray(sound)
        for _ in range(rng.choice((1, 1, 2, 5))):
            data[rng.randrange(start, end)] = rng.choice((0, 1, 0xFF, rng.randrange(256)))
        (tmp_path / "a.jpg").write_bytes(data)
        photos = read_photos(tmp_path)
        outcomes.update(error.code for error in photos.unplaced.values())
        outcomes.update("point" for _ in photos.points)
    assert outcomes.total() == 1000
    assert set(outcomes) <= {
        *("point", "photo-without-position", "photo-position-broken"),
        *("exif-broken", "coordinates-range", "image-broken"),
    }
    assert min(outcomes[name] for name in ("point", "photo-without-position", "photo-position-broken")) > 20


def test_progress_is_told(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg")
    photo(tmp_path / "b.jpg")
    heard: list[tuple[int, int]] = []
    read_photos(tmp_path, on_progress=lambda done, total, note="": heard.append((done, total)))
    assert heard == [(0, 2), (1, 2)]


@pytest.mark.real_data
def test_photographs_of_a_phone_are_placed(shared_data: Path) -> None:
    points = read_points(shared_data / "streetview" / "berlin-dom" / "images")
    assert points[0] == ImagePoint("01", Place(13 + 24 / 60 + 1.06 / 3600, 52 + 31 / 60 + 8.1 / 3600), "01.jpg")
    assert [point.id for point in points] == ["01", "02", "03"]


@pytest.mark.real_data
def test_every_damaged_photograph_is_told_with_a_code(shared_data: Path, tmp_path: Path) -> None:
    for path in (shared_data / "badinput" / "images").glob("*.*"):
        shutil.copy(path, tmp_path / f"{path.stem}-{path.suffix[1:]}{path.suffix}")
    photos = read_photos(tmp_path)
    found = {name: error.code for name, error in photos.unplaced.items()}
    assert photos.points == []
    assert len(found) > 20
    assert set(found.values()) <= {"photo-without-position", "exif-broken", "image-broken", "image-bomb"}
    for stem in ("empty_gps_ifd", "exif_gps_typeerror", "exif-dpi-zerodivision", "hopper_bad_exif", "exif_gps"):
        assert found[f"{stem}-jpg.jpg"] == "photo-without-position"
    with pytest.raises(DataError):
        photos.placed()
