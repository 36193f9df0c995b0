"""Points that cannot have a graph: refused with what to do, or left out and listed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ugembed.errors import DataError
from ugembed.files import MANIFEST
from ugembed.graphs.build.config import BuildGraphsConfig
from ugembed.progress import OnProgress
from ugembed.records.item import Place
from ugembed.records.photos import Photos, read_photos
from ugembed.records.points import ImagePoint, read_points

_SHOWN_POINTS = 10
_LONGEST_NAME = 200


def read_image_points(config: BuildGraphsConfig, on_progress: OnProgress) -> Photos:
    """The points of a table or a folder; with ``skip_bad`` photographs may be unplaced as long as some are not."""
    if not config.points.is_dir():
        return Photos(read_points(config.points, columns=config.columns), {}, 0)
    photos = read_photos(config.points, columns=config.columns, on_progress=on_progress)
    if not (config.skip_bad and photos.points):
        photos.placed()
    return photos


def file_names(path: Path, points: Sequence[ImagePoint]) -> list[str]:
    """``<id>.json`` of every point; characters outside of A-Z a-z 0-9 ``_ . - ~`` are percent-encoded.

    Raises:
        DataError: ``id-unsafe`` for ids that cannot name a file.
    """
    names = [f"{quote(point.id, safe='')}.json" for point in points]
    bad = [
        point.id
        for point, name in zip(points, names, strict=True)
        if name.startswith(".") or name == MANIFEST or len(name) > _LONGEST_NAME
    ]
    if bad:
        shown = ", ".join(repr(name[:60]) for name in bad[:_SHOWN_POINTS])
        hint = f"ids must not start with a dot, be 'manifest', or be longer than {_LONGEST_NAME} bytes as a file name"
        raise DataError(f"{path}: {len(bad)} id(s) cannot name a file: {shown}", code="id-unsafe", hint=hint)
    return names


def off_map(config: BuildGraphsConfig, points: Sequence[ImagePoint], found: set[int]) -> list[ImagePoint]:
    """Points without a street nearby; refused unless ``skip_bad`` says to leave them out (and some are ``found``).

    Raises:
        DataError: ``point-off-map``, with the first of them.
    """
    lost = [point for i, point in enumerate(points) if i not in found]
    if lost and not (config.skip_bad and found):
        lines = [f"  {p.id}: lon {p.place.lon}, lat {p.place.lat}" for p in lost[:_SHOWN_POINTS]]
        more = [f"  … and {len(lost) - _SHOWN_POINTS} more"] if len(lost) > _SHOWN_POINTS else []
        head = f"{config.points}: {len(lost)} of {len(points)} points are over {config.max_snap_m:g} m from any street:"
        hint = "are lon and lat swapped, or is it another city's map? --skip-bad leaves them out, --max-snap widens"
        raise DataError("\n".join([head, *lines, *more]), code="point-off-map", hint=hint)
    return lost


def rejected_rows(config: BuildGraphsConfig, photos: Photos, lost: Sequence[ImagePoint]) -> list[dict[str, Any]]:
    """A line for every point that is left out, with the reason."""
    unplaced = [
        _row(Path(name).stem, None, code=error.code, why=error.message.removeprefix(f"{config.points / name}: "))
        for name, error in photos.unplaced.items()
    ]
    why = f"over {config.max_snap_m:g} m from any street"
    return [*unplaced, *(_row(point.id, point.place, code="point-off-map", why=why) for point in lost)]


def _row(name: str, place: Place | None, **reason: str) -> dict[str, Any]:
    return {"id": name, "lon": place.lon if place else None, "lat": place.lat if place else None, **reason}
