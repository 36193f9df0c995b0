"""The category table: which objects count, and what they are called."""

from __future__ import annotations

import pytest

from ugembed.graphs.maps.osm.categories import category_table

TABLE = category_table()


@pytest.mark.parametrize(
    ("tags", "category"),
    [
        ({"amenity": "cafe"}, "cafe"),
        ({"amenity": "bar;cafe"}, "bar"),
        ({"amenity": "fast_food"}, "fast food restaurant"),
        ({"amenity": "fire_station"}, "fire station"),
        ({"tourism": "hotel", "amenity": "restaurant", "building": "yes"}, "hotel"),
        ({"tourism": "information", "amenity": "library"}, "library"),
        ({"shop": "yes"}, "shop"),
        ({"shop": "musical_instrument"}, "musical instrument shop"),
        ({"shop": "supermarket"}, "supermarket"),
        ({"building": "yes"}, "building"),
        ({"amenity": "bench"}, None),
        ({"building": "no", "bridge": "no"}, None),
        ({"highway": "residential"}, None),
        ({"highway": "bus_stop"}, "bus stop"),
        ({"natural": "water"}, "water"),
        ({}, None),
    ],
)
def test_places_get_the_category_of_their_first_telling_tag(tags: dict[str, str], category: str | None) -> None:
    assert TABLE.place(tags) == category


@pytest.mark.parametrize(
    ("tags", "counts"),
    [
        ({"highway": "residential"}, True),
        ({"highway": "footway"}, True),
        ({"highway": "cycleway"}, True),
        ({"highway": "footway", "footway": "sidewalk"}, False),
        ({"highway": "service", "service": "driveway"}, False),
        ({"highway": "pedestrian", "area": "yes"}, False),
        ({"highway": "proposed"}, False),
        ({"waterway": "river"}, False),
    ],
)
def test_streets_are_ways_one_can_stand_on_that_are_not_part_of_another(tags: dict[str, str], counts: bool) -> None:
    assert TABLE.is_street(tags) is counts


def test_rivers_and_districts_are_recognised() -> None:
    assert TABLE.line({"waterway": "river"}) == "river"
    assert TABLE.line({"waterway": "dam"}) is None
    assert TABLE.is_district({"boundary": "administrative", "admin_level": "10"})
    assert not TABLE.is_district({"boundary": "administrative", "admin_level": "4"})


def test_a_street_class_that_is_not_listed_is_its_own_name() -> None:
    assert TABLE.street("residential") == "residential street"
    assert TABLE.street("rest_area") == "rest area"
    assert TABLE.street("") == "street"


def test_every_category_is_readable_text() -> None:
    named = [category for values in TABLE.places.values() for category in values.values() if category]
    assert len(named) > 80
    assert all(category == category.strip() and "_" not in category for category in named)
