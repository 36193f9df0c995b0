"""Damaged files are read or refused with a code, whatever is wrong with them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely

from tests.graphs.maps.written_maps import WRITERS, Row, geojson, geopackage, geoparquet
from ugembed.errors import UgembedError
from ugembed.graphs.maps.places import read_places
from ugembed.graphs.maps.streets import read_streets

EDGES: list[Row] = [
    (
        shapely.LineString([(9.0 + i / 100, 48.0), (9.005 + i / 100, 48.001), (9.01 + i / 100, 48.0)]),
        {"u": str(i), "v": str(i + 1), "name": f"Street {i % 3}", "highway": "residential", "osmid": f"[{i}, 9]"},
    )
    for i in range(12)
]
PLACES: list[Row] = [
    (geometry, {"name": f"Cup {i} {geometry.geom_type}", "amenity": "cafe"})
    for i in range(6)
    for geometry in (shapely.Point(9.0 + i / 100, 48.0), shapely.box(9.0, 48.0, 9.1, 48.1))
]
PLACE_WRITERS = {"geojson": geojson, "parquet": geoparquet, "gpkg": geopackage}


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Cut off, with bytes changed, taken out or doubled."""
    content = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(content))
        how = rng.randrange(5)
        if how == 0 and len(content) > 100:
            del content[at:]
        elif how == 1:
            del content[at : at + rng.randint(1, 20)]
        elif how == 2:
            content[at:at] = content[at : at + rng.randint(1, 200)]
        else:
            content[at] = rng.choice((0, 255, rng.randrange(256), content[at] ^ 1 << rng.randrange(8)))
        if not content:
            break
    return bytes(content)


def outcomes(path: Path, read: Callable[[Path], Any], *, count: int, seed: int) -> Counter[str]:
    sound, rng, found = path.read_bytes(), random.Random(seed), Counter[str]()
    for _ in range(count):
        path.write_bytes(damaged(sound, rng))
        try:
            read(path)
        except UgembedError as error:
            found[error.code if error.hint else "no hint"] += 1
        else:
            found["read"] += 1
    return found


@pytest.mark.parametrize("ending", WRITERS)
def test_damaged_streets(ending: str, tmp_path: Path) -> None:
    path = WRITERS[ending](tmp_path / f"s.{ending}", EDGES)
    found = outcomes(path, read_streets, count=250, seed=1)
    assert found["streets-broken"] > 20
    assert {code for code in found if not code.startswith("streets-")} <= {"read"}


@pytest.mark.parametrize("ending", PLACE_WRITERS)
def test_damaged_places(ending: str, tmp_path: Path) -> None:
    path = PLACE_WRITERS[ending](tmp_path / f"p.{ending}", PLACES)
    found = outcomes(path, read_places, count=250, seed=2)
    assert found["places-broken"] > 20
    assert {code for code in found if not code.startswith("places-")} <= {"read"}


@pytest.mark.parametrize("ending", [*WRITERS, "json", "geoparquet"])
@pytest.mark.parametrize("data", [b"", b"\0" * 1000, b"PAR1" * 3, b"SQLite format 3\0" + bytes(84), b"<a" * 1000])
def test_files_of_other_things_are_refused(ending: str, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / f"s.{ending}"
    path.write_bytes(data)
    with pytest.raises(UgembedError) as caught:
        read_streets(path)
    assert caught.value.code == "streets-broken"


@pytest.mark.parametrize("ending", WRITERS)
def test_folders_and_devices_are_no_files(ending: str, tmp_path: Path) -> None:
    (tmp_path / f"s.{ending}").mkdir()
    with pytest.raises(UgembedError) as caught:
        read_streets(tmp_path / f"s.{ending}")
    assert caught.value.code == "streets-missing"
