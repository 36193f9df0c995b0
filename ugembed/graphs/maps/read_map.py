"""One map out of the files that a user has."""

from __future__ import annotations

from pathlib import Path

from ugembed.graphs.maps.city_map import CityMap
from ugembed.graphs.maps.osm.read import read_osm
from ugembed.graphs.maps.places import read_places
from ugembed.graphs.maps.streets import read_streets


def read_map(
    *, osm: Path | None = None, streets: Path | None = None, places: Path | None = None, categories: Path | None = None
) -> CityMap:
    """An OSM map, with its streets and its places replaced by those of other files where these are given.

    Districts and countries are the OSM map's in any case. Places are replaced and not added to, since what is in both
    files would be two. ``categories`` is as in `read_osm`.

    Raises:
        GraphError: of `read_osm`, `read_streets` and `read_places`.
        ConfigError: of `category_table`.
    """
    base = read_osm(osm, categories=categories) if osm else CityMap(())
    return CityMap(
        read_streets(streets) if streets else base.links,
        read_places(places, categories=categories) if places else base.places,
        base.districts,
        base.countries,
    )
