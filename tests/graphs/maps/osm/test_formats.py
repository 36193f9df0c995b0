"""One map in every kind of file: the same `CityMap`, for all real extracts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import osmium
import pytest

from tests.graphs.drawn_maps import facts
from ugembed.graphs.maps.osm.read import read_osm

pytestmark = pytest.mark.real_data

EXTRACTS = [
    "andorra/andorra.osm.gz",
    "andorra/andorra.osm.pbf",
    "berlin-neukoelln/input.osm",
    "krems/krems.osm.gz",
    "leeds/input.osm",
    "monaco/monaco.osm.pbf",
    "osmnx-fixtures/West-Oakland.osm.bz2",
    "osmnx-fixtures/planet_10.068,48.135_10.071,48.137.osm",
    "paris-republique/paris_bss.osm.pbf",
    "singapore-bayfront/bayfront_singapore.osm.pbf",
]
_SMALL = 500_000


def test_every_extract_is_tried(shared_data: Path) -> None:
    found = {path.relative_to(shared_data / "osm").as_posix() for path in (shared_data / "osm").rglob("*.osm*")}
    assert found == set(EXTRACTS)


@pytest.mark.parametrize("name", EXTRACTS)
def test_the_same_map_comes_from_every_kind_of_file(shared_data: Path, tmp_path: Path, name: str) -> None:
    source = shared_data / "osm" / name
    wanted = facts(read_osm(source))
    assert len(wanted["links"]) > 5
    more = [".osm", ".osm.bz2"] if source.stat().st_size < _SMALL else []
    for ending in (".osm.pbf", ".osm.gz", *more):
        twin = tmp_path / f"twin{ending}"
        with osmium.SimpleWriter(str(twin)) as writer:
            osmium.apply(osmium.io.Reader(str(source)), writer)
        assert facts(read_osm(twin)) == wanted
        twin.unlink()


def versions(path: Path) -> dict[tuple[str, int], int]:
    """Version of every object of a file."""
    return {(thing.type_str(), thing.id): thing.version for thing in osmium.FileProcessor(str(path))}


def test_andorras_two_files_are_two_extracts_as_the_page_says(shared_data: Path) -> None:
    older = versions(shared_data / "osm" / "andorra" / "andorra.osm.gz")
    newer = versions(shared_data / "osm" / "andorra" / "andorra.osm.pbf")
    assert older.keys() < newer.keys()
    assert Counter(kind for kind, _ in newer.keys() - older.keys()) == {"n": 259, "w": 3}
    assert Counter(key[0] for key in older if older[key] != newer[key]) == {"n": 3, "w": 3}
