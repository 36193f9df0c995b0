"""The synthetic city: a function of its configuration, connected, with many distinct names."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from pydantic import ValidationError

from tests.demo.conftest import SMALL
from ugembed.demo.cameras import APART_M
from ugembed.demo.city import build_city
from ugembed.demo.model import City, CityConfig
from ugembed.demo.osm_xml import osm_xml, points_csv
from ugembed.demo.palette import LANDMARK_SIZES
from ugembed.demo.planar import distance_to_segments
from ugembed.demo.streets import PATTERNS, Plan, largest_component, split_into_streets
from ugembed.errors import DataError


def names(city: City) -> set[str]:
    things = (*city.streets, *city.pois, *city.landmarks, *city.parks, *city.rivers, *city.districts)
    return {thing.name for thing in things}


def test_the_same_seed_gives_the_same_map_and_points(city: City) -> None:
    again = build_city(SMALL)
    assert osm_xml(again) == osm_xml(city)
    assert points_csv(again) == points_csv(city)


def test_every_name_is_given_once_and_another_seed_has_mostly_others(city: City) -> None:
    things = (*city.streets, *city.pois, *city.landmarks, *city.parks, *city.rivers, *city.districts)
    assert len(names(city)) == len(things) > 150
    other = names(build_city(SMALL.model_copy(update={"seed": 6})))
    assert len(names(city) & other) < 0.1 * len(other)


def test_streets_of_a_district_hang_together(city: City) -> None:
    for district in city.districts:
        streets = [list(street.nodes) for street in city.streets if street.district == district.number]
        assert len(streets) > 10
        assert largest_component(streets) == streets


def test_no_two_cameras_are_within_twenty_metres_and_all_splits_are_filled(city: City) -> None:
    at = np.array([camera.position for camera in city.cameras])
    apart = np.linalg.norm(at[:, None] - at[None], axis=2) + np.eye(len(at)) * 1e9
    assert apart.min() >= APART_M
    counted = {split: sum(camera.split == split for camera in city.cameras) for split in ("train", "heldout", "unseen")}
    assert counted == {"train": 20, "heldout": 24, "unseen": 24}


def test_no_training_picture_comes_from_an_unseen_district(city: City) -> None:
    seen = {camera.district for camera in city.cameras if camera.split != "unseen"}
    unseen = {camera.district for camera in city.cameras if camera.split == "unseen"}
    assert seen.isdisjoint(unseen)
    assert unseen


def test_no_house_stands_on_a_street_in_water_or_on_a_landmark(city: City) -> None:
    centres = city.buildings.corners.mean(axis=1)
    assert len(centres) > 300
    free = distance_to_segments(centres, city.edges.start, city.edges.end) - city.edges.half_width
    assert free.min() > 2.0
    for river in city.rivers:
        assert np.abs(centres[:, 0] - river.east_at(centres[:, 1])).min() > river.half_width
    for mark in city.landmarks:
        assert np.linalg.norm(centres - mark.position, axis=1).min() > LANDMARK_SIZES[mark.kind][0] / 2


@pytest.mark.parametrize("pattern", sorted(PATTERNS))
def test_every_pattern_fills_its_square_with_blocks_of_street_size(pattern: str) -> None:
    plan = PATTERNS[pattern](np.random.default_rng(0), 1200.0)
    assert np.abs(plan.nodes).max() < 900
    steps = [np.linalg.norm(plan.nodes[a] - plan.nodes[b]) for line in plan.lines for a, b in pairwise(line)]
    assert 70 < np.median(steps) < 200


def test_lines_are_cut_where_an_edge_is_missing_and_where_they_get_too_long() -> None:
    plan = Plan(np.array([[0.0, 0], [100, 0], [200, 0], [300, 0], [400, 0]]), [[0, 1, 2, 3, 4]])
    assert split_into_streets(plan, {(1, 2)}, 1000) == [[0, 1], [2, 3, 4]]
    assert split_into_streets(plan, set(), 250) == [[0, 1, 2], [2, 3, 4]]


def test_a_district_without_room_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        build_city(SMALL.model_copy(update={"images_per_district": 5000}))
    assert caught.value.code == "city-too-small"


def test_a_city_without_training_district_is_refused() -> None:
    with pytest.raises(ValidationError):
        CityConfig(districts=1, unseen_districts=1)
