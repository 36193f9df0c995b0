"""Segments and connectors of Overture's transportation theme, as GeoParquet, GeoJSON and GeoPackage hold them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest
import shapely

from tests.graphs.maps.written_maps import Row, geojson, geopackage, geoparquet
from ugembed.errors import GraphError
from ugembed.geo.geodesy import distance_m
from ugembed.graphs.maps.city_map import Link
from ugembed.graphs.maps.streets import read_streets

RULE = [("value", pa.int32()), ("between", pa.list_(pa.float64()))]
FLAG = [("values", pa.list_(pa.string())), ("between", pa.list_(pa.float64()))]
SCHEMA = {
    "id": pa.string(),
    "subtype": pa.string(),
    "class": pa.string(),
    "subclass": pa.string(),
    "names": pa.struct([("primary", pa.string()), ("common", pa.map_(pa.string(), pa.string()))]),
    "connectors": pa.list_(pa.struct([("connector_id", pa.string()), ("at", pa.float64())])),
    "road_flags": pa.list_(pa.struct(FLAG)),
    "level_rules": pa.list_(pa.struct(RULE)),
}


def segment(identity: str, spots: list[tuple[float, float]], connectors: dict[str, float], **values: Any) -> Row:
    name = values.pop("name", None)
    return shapely.LineString(spots), {
        "id": identity,
        "subtype": values.pop("subtype", "road"),
        "class": values.pop("highway", "residential"),
        "subclass": values.pop("subclass", None),
        "names": {"primary": name, "common": None} if name else None,
        "connectors": [{"connector_id": key, "at": at} for key, at in connectors.items()],
        "road_flags": values.pop("road_flags", None),
        "level_rules": values.pop("level_rules", None),
    }


OAK = segment("oak", [(9.0, 48.0), (9.003, 48.0), (9.01, 48.0)], {"a": 0.0, "b": 0.3, "x": 0.6, "c": 1.0}, name="Oak")
ELM = segment("elm", [(9.003, 48.0), (9.003, 48.01)], {"b": 0.0, "d": 1.0}, name="Elm")
OVER = segment("over", [(9.007, 47.99), (9.007, 48.01)], {"e": 0.0, "f": 1.0}, name="High")


def as_parquet(path: Path, rows: list[Row]) -> Path:
    return geoparquet(path / "segments.parquet", rows, schema=SCHEMA)


def as_geojson(path: Path, rows: list[Row]) -> Path:
    return geojson(path / "segments.geojson", rows)


def as_geopackage(path: Path, rows: list[Row]) -> Path:
    """Without lists and objects, GDAL writes them as JSON text."""
    plain = [(line, {key: _text(value) for key, value in values.items()}) for line, values in rows]
    return geopackage(path / "segments.gpkg", plain, layer="segment")


def _text(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else value


def named(links: tuple[Link, ...]) -> list[tuple[str, str, str]]:
    return sorted((link.name, *sorted((link.start, link.end))) for link in links)


@pytest.mark.parametrize("write", [as_parquet, as_geojson, as_geopackage])
def test_segments_meet_at_the_connectors_they_share(write: Any, tmp_path: Path) -> None:
    """The connector x is of one segment only, and nothing meets where the bridge passes over Oak."""
    links = read_streets(write(tmp_path, [OAK, ELM, OVER]))
    assert named(links) == [("Elm", "b", "d"), ("High", "e", "f"), ("Oak", "a", "b"), ("Oak", "b", "c")]
    assert [link.points[0].tolist() for link in links if link.start == "b"] == [[9.003, 48.0]] * 2
    assert {link.id for link in links} == {"oak", "elm", "over"}


def test_a_segment_of_two_extracts_that_overlap_counts_once(tmp_path: Path) -> None:
    once, twice = (read_streets(as_parquet(tmp_path, rows)) for rows in ([OAK, ELM], [ELM, OAK, ELM]))
    assert named(once) == named(twice)
    other = (shapely.LineString([(9.0, 48.1), (9.01, 48.2), (9.02, 48.1)]), OAK[1])
    assert len(read_streets(as_parquet(tmp_path, [OAK, other]))) > 2


def test_a_connector_between_two_points_of_a_segment_becomes_a_point(tmp_path: Path) -> None:
    side = segment("side", [(9.0, 48.05), (9.02, 48.0)], {"s": 0.0, "m": 1.0}, name="Side")
    long = segment("long", [(9.0, 48.0), (9.02, 48.0), (9.1, 48.0)], {"a": 0.0, "m": 0.2, "n": 0.61, "z": 1.0})
    way = segment("way", [(9.061, 48.0), (9.061, 48.1)], {"n": 0.0, "o": 1.0}, name="Way")
    links = {(link.start, link.end): link for link in read_streets(as_parquet(tmp_path, [long, side, way]))}
    assert links.keys() == {("a", "m"), ("m", "n"), ("n", "z"), ("s", "m"), ("n", "o")}
    metres = distance_m(*links["m", "n"].points[-1], 9.061, 48.0)
    assert metres < 0.01
    assert links["m", "n"].points[0].tolist() == [9.02, 48.0]


def test_tunnels_and_levels_of_parts_are_those_of_most_metres(tmp_path: Path) -> None:
    """As in maps drawn from OSM; where nothing meets, nothing is cut."""
    for between, expected in (([0.2, 0.9], (-1, True)), ([0.2, 0.5], (0, False)), (None, (-1, True))):
        rule = {"value": -1, "between": between}
        flag = {"values": ["is_tunnel", "is_link"], "between": between}
        row = segment("t", [(9.0, 48.0), (9.01, 48.0)], {"a": 0, "b": 1}, level_rules=[rule], road_flags=[flag])
        (link,) = read_streets(as_geojson(tmp_path, [row]))
        assert (link.layer, link.is_tunnel) == expected
        assert (link.start, link.end) == ("a", "b")


def test_what_is_no_street_in_osm_maps_is_none_here(tmp_path: Path) -> None:
    rows = [
        segment(f"{i}", [(9.0, 48.0 + i / 100), (9.01, 48.0 + i / 100)], {f"a{i}": 0, f"b{i}": 1}, **values)
        for i, values in enumerate(
            [
                {"subtype": "rail", "highway": "tram"},
                {"subtype": "water", "highway": None},
                {"highway": "footway", "subclass": "sidewalk"},
                {"highway": "footway", "subclass": "crosswalk"},
                {"highway": "service", "subclass": "parking_aisle"},
                {"highway": "service", "subclass": "alley"},
                {"highway": "primary", "subclass": "link"},
                {"highway": "unknown"},
            ]
        )
    ]
    links = read_streets(as_parquet(tmp_path, rows))
    assert [(link.id, link.highway) for link in links] == [("5", "service"), ("6", "primary_link"), ("7", "road")]


@pytest.mark.parametrize(
    "values",
    [
        {"connectors": [{"at": 0.5}]},
        {"connectors": [{"connector_id": "a", "at": 1.5}]},
        {"connectors": [{"connector_id": "a", "at": "here"}]},
        {"connectors": "[["},
        {"connectors": ["a", "b"]},
        {"level_rules": [{"between": [0, 1]}]},
        {"level_rules": [{"value": 1, "between": [0.5]}]},
        {"level_rules": [{"value": 1e400, "between": None}]},
        {"road_flags": [{"values": ["is_tunnel"], "between": [0, None]}]},
    ],
)
def test_what_is_not_overtures_is_refused_with_its_place(values: dict[str, Any], tmp_path: Path) -> None:
    line, good = ELM
    path = as_geojson(tmp_path, [OAK, (line, good | values)])
    with pytest.raises(GraphError, match=r"features\[1\]") as caught:
        read_streets(path)
    assert caught.value.code == "streets-broken"


def test_shares_of_the_length_are_over_the_ellipsoid(tmp_path: Path) -> None:
    """North and east degrees differ in metres: planar shares would be off by kilometres here."""
    spots = [(9.0, 60.0), (9.1, 60.0), (9.1, 60.1)]
    metres = distance_m(*np.array(spots[:-1]).T, *np.array(spots[1:]).T)
    corner = float(metres[0] / metres.sum())
    bend = segment("bend", spots, {"a": 0, "m": corner, "b": 1})
    side = segment("side", [(9.1, 60.0), (9.2, 60.0)], {"m": 0, "c": 1}, name="Side")
    links = read_streets(as_geojson(tmp_path, [bend, side]))
    assert sorted(len(link.points) for link in links) == [2, 2, 2]
