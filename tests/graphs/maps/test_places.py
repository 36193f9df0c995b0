"""Tables of places: osmnx's OSM tags, Overture's places, plain columns."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pytest
import shapely

from tests.graphs.maps.written_maps import Row, geojson, geopackage, geoparquet
from ugembed.errors import GraphError
from ugembed.graphs.maps.places import read_places

HERE = shapely.Point(9.0, 48.0)
SQUARE = shapely.box(9.0, 48.0, 9.01, 48.01)
LINE = shapely.LineString([(9.0, 48.0), (9.01, 48.0)])
TAGGED: list[Row] = [
    (HERE, {"element": "node", "id": 17, "name": "Blue Cup", "amenity": "cafe", "name:en": "Blue Cup"}
        | {"addr:street": "Oak Street", "addr:housenumber": "5", "addr:city": "Ulm", "addr:suburb": "Mitte"}),
    (HERE, {"element": "node", "id": 18, "name": None, "amenity": "cafe"}),
    (HERE, {"element": "node", "id": 19, "name": "A bench", "amenity": "bench"}),
    (SQUARE, {"element": "way", "id": 4, "name": "Stadtpark", "leisure": "park", "name:en": "City Park"}),
    (SQUARE, {"element": "way", "id": 5, "name": "Ring Road", "highway": "pedestrian"}),
    (SQUARE, {"element": "relation", "id": 6, "name": "Old Town", "place": "suburb"}),
    (LINE, {"element": "way", "id": 7, "name": "Blue Run", "waterway": "river"}),
    (LINE, {"element": "way", "id": 8, "name": "Oak Street", "highway": "residential", "leisure": "park"}),
    (HERE, {"element": "node", "id": 20, "name": "Main Station", "highway": "bus_stop", "addr:country": "DE"}),
]  # fmt: skip


@pytest.mark.parametrize(("write", "ending"), [(geojson, "json"), (geoparquet, "parquet"), (geopackage, "gpkg")])
def test_osm_tags_in_columns_count_as_in_an_osm_map(write: Any, ending: str, tmp_path: Path) -> None:
    names = {name: None for _, values in TAGGED for name in values}
    rows = [(geometry, {**names, **values}) for geometry, values in TAGGED]
    cafe, stop, park, river = read_places(write(tmp_path / f"places.{ending}", rows))
    assert (cafe.id, cafe.name, cafe.category, cafe.name_en) == ("node/17", "Blue Cup", "cafe", "")
    assert (cafe.address, cafe.district, cafe.is_transit) == ("Oak Street 5, Ulm", "Mitte", False)
    assert (stop.id, stop.category, stop.country, stop.is_transit) == ("node/20", "bus stop", "DE", True)
    assert (park.id, park.category, park.name_en) == ("way/4", "park", "City Park")
    assert park.geometry.equals(SQUARE)
    assert (river.id, river.category, river.geometry.geom_type) == ("way/7", "river", "LineString")


OVERTURE = {
    "id": pa.string(),
    "names": pa.struct([("primary", pa.string()), ("common", pa.map_(pa.string(), pa.string()))]),
    "categories": pa.struct([("primary", pa.string()), ("alternate", pa.list_(pa.string()))]),
    "basic_category": pa.string(),
    "addresses": pa.list_(
        pa.struct([(name, pa.string()) for name in ("freeform", "locality", "postcode", "region", "country")])
    ),
}


def overture(identity: str, name: str | None, category: str | None, **values: Any) -> Row:
    address = {"freeform": "Oak Street 5", "locality": "Ulm", "postcode": "89073", "region": None, "country": "DE"}
    return HERE, {
        "id": identity,
        "names": {"primary": name, "common": values.get("common")},
        "categories": {"primary": category, "alternate": ["shop"]} if category else None,
        "basic_category": values.get("basic"),
        "addresses": [address],
    }


def test_overtures_places_from_geoparquet_and_geojson(tmp_path: Path) -> None:
    rows = [
        overture("b", "Bahnhof", "train_station", common={"en": "Station", "fr": "Gare"}),
        overture("a", "Blaue Tasse", "coffee_shop"),
        overture("c", None, "coffee_shop"),
        overture("d", "Halle", None, basic="sports_arena"),
        overture("e", "Etwas", None),
    ]
    for path in (
        geoparquet(tmp_path / "places.parquet", rows, schema=OVERTURE),
        geojson(tmp_path / "places.geojson", rows),
    ):
        cup, station, hall = read_places(path)
        assert (cup.id, cup.name, cup.category, cup.name_en) == ("a", "Blaue Tasse", "coffee shop", "")
        assert (cup.address, cup.country, cup.is_transit) == ("Oak Street 5, 89073 Ulm", "DE", False)
        assert (station.name_en, station.category, station.is_transit) == ("Station", "train station", True)
        assert (hall.id, hall.category) == ("d", "sports arena")


def test_plain_columns_will_do_and_rows_without_id_are_numbered(tmp_path: Path) -> None:
    rows = [(HERE, {"Name": "Cup", "Category": "coffee_shop", "address": "Oak 5", "country": "DE"}), (SQUARE, {})]
    (place,) = read_places(geojson(tmp_path / "my places.geojson", rows))
    assert (place.id, place.name, place.category) == ("my places/1", "Cup", "coffee shop")
    assert (place.address, place.country) == ("Oak 5", "DE")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"@id": "way/4", "id": "way/5"}, "way/4"),
        ({"element_type": "node", "osmid": 4}, "node/4"),
        ({"osm_type": "way", "osm_id": 4.0}, "way/4"),
        ({"full_id": "w4"}, "w4"),
        ({"id": 4}, "4"),
        ({}, "places/1"),
    ],
)
def test_ids_by_the_names_that_tools_give_them(values: dict[str, Any], expected: str, tmp_path: Path) -> None:
    row = (HERE, {"name": "Cup", "category": "cafe", **values})
    assert [place.id for place in read_places(geojson(tmp_path / "places.geojson", [row]))] == [expected]


def test_the_id_beside_a_features_properties_counts(tmp_path: Path) -> None:
    path = geojson(tmp_path / "places.geojson", [(HERE, {"name": "Cup", "amenity": "cafe"})])
    collection = orjson.loads(path.read_bytes())
    collection["features"][0]["id"] = "node/9"
    path.write_bytes(orjson.dumps(collection))
    assert read_places(path)[0].id == "node/9"


def test_parts_of_a_broken_line_are_places_and_a_single_part_is_itself(tmp_path: Path) -> None:
    river = {"name": "Blue Run", "waterway": "river", "id": 4}
    far = shapely.LineString([(9.02, 48), (9.03, 48)])
    path = geojson(tmp_path / "a.geojson", [(shapely.MultiLineString([LINE, far]), river)])
    assert [(place.id, place.geometry) for place in read_places(path)] == [("4", LINE), ("4.1", far)]
    path = geojson(tmp_path / "b.geojson", [(shapely.MultiPoint([HERE]), {"name": "Cup", "amenity": "cafe"})])
    assert read_places(path)[0].geometry == HERE
    twice = shapely.MultiPoint([(9, 48), (9, 49)])
    with pytest.raises(GraphError, match=r"features\[0\]: it stands at several points"):
        read_places(geojson(tmp_path / "c.geojson", [(twice, {"name": "Cup", "amenity": "cafe"})]))


def test_a_stop_that_is_drawn_twice_is_one(tmp_path: Path) -> None:
    pole = (HERE, {"id": 1, "name": "Oak", "public_transport": "platform", "highway": "bus_stop"})
    halt = (HERE, {"id": 2, "name": "Oak", "public_transport": "stop_position", "bus": "yes"})
    path = geojson(tmp_path / "stops.geojson", [halt, pole])
    assert [place.id for place in read_places(path)] == ["1"]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_with_ids_changes_nothing(seed: int, tmp_path: Path) -> None:
    first = read_places(geojson(tmp_path / "a.geojson", TAGGED))
    mixed = random.Random(seed).sample(TAGGED, len(TAGGED))
    assert read_places(geojson(tmp_path / "b.geojson", mixed)) == first


def test_a_table_that_does_not_say_what_places_are_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="no column tells what the places are") as caught:
        read_places(geojson(tmp_path / "a.geojson", [(HERE, {"name": "Cup", "kind": "cafe"})]))
    assert caught.value.code == "places-broken"


def test_an_own_table_of_categories_decides(tmp_path: Path, root: Path) -> None:
    shipped = (root / "ugembed" / "graphs" / "maps" / "osm" / "categories.yaml").read_text(encoding="utf-8")
    own = tmp_path / "own.yaml"
    own.write_text(shipped.replace("\nplaces:\n", "\nplaces:\n  zoo_part: {lion: lion cage}\n"), encoding="utf-8")
    path = geojson(tmp_path / "a.geojson", [(HERE, {"name": "Leo", "zoo_part": "lion"})])
    assert [place.category for place in read_places(path, categories=own)] == ["lion cage"]
    with pytest.raises(GraphError):
        read_places(path)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ((SQUARE, {"name": "Cup", "amenity": "cafe", "id": 1}), "1 ids stand twice: 1"),
        ((shapely.Polygon([(9, 48), (10, 49), (10, 48), (9, 49)]), {"name": "Bow", "amenity": "cafe"}), "not valid"),
        ((shapely.Point(512606.1, 5401777.6), {"name": "Cup", "amenity": "cafe"}), "coordinates are not degrees"),
        ((shapely.Point(), {"name": "Cup", "amenity": "cafe"}), "an empty Point"),
        ((HERE, {"name": "Cup", "amenity": "cafe", "addresses": "[["}), "not Overture's"),
    ],
)
def test_rows_that_cannot_be_used_are_refused(row: Row, why: str, tmp_path: Path) -> None:
    rows = [(HERE, {"name": "First", "amenity": "cafe", "id": 1}), row]
    with pytest.raises(GraphError, match=why) as caught:
        read_places(geojson(tmp_path / "a.geojson", rows))
    assert caught.value.code in ("places-broken", "places-projected")


def test_files_of_no_known_format_are_refused(tmp_path: Path) -> None:
    (tmp_path / "p.graphml").write_bytes(b"")
    for name, code in (("p.graphml", "places-format"), ("p.csv", "places-missing"), ("p.geojson", "places-missing")):
        with pytest.raises(GraphError) as caught:
            read_places(tmp_path / name)
        assert caught.value.code == code
