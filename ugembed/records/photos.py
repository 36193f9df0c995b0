"""A folder of photographs as image points: position and heading are read from the EXIF of each.

Tags and their meaning: Exif 2.32 (CIPA DC-008), section 4.6.6, "GPS attribute information".
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ugembed.errors import ConfigError, DataError
from ugembed.files import contained
from ugembed.progress import OnProgress, silent
from ugembed.records.images import SUFFIXES, open_image
from ugembed.records.item import Place
from ugembed.records.points import ImagePoint
from ugembed.records.tables.files import all_of

_GPS_IFD = 0x8825
_LATITUDE_REF, _LATITUDE, _LONGITUDE_REF, _LONGITUDE = 1, 2, 3, 4
_DIRECTION_REF, _DIRECTION = 16, 17
_SIGNS = {"N": 1.0, "S": -1.0, "E": 1.0, "W": -1.0}
_PLACE_HINT = "geotag the picture (for example with exiftool), or leave such pictures out with --skip-bad"


@dataclass(frozen=True, slots=True)
class Photos:
    """What a folder of photographs holds."""

    points: Sequence[ImagePoint]
    unplaced: Mapping[str, DataError]
    """Name of each picture that cannot be placed, and why."""
    without_north: int
    """Pictures whose direction is not one from true north; they have no heading."""

    def placed(self) -> list[ImagePoint]:
        """The points, if every picture is one.

        Raises:
            DataError: with every picture that is not, the code of the first.
        """
        if self.unplaced:
            raise all_of(list(self.unplaced.values()))
        return list(self.points)


def read_photos(folder: Path, *, columns: Mapping[str, str] | None = None, on_progress: OnProgress = silent) -> Photos:
    """Read the EXIF of every picture in a folder and its folders, by name; hidden files are passed over.

    A point is called like its file without the ending, and its ``image`` is the name relative to the folder. A
    direction counts only if it is one from true north: a magnetic one is off by the declination, degrees in places.

    Raises:
        ConfigError: ``columns-broken``: photographs have no columns.
        DataError: ``points-empty``, ``point-duplicate``, ``path-escapes`` for a link out of the folder. In
            `Photos.unplaced`: ``photo-without-position``, ``photo-position-broken``, ``exif-broken``,
            ``coordinates-range``, and those of `probe_image`.
    """
    if columns:
        hint = "leave --columns out, or give a table as --points"
        raise ConfigError(f"{folder}: a folder of photographs has no columns", code="columns-broken", hint=hint)
    names = _pictures(folder)
    points: list[ImagePoint] = []
    unplaced: dict[str, DataError] = {}
    without_north = 0
    for number, name in enumerate(names):
        on_progress(number, len(names), "reading photographs")
        try:
            place, is_lost = _place(folder / name)
        except DataError as error:
            unplaced[name] = error
        else:
            points.append(ImagePoint(Path(name).stem, place, name))
            without_north += is_lost
    return Photos(points, unplaced, without_north)


def _pictures(folder: Path) -> list[str]:
    """Relative names in order; their stems are ids, so none stands twice."""
    paths = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    names = sorted(path.relative_to(folder).as_posix() for path in paths)
    names = [name for name in names if not any(part.startswith(".") for part in Path(name).parts)]
    if not names:
        hint = f"pictures end with {', '.join(sorted(SUFFIXES))}"
        raise DataError(f"{folder}: no pictures in it", code="points-empty", hint=hint)
    for name in names:
        contained(folder, name)
    by_stem: dict[str, str] = {}
    twice = [
        DataError(
            f"{folder}: {name} and {other} would have the same id",
            code="point-duplicate",
            hint="rename one: a photograph's id is its file name without the ending",
        )
        for name in names
        if (other := by_stem.setdefault(Path(name).stem, name)) != name
    ]
    if twice:
        raise all_of(twice)
    return names


def _place(path: Path) -> tuple[Place, bool]:
    """Where a picture was taken, and whether a direction was left out."""
    gps = _gps(path)
    if _LATITUDE not in gps or _LONGITUDE not in gps:
        what = f"{path}: no position in its EXIF"
        raise DataError(what, code="photo-without-position", hint=_PLACE_HINT)
    lat = _degrees(path, gps[_LATITUDE], _text(gps.get(_LATITUDE_REF)), "NS")
    lon = _degrees(path, gps[_LONGITUDE], _text(gps.get(_LONGITUDE_REF)), "EW")
    if lon == lat == 0.0:
        raise _broken(path, "0, 0, which cameras write when they do not know")
    heading = _number(gps.get(_DIRECTION))
    is_true = _text(gps.get(_DIRECTION_REF)) == "T"
    try:
        place = Place(lon, lat, heading % 360.0 if math.isfinite(heading) and is_true else None)
    except DataError as error:
        raise DataError(f"{path}: {error.message}", code=error.code, hint=_PLACE_HINT) from None
    return place, math.isfinite(heading) and not is_true


def _gps(path: Path) -> dict[int, Any]:
    with open_image(path) as image:
        try:
            return dict(image.getexif().get_ifd(_GPS_IFD))
        except Exception as error:  # parsers of damaged EXIF raise nearly every type there is
            what = f"{path}: its EXIF cannot be read: {error}"
            raise DataError(what, code="exif-broken", hint=_PLACE_HINT) from None


def _degrees(path: Path, value: Any, reference: str, sides: str) -> float:
    """Degrees, minutes and seconds with their hemisphere, as signed degrees."""
    parts = [_number(part) for part in value] if isinstance(value, tuple) else []
    if len(parts) != 3 or not all(0 <= part <= limit for part, limit in zip(parts, (180, 60, 60), strict=True)):
        raise _broken(path, f"{str(value)[:60]}, not degrees, minutes and seconds")
    if reference not in _SIGNS or reference not in sides:
        raise _broken(path, f"{reference!r}, neither {sides[0]} nor {sides[1]}")
    degrees, minutes, seconds = parts
    return _SIGNS[reference] * (degrees + minutes / 60 + seconds / 3600)


def _broken(path: Path, what: str) -> DataError:
    return DataError(f"{path}: its position is {what}", code="photo-position-broken", hint=_PLACE_HINT)


def _number(value: Any) -> float:
    """NaN for what is no number; EXIF writes 0/0 for what is not known."""
    try:
        return float(value)
    except (TypeError, ValueError, ArithmeticError):
        return math.nan


def _text(value: Any) -> str:
    return value.strip("\0 ").upper() if isinstance(value, str) else ""
