"""The picture of a run: dots where points are, crosses where they were left out."""

from __future__ import annotations

import time

import numpy as np
import pytest

from tests.graphs.drawing.drawn_graphs import is_colour, pixels
from ugembed.errors import GraphError
from ugembed.geo.geodesy import from_local_metres
from ugembed.graphs.drawing import points_map
from ugembed.graphs.drawing.points_map import MOST_DOTS
from ugembed.graphs.maps.city_map import Link

LON, LAT = 9.17, 48.77


def lon_lat(east: object, north: object, lon0: float = LON) -> tuple[np.ndarray, np.ndarray]:
    return from_local_metres(np.asarray(east, float), np.asarray(north, float), lon0=lon0, lat0=LAT)


def street(*corners: tuple[float, float], lon0: float = LON) -> Link:
    lon, lat = lon_lat(*zip(*corners, strict=True), lon0=lon0)
    return Link("way/1", "", "primary", "a", "b", np.stack([lon, lat], axis=1))


def middles(picture: np.ndarray, name: str) -> np.ndarray:
    """(n, 2) middles (column, row) of the patches of a colour on the map, without the legend below."""
    from scipy.ndimage import center_of_mass, label

    patches, count = label(is_colour(picture[: -45 * 2], name), np.ones((3, 3)))
    return np.array(center_of_mass(patches > 0, patches, range(1, count + 1)))[:, ::-1]


@pytest.mark.parametrize("lon0", [LON, 180.0])
def test_dots_are_to_scale_and_north_is_up(lon0: float) -> None:
    png = points_map([street((-900, 0), (900, 0), lon0=lon0)], lon_lat([-800, 800, 0], [-500, 500, 500], lon0), {})
    low, *others = sorted(middles(pixels(png), "street").tolist())
    middle, right = others
    assert low[1] > middle[1] == pytest.approx(right[1], abs=1)
    assert (right[0] - low[0]) / (low[1] - right[1]) == pytest.approx(1600 / 1000, rel=0.01)
    assert middle[0] - low[0] == pytest.approx((right[0] - low[0]) / 2, abs=1.5)


def test_points_left_out_are_crosses_near_by_and_at_the_edge_far_away() -> None:
    near, far = lon_lat([300], [0]), ([LAT], [LON])  # swapped
    lost = tuple(np.concatenate(pair) for pair in zip(near, far, strict=True))
    picture = pixels(points_map([], lon_lat([-400, 400], [-200, 200]), {"point-off-map": lost}))
    row, column = np.nonzero(is_colour(picture[: -45 * 2], "camera"))
    assert len(row) > 20
    at_edge = (column > picture.shape[1] * 0.95) | (row > picture.shape[0] * 0.85)
    assert 0 < at_edge.sum() < len(row)


def test_the_frame_is_around_the_placed_points_not_around_the_whole_map() -> None:
    far_street = street((50_000, 0), (90_000, 0))
    assert points_map([far_street], lon_lat([0, 100], [0, 50]), {}) == points_map([], lon_lat([0, 100], [0, 50]), {})


def test_without_placed_points_the_map_is_drawn() -> None:
    nowhere = ([np.nan], [np.nan])
    png = points_map([street((-900, -300), (900, 300))], ([], []), {"photo-no-position": nowhere})
    assert len(np.unique(pixels(png).reshape(-1, 3), axis=0)) > 3


def test_nothing_at_all_is_refused() -> None:
    with pytest.raises(GraphError) as caught:
        points_map([], ([], []), {"photo-no-position": ([np.nan], [np.nan])})
    assert caught.value.code == "map-empty"


def test_equal_input_gives_equal_bytes() -> None:
    links, points = [street((-90, 0), (90, 40))], lon_lat([1, 2, 3], [4, 5, 6])
    assert points_map(links, points, {"x": points}) == points_map(links, points, {"x": points})


def test_very_many_points_and_streets_take_seconds() -> None:
    rng = np.random.default_rng(0)
    points = lon_lat(*rng.normal(0, 3000, (2, 10 * MOST_DOTS)))
    begins = rng.uniform(-8000, 8000, (20_000, 2))
    lon, lat = lon_lat(*(begins[:, None] + rng.normal(0, 60, (20_000, 5, 2))).reshape(-1, 2).T)
    courses = np.stack([lon, lat], axis=1).reshape(-1, 5, 2)
    links = [Link(f"way/{i}", "", "residential", "a", "b", course) for i, course in enumerate(courses)]
    begin = time.process_time()
    picture = pixels(points_map(links, points, {}))
    assert time.process_time() - begin < 8
    height, width = picture.shape[:2]
    middle, corner = picture[height // 2, width // 2].astype(int), picture[height // 8, width // 8].astype(int)
    assert middle.sum() < corner.sum()  # darker where more points are
