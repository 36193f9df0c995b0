"""A position is read from every way to write one point; anything else is refused."""

from __future__ import annotations

import struct

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from ugembed.errors import DataError
from ugembed.records.tables.geometry import point_of

DEGREES = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


@given(DEGREES, st.sampled_from(["little", "big"]), st.booleans(), st.sampled_from(["iso", "extended"]))
def test_wkb_is_read_as_shapely_writes_it(pair: tuple[float, float], order: str, has_z: bool, flavor: str) -> None:
    point = shapely.Point(*pair, 7.0) if has_z else shapely.Point(*pair)
    big = 0 if order == "big" else 1
    assert point_of(shapely.to_wkb(point, byte_order=big, flavor=flavor)) == pair
    with_srid = shapely.to_wkb(shapely.set_srid(point, 4326), byte_order=big, include_srid=True, flavor="extended")
    assert point_of(with_srid) == pair


@given(DEGREES)
def test_texts_and_objects_are_read(pair: tuple[float, float]) -> None:
    lon, lat = pair
    for text in (
        f"POINT ({lon} {lat})",
        f"SRID=4326;point({lon} {lat})",
        f"POINT Z ({lon} {lat} 12.5)",
        f"{lon},{lat}",
        f" ({lon}, {lat}) ",
        f'{{"type":"Point","coordinates":[{lon},{lat}]}}',
        str({"type": "Point", "coordinates": [lon, lat]}),
    ):
        found = point_of(text)
        assert (float(found[0]), float(found[1])) == pair
    assert point_of({"type": "Point", "coordinates": [lon, lat, 3.0]}) == pair
    assert point_of({"x": lon, "y": lat}) == pair
    assert point_of([lon, lat]) == pair


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (shapely.to_wkb(shapely.LineString([(1, 2), (3, 4)])), "a LineString"),
        (shapely.to_wkb(shapely.MultiPoint([(1, 2)])), "a MultiPoint"),
        (shapely.to_wkb(shapely.set_srid(shapely.Point(1, 2), 3857), include_srid=True, flavor="extended"), "3857"),
        (b"\1\1\0\0\0", "5 bytes"),
        (struct.pack("<BI", 1, 0x2000_0001) + struct.pack("<I", 4326) + bytes(15), "24 bytes"),
        (b"\7" + bytes(30), "31 bytes"),
        (struct.pack("<BI", 1, 99) + bytes(16), "type 99"),
        ("LINESTRING (1 2, 3 4)", "LINESTRING"),
        ("POINT EMPTY", "POINT EMPTY"),
        ("POINT (1)", "POINT (1)"),
        ("1;2", "1;2"),
        ({"type": "Polygon", "coordinates": []}, "a Polygon"),
        ({"type": "Point", "coordinates": [1]}, "[1]"),
        ({"type": "Point"}, "None"),
        ({}, "a None"),
        (None, "None"),
        (1.5, "1.5"),
        ("x" * 1000, "x" * 59),
    ],
)
def test_what_is_not_one_point_is_refused(value: object, said: str) -> None:
    with pytest.raises(DataError) as caught:
        point_of(value)
    assert caught.value.code == "coordinates-broken"
    assert said in caught.value.message
    assert len(caught.value.message) < 150


@given(st.binary(max_size=64) | st.text(max_size=40))
def test_noise_is_read_or_refused(value: bytes | str) -> None:
    def outcome() -> object:
        try:
            return len(point_of(value))
        except DataError as error:
            return error.code

    assert outcome() in (2, "coordinates-broken")
