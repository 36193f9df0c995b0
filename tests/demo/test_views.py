"""Pictures and their visible truth: things stand where geometry says, and what is hidden is not told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ugembed.demo.model import Buildings, Camera, City, Landmark
from ugembed.demo.optics import FOCAL_PX, HEIGHT, HORIZON_ROW, WIDTH, to_camera
from ugembed.demo.render import Renderer, weather_of
from ugembed.demo.views import View, look

NOWHERE = (0.0, 40_000.0)
"""Far from every street, so that a scene holds only what the test puts there."""


def empty(city: City, *landmarks: Landmark, house: tuple[float, float] | None = None) -> City:
    """The city with only these landmarks and at most one house of 40 m by 20 m, its south-west corner at ``house``."""
    corners = np.empty((0, 4, 2))
    if house is not None:
        corners = np.array([[(0.0, 0.0), (40.0, 0.0), (40.0, 20.0), (0.0, 20.0)]]) + house
    many = len(corners)
    zeros = np.zeros(many, dtype=np.int64)
    buildings = Buildings(corners, zeros + 12, np.full((many, 3), 128.0), zeros, zeros)
    return replace(city, landmarks=landmarks, buildings=buildings, pois=())


def dome(east: float, ahead: float) -> Landmark:
    return Landmark("Test Dome", "dome", "red", (NOWHERE[0] + east, NOWHERE[1] + ahead), 0)


def clear_camera(city: City) -> Camera:
    """A camera that looks north in clear weather."""
    cameras = (Camera(f"v{k:05d}", NOWHERE, 0.0, 0, 0, "train") for k in range(1000))
    return next(camera for camera in cameras if weather_of(city, camera) == "clear")


def seen(city: City) -> tuple[View, np.ndarray]:
    camera, renderer = clear_camera(city), Renderer(city)
    picture = renderer.picture(camera)
    return look(city, camera, picture), np.asarray(renderer.image(camera, picture)).astype(int)


def red_columns(pixels: np.ndarray) -> np.ndarray:
    """Columns with something red above the horizon."""
    sky = pixels[: int(HORIZON_ROW)]
    red = (sky[..., 0] > 120) & (sky[..., 1] < 90) & (sky[..., 2] < 100)
    return np.flatnonzero(red.any(axis=0))


def test_axes_are_right_up_and_ahead() -> None:
    camera = Camera("v00000", (10.0, 20.0), 90.0, 0, 0, "train")
    seen_from = to_camera(camera, np.array([[110.0, 20.0, 1.6], [10.0, -30.0, 3.6]]))
    assert seen_from == pytest.approx(np.array([[0.0, 0.0, 100.0], [50.0, 2.0, 0.0]]), abs=1e-9)


@pytest.mark.parametrize(("east", "side"), [(0.0, "ahead"), (-90.0, "left"), (90.0, "right")])
def test_a_landmark_stands_in_the_columns_of_its_bearing(city: City, east: float, side: str) -> None:
    view, pixels = seen(empty(city, dome(east, 200.0)))
    columns = red_columns(pixels)
    bearing, half = np.arctan2(east, 200.0), np.arctan2(23.0, np.hypot(east, 200.0))
    left, right = (WIDTH / 2 + FOCAL_PX * np.tan(bearing + turn) for turn in (-half, half))
    assert columns[[0, -1]] == pytest.approx(np.array([left, right]), abs=3)
    assert [(mark.colour, mark.kind, mark.side, mark.band) for mark in view.landmarks] == [
        ("red", "dome", side, "middle")
    ]


@pytest.mark.parametrize(("ahead", "band"), [(110.0, "near"), (200.0, "middle"), (300.0, "far")])
def test_the_distance_band_follows_the_distance(city: City, ahead: float, band: str) -> None:
    view, _ = seen(empty(city, dome(0.0, ahead)))
    assert [mark.band for mark in view.landmarks] == [band]


def test_what_is_behind_the_camera_or_too_far_is_not_seen(city: City) -> None:
    view, pixels = seen(empty(city, dome(0.0, -200.0), dome(0.0, 600.0)))
    assert view.landmarks == ()
    assert len(red_columns(pixels)) == 0


def test_what_a_house_hides_is_not_in_the_view(city: City) -> None:
    south_of_dome = (NOWHERE[0] - 20.0, NOWHERE[1] + 40.0)
    view, pixels = seen(empty(city, dome(0.0, 200.0), house=south_of_dome))
    assert view.landmarks == ()
    assert len(red_columns(pixels)) == 0
    beside = (NOWHERE[0] + 30.0, NOWHERE[1] + 40.0)
    view, _ = seen(empty(city, dome(0.0, 200.0), house=beside))
    assert len(view.landmarks) == 1


def test_a_picture_is_the_same_every_time_and_has_its_size(city: City) -> None:
    camera = city.cameras[3]
    first, second = (Renderer(city) for _ in range(2))
    assert first.jpeg(camera, first.picture(camera)) == second.jpeg(camera, second.picture(camera))
    assert first.image(camera, first.picture(camera)).size == (WIDTH, HEIGHT)


def test_every_fact_of_a_view_comes_from_the_city(city: City) -> None:
    renderer = Renderer(city)
    views = [look(city, camera, renderer.picture(camera)) for camera in city.cameras]
    for view in views:
        for mark in view.landmarks:
            assert (mark.kind, mark.colour) == (city.landmarks[mark.number].kind, city.landmarks[mark.number].colour)
        assert all(place.category == city.pois[place.number].category for place in view.places)
        assert View.from_json(view.to_json()) == view
    assert sum(bool(view.landmarks) for view in views) > 0.2 * len(views)
    assert sum(bool(view.places) for view in views) > 0.1 * len(views)
    assert sum(bool(view.wall) for view in views) > 0.7 * len(views)


def test_walls_told_are_those_of_a_street_nearby(city: City) -> None:
    renderer = Renderer(city)
    for camera in city.cameras[::7]:
        view = look(city, camera, renderer.picture(camera))
        if view.wall:
            assert view.wall in city.districts[camera.district].palette
