"""WKB is passed over before GEOS sees it."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from ugembed.errors import GraphError
from ugembed.graphs.maps.shapes import shape
from ugembed.graphs.maps.source import MapSource
from ugembed.graphs.maps.wkb import WkbError, check_wkb

SOURCE = MapSource("places.parquet", "places")
SHAPES = [
    "POINT (9 48)",
    "POINT Z (9 48 1)",
    "LINESTRING (9 48, 9.1 48)",
    "LINESTRING M (9 48 1, 9.1 48 2)",
    "LINESTRING ZM (9 48 1 1, 9.1 48 2 2)",
    "POLYGON ((9 48, 9.1 48, 9.1 48.1, 9 48), (9.05 48.01, 9.06 48.01, 9.06 48.02, 9.05 48.01))",
    "MULTIPOINT ((9 48), (9 49))",
    "MULTILINESTRING ((9 48, 9.1 48), (9 49, 9.1 49))",
    "MULTIPOLYGON Z (((9 48 1, 9.1 48 1, 9.1 48.1 1, 9 48 1)))",
]


@pytest.mark.parametrize("flavor", ["iso", "extended"])
@pytest.mark.parametrize("byte_order", [0, 1])
@pytest.mark.parametrize("wkt", SHAPES)
def test_sound_geometries_pass_and_every_shorter_one_does_not(wkt: str, byte_order: int, flavor: str) -> None:
    geometry = shapely.from_wkt(wkt)
    data = shapely.to_wkb(geometry, byte_order=byte_order, flavor=flavor, output_dimension=4)
    check_wkb(data)
    assert shape(data, SOURCE).equals(shapely.force_2d(geometry))
    for size in range(len(data)):
        with pytest.raises(WkbError):
            check_wkb(data[:size])


@pytest.mark.parametrize("kind", [4, 5, 6, 7])
def test_geometries_inside_each_other_do_not_end_the_process(kind: int) -> None:
    """GEOS recurses once a level and runs out of stack at 100,000."""
    data = struct.pack("<BII", 1, kind, 1) * 200_000 + struct.pack("<BIdd", 1, 1, 9, 48)
    with pytest.raises(GraphError, match="WKB of type"):
        shape(data, SOURCE)


def test_counts_that_cannot_be_are_refused_at_once() -> None:
    for kind in range(2, 7):
        with pytest.raises(WkbError):
            check_wkb(struct.pack("<BII", 1, kind, 2**32 - 1) + bytes(100))


def test_other_reference_systems_are_refused() -> None:
    point = shapely.set_srid(shapely.Point(9, 48), 25832)
    with pytest.raises(WkbError, match="25832"):
        check_wkb(shapely.to_wkb(point, include_srid=True))
    check_wkb(shapely.to_wkb(shapely.set_srid(point, 4326), include_srid=True))


@given(st.sampled_from(SHAPES), st.data())
@settings(max_examples=300, deadline=None)
def test_damaged_geometries_are_read_or_refused(wkt: str, data: st.DataObject) -> None:
    content = bytearray(shapely.to_wkb(shapely.from_wkt(wkt), output_dimension=4))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(GraphError):
        assert shapely.is_valid(shape(bytes(content), SOURCE))


@pytest.mark.parametrize(
    "raw",
    [None, 5, "POINT", "POINT (9", "CIRCULARSTRING (0 0, 1 1, 2 0)", {"type": "Point"}, {"x": 1, "y": None}, [9, 48]]
    + [{"type": "Point", "coordinates": bad} for bad in (None, [], ["9", "48"], [[9, 48]], {"x": 9}, 9, [9])]
    + [{"type": "Polygon", "coordinates": [[[9, 48], [9, 49]]]}, {"type": "GeometryCollection", "geometries": []}]
    + [{"type": "Polygon", "coordinates": [[[9, 48], [10, 49], [10, 48], [9, 49], [9, 48]]]}]
    + [{"type": "LineString", "coordinates": [[9, 48], [9, 48]]}],
)  # fmt: skip
def test_what_is_no_geometry_is_refused(raw: object) -> None:
    with pytest.raises(GraphError) as caught:
        shape(raw, SOURCE)
    assert caught.value.code == "places-broken"
