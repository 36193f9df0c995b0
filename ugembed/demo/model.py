"""What the synthetic city consists of. Positions are (east, north) metres from the origin of the configuration."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from ugembed.geo.geodesy import from_local_metres
from ugembed.registry import Config

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Position = tuple[float, float]


class CityConfig(Config):
    """Size and seed of a synthetic city; everything in it is a pure function of these values."""

    seed: int = Field(default=7, ge=0)
    """Another seed gives another city with other names."""
    districts: int = Field(default=4, ge=1, le=16)
    """Districts, two in a row; the last ``unseen_districts`` of them lend no training image."""
    unseen_districts: int = Field(default=1, ge=0)
    images_per_district: int = Field(default=234, ge=1)
    """Training images of each training district."""
    heldout_per_district: int = Field(default=54, ge=0)
    """Held-out images of each training district."""
    validation_per_district: int = Field(default=12, ge=0)
    """Images of each training district for the validation rows; neither trained on nor in the benchmark."""
    unseen_images: int = Field(default=160, ge=0)
    """Images of each unseen district."""
    district_m: float = Field(default=1200.0, ge=500.0, le=3000.0)
    """Side of a district's street pattern in metres."""
    pois_per_district: int = Field(default=120, ge=1)
    landmarks_per_district: int = Field(default=15, ge=0, le=40)
    lon0: float = Field(default=9.2, ge=-180.0, lt=180.0)
    """Longitude of the city's centre in degrees."""
    lat0: float = Field(default=48.7, ge=-75.0, le=75.0)
    """Latitude of the city's centre in degrees."""

    @model_validator(mode="after")
    def _some_district_is_seen(self) -> CityConfig:
        if self.unseen_districts >= self.districts:
            raise ValueError("at least one district must be a training district")
        return self


def rng_for(config: CityConfig, purpose: str, *numbers: int) -> np.random.Generator:
    """The random stream of one purpose: independent of every other purpose and of the order of calls."""
    return np.random.default_rng([config.seed, zlib.crc32(purpose.encode()), *numbers])


@dataclass(frozen=True, slots=True)
class District:
    """A quarter with one look. ``palette`` are keys of `palette.WALLS`."""

    number: int
    name: str
    centre: Position
    pattern: str
    palette: tuple[str, ...]
    roof: str
    windows: str
    garden_m: float
    storeys: int
    seen: bool


@dataclass(frozen=True, slots=True)
class Street:
    """A named street along ``nodes`` (indices of crossings); ``trees`` are on these sides, seen along ``nodes``."""

    name: str
    district: int
    nodes: tuple[int, ...]
    half_width_m: float
    wall: str
    storeys: int
    trees: frozenset[str]


@dataclass(frozen=True, slots=True)
class Poi:
    """A named place in a house on a street; ``category`` is a key of `palette.CATEGORIES`."""

    name: str
    category: str
    position: Position
    district: int
    building: int


@dataclass(frozen=True, slots=True)
class Landmark:
    """Something tall; ``kind`` and ``colour`` are keys of the palette."""

    name: str
    kind: str
    colour: str
    position: Position
    district: int


@dataclass(frozen=True, slots=True)
class Park:
    """A round green of ``radius`` metres."""

    name: str
    position: Position
    radius: float
    district: int


@dataclass(frozen=True, slots=True)
class River:
    """A band of 2 x ``half_width`` metres along ``line`` (n, 2), which runs from south to north."""

    name: str
    line: Floats
    half_width: float

    def east_at(self, north: Floats | float) -> Floats:
        """East of the middle of the river at a northing."""
        return np.asarray(np.interp(north, self.line[:, 1], self.line[:, 0]))


@dataclass(frozen=True, slots=True)
class Edges:
    """Pieces of street between crossings: ``start``, ``end`` (m, 2), ``street`` (m,) and ``half_width`` (m,)."""

    start: Floats
    end: Floats
    street: Ints
    half_width: Floats
    nodes: Ints
    """(m, 2) indices of the crossings."""


@dataclass(frozen=True, slots=True)
class Buildings:
    """Boxes along the streets.

    Attributes:
        corners: (n, 4, 2) footprint: front left, front right, back right, back left, seen from the street.
        storeys: (n,) full storeys of 3.1 m.
        wall: (n, 3) sRGB of the walls.
        street: (n,) index of the street they face.
        district: (n,) index of the district.
    """

    corners: Floats
    storeys: Ints
    wall: Floats
    street: Ints
    district: Ints


@dataclass(frozen=True, slots=True)
class Camera:
    """Where a picture is taken: ``heading`` in degrees clockwise from north; ``split`` is train, validation,
    heldout or unseen."""

    id: str
    position: Position
    heading: float
    street: int
    district: int
    split: str


@dataclass(frozen=True, slots=True)
class City:
    """Everything that stands in the city."""

    config: CityConfig
    districts: tuple[District, ...]
    nodes: Floats
    streets: tuple[Street, ...]
    edges: Edges
    rivers: tuple[River, ...]
    parks: tuple[Park, ...]
    landmarks: tuple[Landmark, ...]
    buildings: Buildings
    pois: tuple[Poi, ...]
    cameras: tuple[Camera, ...]

    def lon_lat(self, position: Position) -> tuple[float, float]:
        """(lon, lat) in degrees, rounded to 1e-7 as OSM stores them."""
        lon, lat = from_local_metres(*position, lon0=self.config.lon0, lat0=self.config.lat0)
        return round(float(lon), 7), round(float(lat), 7)
