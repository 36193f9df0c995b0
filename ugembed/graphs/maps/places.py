"""Places as files: GeoJSON, GeoParquet (Overture's as well) and GeoPackage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from ugembed.graphs.maps import place_columns as columns
from ugembed.graphs.maps.city_map import MapPlace
from ugembed.graphs.maps.features import TABLE_ENDINGS, Feature, read_features
from ugembed.graphs.maps.osm.categories import CategoryTable, category_table
from ugembed.graphs.maps.osm.stops import lone_stop_positions
from ugembed.graphs.maps.shapes import parts, shape
from ugembed.graphs.maps.source import SHOWN_FAULTS, Faults, MapSource

_KEPT_WHOLE = ("Point", "Polygon", "MultiPolygon", "LineString")


def read_places(path: Path, *, categories: Path | None = None) -> tuple[MapPlace, ...]:
    """Named points, areas and lines of a file, told by its ending, sorted by id.

    The category is what a column ``category`` or Overture's say, else what the category table says of the OSM tags in
    columns called like their keys. Rows without a name, or that the table does not count as places, are left out.
    Rows without an id are called after the file and their number. ``categories`` is as in `read_osm`.

    Raises:
        GraphError: ``places-missing``, ``places-format`` for an unknown ending, ``places-broken`` (with the first ten
            faulty rows), ``places-projected``, ``places-layer``, ``places-too-large``.
        ConfigError: of `category_table`.
    """
    table = category_table(categories)
    source = MapSource(str(path), "places")
    if path.suffix.lower() not in TABLE_ENDINGS:
        raise source.unknown_format(", ".join(TABLE_ENDINGS)) if path.is_file() else source.missing()
    rows = read_features(path, source, columns.place_columns(table), _layer)
    return places_of_rows(rows, source, table, unnamed=path.stem)


def places_of_rows(
    rows: Sequence[Feature], source: MapSource, table: CategoryTable, *, unnamed: str
) -> tuple[MapPlace, ...]:
    """The places among rows; ``unnamed`` goes before the number of a row without an id."""
    names = {name for row in rows for name in row.values}
    if rows and not columns.has_categories(names, table):
        raise source.broken("no column tells what the places are: category, or OSM tags (amenity, shop, leisure …)")
    faults = Faults(source)
    places: list[MapPlace] = []
    stop_positions: list[MapPlace] = []
    for number, row in enumerate(rows, 1):
        if columns.name(row.values):
            with faults.at(row.where):
                is_position = table.is_stop_position(columns.osm_tags(row.values, table))
                into = stop_positions if is_position else places
                into += _places(row, source, table, f"{unnamed}/{number}")
    faults.refuse()
    places += lone_stop_positions(stop_positions, places)
    twice = sorted(one for one, count in Counter(place.id for place in places).items() if count > 1)
    if twice:
        raise source.broken(f"{len(twice)} ids stand twice: {', '.join(twice[:SHOWN_FAULTS])}")
    return tuple(sorted(places, key=lambda place: place.id))


def _places(row: Feature, source: MapSource, table: CategoryTable, unnamed: str) -> Iterator[MapPlace]:
    """The place of a row, one for each part of a broken line; none when its category is unknown."""
    found = shape(row.geometry, source)
    category = columns.category(row.values, found.geom_type, table)
    if not category:
        return
    pieces = [found] if found.geom_type in _KEPT_WHOLE else parts(found)
    if len(pieces) > 1 and found.geom_type == "MultiPoint":
        raise source.broken("it stands at several points: a MultiPoint")
    values, identity = row.values, columns.identity(row.values) or unnamed
    try:
        for part, piece in enumerate(pieces):
            yield MapPlace(
                f"{identity}.{part}" if part else identity,
                columns.name(values),
                category,
                piece,
                columns.address(values),
                columns.district(values),
                columns.country(values),
                columns.name_en(values),
                columns.is_transit(category, table),
            )
    except (TypeError, ValueError) as error:
        raise source.broken(f"its names or addresses are not Overture's: {error}") from None


def _layer(source: MapSource, layers: dict[str, str]) -> str:
    """The only layer, or the one that is called after what it holds."""
    named = [name for name in ("places", "features", "pois") if name in layers]
    if len(layers) != 1 and len(named) != 1:
        raise source.no_layer(f"{len(layers)} layers, and none called 'places': {', '.join(layers) or 'none'}")
    return named[0] if named else next(iter(layers))
