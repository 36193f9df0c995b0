"""The picture of places: where the dots are, in which colours, at which scale."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from ugembed.geo.geodesy import EARTH_RADIUS_M, from_local_metres
from ugembed.records.places_map import COLOURS, MOST_PANELS, _length, _panels, _round_length, _together
from ugembed.records.places_map import places_picture as draw

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB
VISION = {
    "full": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


def has_colour(picture: Image.Image, colour: str) -> bool:
    """Below the legend."""
    return bool((np.array(picture)[30:] == rgb(colour)).all(axis=2).any())


def middle(picture: Image.Image, colour: str) -> tuple[float, float]:
    """(x, y) of the middle of all pixels of a colour below the legend."""
    y, x = np.nonzero((np.array(picture)[30:] == rgb(colour)).all(axis=2))
    return float(x.mean()), float(y.mean()) + 30


def lab(colour: str, vision: str) -> np.ndarray:
    value = np.array(rgb(colour)) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(VISION[vision]) @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    part = to_xyz @ seen / [0.9505, 1, 1.089]
    f = np.where(part > 0.008856, np.cbrt(part), 7.787 * part + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISION)
def test_colours_are_told_apart_with_every_kind_of_colour_vision(vision: str) -> None:
    def least(colours: tuple[str, ...]) -> float:
        pairs = combinations((*colours, "#FFFFFF"), 2)
        return min(float(np.linalg.norm(lab(a, vision) - lab(b, vision))) for a, b in pairs)

    assert least(COLOURS) > 14
    assert least(COLOURS[:3]) > 50


def test_north_is_up_and_both_axes_have_one_scale() -> None:
    lon, lat = from_local_metres([-900, 900, -900], [0, 0, 450], lon0=10.0, lat0=60.0)
    groups = {str(i): [place] for i, place in enumerate(zip(lon.tolist(), lat.tolist(), strict=True))}
    picture = draw(groups, width=700, height=500)
    west, east, north = (middle(picture, colour) for colour in COLOURS[:3])
    assert picture.size == (700, 500)
    assert west[1] == pytest.approx(east[1], abs=1)
    assert west[0] == pytest.approx(north[0], abs=1)
    assert (west[1] - north[1]) / (east[0] - west[0]) == pytest.approx(0.25, abs=0.01)


def test_places_on_both_sides_of_the_antimeridian_are_neighbours() -> None:
    picture = draw({"a": [(179.999, 0.0)], "b": [(-179.999, 0.0)]})
    assert middle(picture, COLOURS[0])[0] < 30 < 610 < middle(picture, COLOURS[1])[0]


def test_small_groups_are_drawn_above_large_ones() -> None:
    here = (8.5, 47.4)
    picture = draw({"few": [here], "many": [here] * 50})
    assert has_colour(picture, COLOURS[0])
    assert not has_colour(picture, COLOURS[1])


def test_no_places_and_one_place_and_one_group_without_any() -> None:
    assert len(np.unique(np.array(draw({})).reshape(-1, 3), axis=0)) > 1  # says so
    nothing = draw({"train": [], "test": []})
    assert not has_colour(nothing, COLOURS[0])
    one = draw({"train": [], "test": [(8.5, 47.4)]})
    assert middle(one, COLOURS[1]) == pytest.approx((320, 238), abs=15)
    assert draw({"rows": np.array([[8.5, 90.0], [-100.0, 90.0]])}).size == (640, 480)


def cities(*sizes: int) -> list[tuple[float, float]]:
    return [(10.0 * i, 0.0005 * k) for i, size in enumerate(sizes) for k in range(size)]


def test_each_of_the_largest_cities_has_its_own_panel() -> None:
    everything = _together([np.array(cities(3, 9, 5))])
    assert [len(panel.lon) for panel in _panels(everything)] == [9, 5, 3]
    many = _together([np.array(cities(*[40] * MOST_PANELS, 2, 3))])
    assert [len(panel.lon) for panel in _panels(many)] == [40] * MOST_PANELS
    picture = np.array(draw({"rows": cities(*[40] * MOST_PANELS, 2, 3)}))
    without = np.array(draw({"rows": cities(*[40] * MOST_PANELS)}))
    assert (picture[-20:] < 128).any()  # the line that counts the others
    assert not (without[-9:] < 128).any()


def test_places_all_over_a_country_share_one_panel() -> None:
    spread = _together([np.array(cities(*[2] * 30))])
    assert [len(panel.lon) for panel in _panels(spread)] == [60]


def test_scales_are_round_lengths() -> None:
    assert [_round_length(x) for x in (1, 7.3, 20.0, 49.9, 1234)] == [1, 5, 20, 20, 1000]
    assert [_length(x) for x in (0.5, 200.0, 1000.0, 2_000_000.0)] == ["0.5 m", "200 m", "1 km", "2,000 km"]


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    metres = 1000.0  # extent 4 x 250 m along the width: the quarter of 620 px is some 258 m, so the bar says 200 m
    half = np.degrees(metres / 2 / EARTH_RADIUS_M)
    picture = np.array(draw({"rows": [(-half, 0.0), (half, 0.0)]}))
    dark = (picture < 120).all(axis=2)
    row = max(range(picture.shape[0] - 30, picture.shape[0]), key=lambda y: dark[y, 400:].sum())
    assert dark[row, 400:].sum() == pytest.approx(200 / (metres / 600), abs=2)
