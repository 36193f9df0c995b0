"""What the columns of a table of places mean: OSM tags as osmnx writes them, Overture's places, and plain tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from ugembed.graphs.maps.osm.categories import CategoryTable
from ugembed.graphs.maps.values import first_of, text

_CATEGORIES = ("category", "categories.primary", "taxonomy.primary", "basic_category")
_ELEMENTS = (("element", "id"), ("element_type", "osmid"), ("osm_type", "osm_id"))
_IDS = ("@id", "full_id", "id", "feature.id")
_ENGLISH = ("name:en", "int_name", "names.common.en")
_COUNTRIES = ("iso3166-1:alpha2", "iso3166-1", "addr:country", "country")
_DISTRICTS = ("addr:suburb", "addr:district", "addr:neighbourhood", "addr:quarter", "district")
_TRANSIT = frozenset(
    {"bus station", "bus stop", "train station", "metro station", "light rail and subway stations", "tram stop"}
    | {"ferry service", "ferry terminal", "public transportation", "coach bus", "trains", "transit station"}
)
"""Overture's words."""
_OTHERS = frozenset(
    {"name", "names.primary", "names.common", "address", "addresses", "addr:full", "addr:street", "addr:place"}
    | {"addr:housenumber", "addr:postcode", "addr:city"}
)
_LINES = ("LineString", "MultiLineString")


def place_columns(table: CategoryTable) -> frozenset[str]:
    """Every column of a table of places that is looked at."""
    elements = {name for pair in _ELEMENTS for name in pair}
    texts = {*_CATEGORIES, *_IDS, *_DISTRICTS, *_ENGLISH, *_COUNTRIES, *_OTHERS}
    return frozenset({*texts, *elements, *tag_columns(table)})


def tag_columns(table: CategoryTable) -> frozenset[str]:
    """The columns that are OSM tags from which a category is told."""
    rules = (*table.districts, *table.countries, *table.stop_positions)
    return frozenset({"area", *table.places, *table.lines, *(key for rule in rules for key in rule)})


def has_categories(names: set[str], table: CategoryTable) -> bool:
    """Whether any of these columns can say what a place is."""
    return bool(names & {*_CATEGORIES, *tag_columns(table)})


def osm_tags(values: Mapping[str, Any], table: CategoryTable) -> dict[str, str]:
    """Those columns as tags."""
    return {name: text(values[name]) for name in tag_columns(table) & values.keys()}


def category(values: Mapping[str, Any], kind: str, table: CategoryTable) -> str:
    """Category of a row whose geometry is of a kind; empty when it is no place, or names a district or country."""
    given = first_of(values, *_CATEGORIES)
    if given:
        return given.replace("_", " ")
    tags = osm_tags(values, table)
    if kind in _LINES:
        return table.line(tags) or ""
    if "Polygon" in kind and (table.is_district(tags) or table.is_country(tags)):
        return ""
    if kind == "Polygon" and tags.get("highway") and tags.get("area") != "yes" and identity(values).startswith("way/"):
        return ""  # a ring of street encloses nothing
    return table.place(tags) or ""


def is_transit(category: str, table: CategoryTable) -> bool:
    """Whether people board at places of a category, of the table or of Overture."""
    return table.is_transit(category) or category in _TRANSIT


def identity(values: Mapping[str, Any]) -> str:
    """``node/17`` for OSM objects, else the id that the table gives; may be empty."""
    for element, number in _ELEMENTS:
        if (of := text(values.get(element))) and (count := text(values.get(number))):
            return f"{of}/{count}"
    return first_of(values, *_IDS)


def name(values: Mapping[str, Any]) -> str:
    """The name in the local script; may be empty."""
    return first_of(values, "name", "names.primary")


def name_en(values: Mapping[str, Any]) -> str:
    """The English name, empty when it is unknown or the same."""
    common = values.get("names.common")
    english = first_of(values, *_ENGLISH) or text(dict(common or ()).get("en"))
    return english if english != name(values) else ""


def address(values: Mapping[str, Any]) -> str:
    """``Oak Street 5, 1010 Vienna``, as far as it is known."""
    overture = _first_address(values)
    street = _joined(first_of(values, "addr:street", "addr:place"), text(values.get("addr:housenumber")))
    town = _joined(text(values.get("addr:postcode")), text(values.get("addr:city")))
    street = street or text(overture.get("freeform"))
    town = town or _joined(text(overture.get("postcode")), text(overture.get("locality")))
    return ", ".join(filter(None, (street, town))) or first_of(values, "addr:full", "address")


def district(values: Mapping[str, Any]) -> str:
    """As tagged; may be empty."""
    return first_of(values, *_DISTRICTS)


def country(values: Mapping[str, Any]) -> str:
    """As tagged; may be empty."""
    return first_of(values, *_COUNTRIES) or text(_first_address(values).get("country"))


def _first_address(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first of Overture's ``addresses``, also where a format without lists holds them as JSON text."""
    found = values.get("addresses")
    if isinstance(found, str):
        found = orjson.loads(found)
    first = found[0] if isinstance(found, list) and found else {}
    return first if isinstance(first, dict) else {}


def _joined(*words: str) -> str:
    return " ".join(filter(None, words))
