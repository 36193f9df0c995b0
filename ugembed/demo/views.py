"""What is visible in a street view: the truth that its caption may tell. No names in here.

Everything is counted in the label image, so what a house, a tree or another landmark hides is not in a `View`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ugembed.demo.ground import LABEL_PARK, LABEL_RIVER, LABEL_ZEBRA, NARROW_M, WIDE_M
from ugembed.demo.houses import LABEL_POI, LABEL_WALLS
from ugembed.demo.model import Camera, City, Ints
from ugembed.demo.optics import FOCAL_PX, Picture, axes
from ugembed.demo.palette import LANDMARK_SIZES, WALLS
from ugembed.demo.render import LABEL_SCALE, WEATHERS, label_image, weather_of
from ugembed.demo.tall import LABEL_LANDMARK, LABEL_TREE, filled_share

LEAST_LANDMARK_PX = 16
LEAST_LANDMARK_SHARE = 0.2
"""Share of its silhouette that must show, so that its kind can be recognised."""
LEAST_AWNING_PX = 16
LEAST_TREE_PX = 90
LEAST_GROUND_PX = 45
LEAST_WALL_PX = 250
NEAR_M, FAR_M = 130.0, 250.0


@dataclass(frozen=True, slots=True)
class SeenLandmark:
    """A landmark in view: its number, looks, ``side`` (left, ahead, right) and ``band`` (near, middle, far)."""

    number: int
    kind: str
    colour: str
    side: str
    band: str


@dataclass(frozen=True, slots=True)
class SeenPlace:
    """A coloured shop front in view: number of the place in the city, category and ``side``."""

    number: int
    category: str
    side: str


@dataclass(frozen=True, slots=True)
class View:
    """What one picture shows.

    Attributes:
        id: Id of the camera and its picture.
        landmarks, places: The most prominent first.
        wall, storeys: Prevailing house colour (key of `palette.WALLS`) and height; ``""`` and 0 where hardly any house
            is in view.
        trees: ``""``, ``left``, ``right`` or ``both``.
        park, river: ``""`` or the side on which it lies.
        junction: A crossing with zebra stripes is ahead.
        road: ``wide``, ``narrow`` or ``""`` for an ordinary street.
        weather: Key of `render.WEATHERS`.
    """

    id: str
    landmarks: tuple[SeenLandmark, ...]
    places: tuple[SeenPlace, ...]
    wall: str
    storeys: int
    trees: str
    park: str
    river: str
    junction: bool
    road: str
    weather: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON; `from_json` gives back an equal view."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> View:
        landmarks = tuple(SeenLandmark(**entry) for entry in value["landmarks"])
        places = tuple(SeenPlace(**entry) for entry in value["places"])
        return cls(**{**value, "landmarks": landmarks, "places": places})


def look(city: City, camera: Camera, picture: Picture) -> View:
    """The visible truth of one picture."""
    labels = label_image(picture)
    found, counts = np.unique(labels, return_counts=True)
    pixels = dict(zip(found.tolist(), counts.tolist(), strict=True))
    wall, storeys = _prevailing_walls(pixels)
    width = city.streets[camera.street].half_width_m
    return View(
        id=camera.id,
        landmarks=_landmarks(city, camera, labels, pixels),
        places=_places(city, labels, pixels),
        wall=wall,
        storeys=storeys,
        trees=_tree_sides(labels),
        park=_side(labels, LABEL_PARK, pixels.get(LABEL_PARK, 0), LEAST_GROUND_PX),
        river=_side(labels, LABEL_RIVER, pixels.get(LABEL_RIVER, 0), LEAST_GROUND_PX),
        junction=pixels.get(LABEL_ZEBRA, 0) >= LEAST_GROUND_PX,
        road="wide" if width > WIDE_M else "narrow" if width < NARROW_M else "",
        weather=weather_of(city, camera),
    )


def look_alike(one: View, other: View) -> bool:
    """Whether two pictures show houses of one colour, or landmarks of one kind and colour."""
    ours, theirs = ({(seen.kind, seen.colour) for seen in view.landmarks} for view in (one, other))
    return one.wall == other.wall or not ours.isdisjoint(theirs)


def _side(labels: Ints, label: int, count: int, least: int) -> str:
    """Where the pixels of a label lie on average; empty when there are fewer than ``least``."""
    if count < least:
        return ""
    middle = float(np.nonzero(labels == label)[1].mean() + 0.5) / labels.shape[1]
    return "left" if middle < 0.4 else "right" if middle > 0.6 else "ahead"


def _landmarks(city: City, camera: Camera, labels: Ints, pixels: dict[int, int]) -> tuple[SeenLandmark, ...]:
    ahead, _ = axes(camera.heading)
    clear_m = 1.2 * WEATHERS[weather_of(city, camera)].sight_m
    seen = []
    for label, count in sorted(pixels.items(), key=lambda item: (-item[1], item[0])):
        if not LABEL_LANDMARK <= label < LABEL_POI:
            continue
        landmark = city.landmarks[label - LABEL_LANDMARK]
        away = np.array(landmark.position) - camera.position
        distance = float(np.linalg.norm(away))
        width, height = LANDMARK_SIZES[landmark.kind]
        scale = FOCAL_PX / LABEL_SCALE / float(away @ ahead)
        whole = filled_share(landmark.kind) * width * height * scale**2
        if count < max(LEAST_LANDMARK_PX, LEAST_LANDMARK_SHARE * whole) or distance > clear_m:
            continue
        band = "near" if distance < NEAR_M else "far" if distance > FAR_M else "middle"
        side = _side(labels, label, count, 1)
        seen.append(SeenLandmark(label - LABEL_LANDMARK, landmark.kind, landmark.colour, side, band))
    return tuple(seen)


def _places(city: City, labels: Ints, pixels: dict[int, int]) -> tuple[SeenPlace, ...]:
    seen = []
    for label, count in sorted(pixels.items(), key=lambda item: (-item[1], item[0])):
        if label >= LABEL_POI and count >= LEAST_AWNING_PX:
            number = label - LABEL_POI
            seen.append(SeenPlace(number, city.pois[number].category, _side(labels, label, count, 1)))
    return tuple(seen)


def _prevailing_walls(pixels: dict[int, int]) -> tuple[str, int]:
    walls = {label: count for label, count in pixels.items() if LABEL_WALLS <= label < LABEL_LANDMARK}
    if sum(walls.values()) < LEAST_WALL_PX:
        return "", 0
    code = max(walls, key=lambda label: (walls[label], -label)) - LABEL_WALLS
    return tuple(WALLS)[code // 10], code % 10


def _tree_sides(labels: Ints) -> str:
    half = labels.shape[1] // 2
    left = int((labels[:, :half] == LABEL_TREE).sum()) >= LEAST_TREE_PX
    right = int((labels[:, half:] == LABEL_TREE).sum()) >= LEAST_TREE_PX
    return "both" if left and right else "left" if left else "right" if right else ""
