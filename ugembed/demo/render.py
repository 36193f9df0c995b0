"""Street views: the city painted from far to near, under some weather, and the same view as an image of labels."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from ugembed.demo.ground import Ground
from ugembed.demo.houses import Houses
from ugembed.demo.model import Camera, City, Floats, Ints, rng_for
from ugembed.demo.optics import EYE_M, FOCAL_PX, GROUND_ORDER, HEIGHT, HORIZON_ROW, WIDTH, Patches, Picture, project
from ugembed.demo.palette import Rgb
from ugembed.demo.tall import Tall

LABEL_SCALE = 3
"""The label image is smaller than the picture by this factor, about what a small model sees."""
YARD = (150, 156, 128)


@dataclass(frozen=True, slots=True)
class Weather:
    """Sky at the zenith and at the horizon, a tint of everything, and the range of sight in metres."""

    zenith: Rgb
    horizon: Rgb
    tint: tuple[float, float, float]
    sight_m: float
    streaks: int = 0


WEATHERS: dict[str, Weather] = {
    "clear": Weather((92, 150, 226), (196, 220, 242), (1.0, 1.0, 1.0), 2500.0),
    "overcast": Weather((168, 174, 182), (206, 208, 210), (0.93, 0.94, 0.96), 1800.0),
    "rain": Weather((122, 130, 142), (168, 172, 178), (0.80, 0.83, 0.88), 700.0, streaks=160),
    "dusk": Weather((86, 82, 138), (246, 176, 120), (0.90, 0.80, 0.78), 2000.0),
    "fog": Weather((196, 200, 204), (210, 212, 214), (0.95, 0.96, 0.97), 260.0),
}


def weather_of(city: City, camera: Camera) -> str:
    """The weather of a picture, the same whenever it is asked."""
    rng = rng_for(city.config, "weather", int(camera.id[1:]))
    return str(rng.choice(tuple(WEATHERS), p=(0.4, 0.27, 0.13, 0.12, 0.08)))


class Renderer:
    """Paints what a camera sees of one city."""

    def __init__(self, city: City) -> None:
        self.city = city
        self._ground, self._houses, self._tall = Ground(city), Houses(city), Tall(city)

    def picture(self, camera: Camera) -> Picture:
        """The polygons in view, in painting order."""
        weather = WEATHERS[weather_of(self.city, camera)]
        patches = Patches()
        self._ground.add_to(patches, camera)
        self._houses.add_to(patches, camera)
        self._tall.add_to(patches, camera, weather.horizon)
        return project(camera, patches)

    def image(self, camera: Camera, picture: Picture) -> Image.Image:
        """The street view in colour, with noise that is a function of the city and the camera."""
        weather = WEATHERS[weather_of(self.city, camera)]
        rng = rng_for(self.city.config, "pixels", int(camera.id[1:]))
        colours = _in_weather(picture, weather)
        canvas = _sky_and_yard(weather).copy()
        on_ground = picture.orders > GROUND_ORDER / 2
        _paint(canvas, picture, colours, on_ground)
        canvas = Image.composite(Image.new("RGB", canvas.size, weather.horizon), canvas, _ground_haze(weather))
        _paint(canvas, picture, colours, ~on_ground)
        _streaks(canvas, weather, rng)
        return _with_noise(canvas, rng)

    def jpeg(self, camera: Camera, picture: Picture) -> bytes:
        """The street view as JPEG, quality 90."""
        buffer = io.BytesIO()
        self.image(camera, picture).save(buffer, format="JPEG", quality=90)
        return buffer.getvalue()


def label_image(picture: Picture) -> Ints:
    """(112, 168) labels of what is visible: nearer things hide farther ones exactly as in the picture."""
    canvas = Image.new("I", (WIDTH // LABEL_SCALE, HEIGHT // LABEL_SCALE), 0)
    draw = ImageDraw.Draw(canvas)
    for k in np.flatnonzero(~picture.details).tolist():
        polygon = picture.polygons[k]
        if len(polygon) >= 3:
            draw.polygon([(x / LABEL_SCALE, y / LABEL_SCALE) for x, y in polygon], fill=int(picture.labels[k]))
    return np.asarray(canvas, dtype=np.int64)


def _in_weather(picture: Picture, weather: Weather) -> list[Rgb]:
    colours = picture.colours * weather.tint
    distance = np.where(picture.orders < GROUND_ORDER / 2, picture.orders, 0.0)
    haze = 1.0 - np.exp(-distance / weather.sight_m)[:, None]
    mixed: Floats = np.clip(colours * (1 - haze) + np.array(weather.horizon) * haze, 0, 255)
    return [(r, g, b) for r, g, b in mixed.astype(int).tolist()]


def _paint(canvas: Image.Image, picture: Picture, colours: list[Rgb], which: np.ndarray) -> None:
    draw = ImageDraw.Draw(canvas)
    for k in np.flatnonzero(which).tolist():
        if len(picture.polygons[k]) >= 3:
            draw.polygon(picture.polygons[k], fill=colours[k])


@cache
def _sky_and_yard(weather: Weather) -> Image.Image:
    rows = np.arange(HEIGHT)[:, None]
    up = np.clip(rows / HORIZON_ROW, 0, 1)
    sky = np.array(weather.zenith) * (1 - up) + np.array(weather.horizon) * up
    column = np.where(rows < HORIZON_ROW, sky, np.array(YARD) * weather.tint)
    return Image.fromarray(np.repeat(column[:, None], WIDTH, axis=1).astype(np.uint8))


@cache
def _ground_haze(weather: Weather) -> Image.Image:
    """Mask: how much of the ground each row loses to the haze."""
    below = np.maximum(np.arange(HEIGHT) - HORIZON_ROW, 0.5)
    haze = 1.0 - np.exp(-FOCAL_PX * EYE_M / below / weather.sight_m)
    haze[: int(HORIZON_ROW)] = 0.0
    return Image.fromarray(np.repeat((haze * 255).astype(np.uint8)[:, None], WIDTH, axis=1))


def _streaks(canvas: Image.Image, weather: Weather, rng: np.random.Generator) -> None:
    draw = ImageDraw.Draw(canvas)
    for x, y in rng.uniform((0, 0), (WIDTH, HEIGHT), (weather.streaks, 2)).tolist():
        draw.line((x, y, x - 2, y + 11), fill=(190, 196, 206))


def _with_noise(canvas: Image.Image, rng: np.random.Generator) -> Image.Image:
    pixels = np.asarray(canvas, dtype=np.int16)
    grain = rng.integers(-7, 8, (HEIGHT, WIDTH, 1), dtype=np.int16)
    return Image.fromarray(np.clip(pixels + grain + rng.integers(-8, 9), 0, 255).astype(np.uint8))
