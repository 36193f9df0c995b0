"""The category table: which objects count, what they are called, and a table of one's own in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from ugembed.errors import ConfigError
from ugembed.graphs.maps.osm import categories
from ugembed.graphs.maps.osm.categories import category_table

TABLE = category_table()
SHIPPED = Path(categories.__file__).with_name("categories.yaml")

PLACES = """
amenity=cafe: cafe
amenity=bar;cafe: bar
amenity=fast_food: fast food restaurant
amenity=fire_station: fire station
amenity=bench:
amenity=parking: parking
amenity=parking_entrance:
amenity=university, building=university: university
amenity=school, landuse=education: school
amenity=grave_yard: cemetery
amenity=place_of_worship, building=church: place of worship
amenity=shelter: shelter
amenity=shelter, public_transport=platform: public transport stop
amenity=shelter, tourism=wilderness_hut: wilderness hut
amenity=bus_station, public_transport=station: bus station
amenity=ferry_terminal, building=yes: ferry terminal
amenity=taxi: taxi rank
tourism=hotel, amenity=restaurant, building=yes: hotel
tourism=information, amenity=library: library
tourism=information, information=office: tourist information
tourism=information, information=board:
tourism=attraction: attraction
tourism=attraction, man_made=tower: tower
tourism=attraction, historic=castle: castle
tourism=attraction, building=yes: attraction
tourism=yes, leisure=park: park
historic=yes, amenity=theatre: theatre
historic=memorial: memorial
historic=district:
shop=yes: shop
shop=musical_instrument: musical instrument shop
shop=supermarket: supermarket
shop=doityourself: DIY shop
shop=vacant, building=retail: shop building
office=diplomatic: embassy
office=insurance: insurance office
healthcare=yes: health centre
emergency=fire_hydrant:
emergency=ambulance_station: ambulance station
craft=brewery: brewery
leisure=park: park
leisure=pitch, sport=tennis: sports pitch
leisure=nature_reserve, boundary=protected_area: nature reserve
boundary=national_park: national park
boundary=administrative, admin_level=8:
natural=water: water
natural=water, water=lake: lake
natural=water, water=river: river
waterway=riverbank: river
natural=tree_row:
natural=peak: peak
landuse=cemetery: cemetery
landuse=industrial: industrial area
landuse=residential: residential area
landuse=forest: forest
landuse=construction:
place=square: square
place=square, highway=pedestrian, area=yes: square
highway=pedestrian, area=yes: square
highway=pedestrian, area=yes, amenity=marketplace: marketplace
place=islet: island
place=town:
place=suburb: suburb
building=yes: building
building=apartments: apartment building
building=garage:
building=no, bridge=no:
power=line:
man_made=water_tower: water tower
aeroway=aerodrome: airport
aeroway=runway:
aerialway=station: cable car station
aerialway=gondola:
highway=bus_stop: bus stop
highway=bus_stop, public_transport=platform: bus stop
highway=elevator: lift
highway=residential:
highway=motorway_junction:
railway=station, public_transport=station, building=train_station: station
railway=tram_stop, public_transport=stop_position: tram stop
railway=platform, public_transport=platform: public transport stop
railway=subway_entrance: subway entrance
railway=rail:
railway=abandoned:
public_transport=stop_position: public transport stop
public_transport=station: station
public_transport=stop_area:
disused:shop=bakery:
""".strip().splitlines()


def tags_of(text: str) -> dict[str, str]:
    """``"amenity=cafe, shop=yes"`` as tags."""
    return {key: value for key, _, value in (pair.partition("=") for pair in text.split(", ") if pair)}


@pytest.mark.parametrize("line", PLACES)
def test_places_get_the_category_of_their_most_telling_tag(line: str) -> None:
    tags, _, category = line.rpartition(":")
    assert TABLE.place(tags_of(tags)) == (category.strip() or None)


def test_an_object_without_tags_is_no_place() -> None:
    assert TABLE.place({}) is None


@pytest.mark.parametrize(
    ("tags", "counts"),
    [
        ("highway=residential", True),
        ("highway=footway", True),
        ("highway=cycleway", True),
        ("highway=service, service=alley", True),
        ("highway=residential, junction=roundabout, oneway=yes", True),
        ("highway=footway, footway=sidewalk", False),
        ("highway=service, service=driveway", False),
        ("highway=pedestrian, area=yes", False),
        ("highway=corridor, indoor=yes", False),
        ("highway=proposed", False),
        ("waterway=river", False),
    ],
)
def test_streets_are_ways_one_can_stand_on_that_are_not_part_of_another(tags: str, counts: bool) -> None:
    assert TABLE.is_street(tags_of(tags)) is counts


@pytest.mark.parametrize(
    ("tags", "covered"),
    [
        ("tunnel=yes", True),
        ("tunnel=avalanche_protector", True),
        ("location=underground", True),
        ("covered=yes, layer=-1", True),
        ("tunnel=no", False),
        ("tunnel=building_passage", False),
        ("covered=yes", False),
        ("covered=yes, layer=1", False),
        ("bridge=yes, layer=1", False),
        ("layer=-1", False),
    ],
)
def test_tunnels_are_below_the_surface_and_passages_through_houses_are_not(tags: str, covered: bool) -> None:
    assert TABLE.is_tunnel(tags_of(tags)) is covered


@pytest.mark.parametrize(
    ("tags", "district", "country"),
    [
        ("boundary=administrative, admin_level=10", True, False),
        ("boundary=administrative, admin_level=9", True, False),
        ("boundary=administrative, admin_level=4", False, False),
        ("boundary=administrative, admin_level=2", False, True),
        ("boundary=historic, admin_level=9", False, False),
        ("boundary=maritime, admin_level=2", False, False),
        ("place=quarter", True, False),
        ("boundary=administrative, admin_level=8, place=suburb", True, False),
        ("place=town", False, False),
    ],
)
def test_districts_and_countries_are_recognised(tags: str, district: bool, country: bool) -> None:
    assert (TABLE.is_district(tags_of(tags)), TABLE.is_country(tags_of(tags))) == (district, country)


def test_rivers_are_recognised() -> None:
    assert TABLE.line({"waterway": "river"}) == "river"
    assert TABLE.line({"waterway": "dam"}) is None


def test_a_street_class_that_is_not_listed_is_its_own_name() -> None:
    assert TABLE.street("residential") == "residential street"
    assert TABLE.street("rest_area") == "rest area"
    assert TABLE.street("") == "street"


def test_people_board_at_stops_and_stations_only() -> None:
    boarding = {"bus stop", "tram stop", "station", "bus station", "subway entrance", "ferry terminal"}
    assert boarding < set(TABLE.transit)
    assert not any(map(TABLE.is_transit, ("taxi rank", "station building", "airport", "parking", "cafe")))


def test_every_category_is_readable_text() -> None:
    named = [category for values in TABLE.places.values() for category in values.values() if category]
    assert len(named) > 100
    assert all(category == category.strip() and "_" not in category for category in named)


def test_a_table_of_your_own_replaces_the_shipped_one(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(SHIPPED.read_text(encoding="utf-8").replace("optician: optician", "optician: spectacle maker"))
    assert category_table(own).place({"shop": "optician"}) == "spectacle maker"
    assert category_table().place({"shop": "optician"}) == "optician"


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("  steps: steps\n", "  steps: no\n", "streets.steps"),
        ("  steps: steps\n", "  steps: a\n  steps: b\n", "streets.steps is written twice"),
        ("transit: [bus stop,", "transit: [bus stopp,", "did you mean 'bus stop'"),
        ("\ntransit:", "\ntransits:", "did you mean 'transit'"),
        ("lines:\n", "rows:\n", "lines is required"),
        ("{office: tourist information,", "{yes: tourist information,", "places.information"),
        ("# Which OSM objects", "- x\n# Which", "not YAML"),
    ],
)
def test_a_broken_table_is_refused_with_its_place(tmp_path: Path, old: str, new: str, wanted: str) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "own.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"own\.yaml") as caught:
        category_table(tmp_path / "own.yaml")
    assert caught.value.code == "categories-broken"
    assert wanted in caught.value.message


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        category_table(tmp_path / "none.yaml")
    assert caught.value.code == "categories-missing"
