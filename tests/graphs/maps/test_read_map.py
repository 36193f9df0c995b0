"""One map out of several files."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from tests.graphs.drawn_maps import write_map
from tests.graphs.maps.written_maps import geojson
from ugembed.errors import ConfigError
from ugembed.graphs.maps.city_map import CityMap
from ugembed.graphs.maps.osm.read import read_osm
from ugembed.graphs.maps.read_map import read_map

STREET = (shapely.LineString([(9.0, 48.0), (9.01, 48.0)]), {"name": "Other Street"})
PLACE = (shapely.Point(9.0, 48.0), {"name": "Other Cup", "amenity": "cafe"})


def test_other_files_take_the_place_of_the_maps_streets_and_places(tmp_path: Path) -> None:
    osm = write_map(tmp_path / "map.osm")
    streets, places = geojson(tmp_path / "s.geojson", [STREET]), geojson(tmp_path / "p.geojson", [PLACE])
    drawn = read_osm(osm)
    assert [link.name for link in read_map(osm=osm).links] == [link.name for link in drawn.links]
    both = read_map(osm=osm, streets=streets, places=places)
    assert [link.name for link in both.links] == ["Other Street"]
    assert [place.name for place in both.places] == ["Other Cup"]
    assert (both.districts, both.countries) == (drawn.districts, drawn.countries)
    assert read_map(osm=osm, streets=streets).places == drawn.places
    assert len(read_map(osm=osm, places=places).links) == len(drawn.links)
    alone = read_map(streets=streets, places=places)
    assert (len(alone.links), len(alone.places)) == (1, 1)
    assert read_map() == CityMap(())


def test_a_table_of_categories_reaches_the_places(tmp_path: Path) -> None:
    for source in ({"osm": write_map(tmp_path / "map.osm")}, {"places": geojson(tmp_path / "p.geojson", [PLACE])}):
        with pytest.raises(ConfigError):
            read_map(**source, categories=tmp_path / "none.yaml")
