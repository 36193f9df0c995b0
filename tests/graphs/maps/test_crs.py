"""Names of reference systems."""

from __future__ import annotations

import pyproj
import pytest

from ugembed.graphs.maps.crs import is_degrees

WGS84 = pyproj.CRS.from_epsg(4326)


NAMES = (
    *("epsg:4326", "EPSG:4326", " OGC:CRS84 ", "urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::4326"),
    *("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "http://www.opengis.net/def/crs/EPSG/0/4326"),
)
OTHERS = ("epsg:32632", "EPSG:43260", "EPSG:4258", "urn:ogc:def:crs:EPSG::25832", "", "WGS 84", "xEPSG4326")
CRS84, UTM = pyproj.CRS("OGC:CRS84"), pyproj.CRS(32632)


@pytest.mark.parametrize("crs", [*NAMES, 4326, WGS84, WGS84.to_wkt(), WGS84.to_wkt("WKT1_GDAL"), CRS84, CRS84.to_wkt()])
def test_degrees_of_wgs84_are_known_under_many_names(crs: object) -> None:
    assert is_degrees(crs)


@pytest.mark.parametrize("crs", [*OTHERS, 3857, UTM, UTM.to_wkt(), UTM.to_wkt("WKT1_GDAL"), pyproj.CRS(3857)])
def test_all_else_is_not(crs: object) -> None:
    assert not is_degrees(crs)
