"""Which columns of a table of images hold what: known names of the vendors, and names that the user gives."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ugembed.errors import ConfigError, DataError, did_you_mean

FEATURE_ID = "feature.id"
"""What stands as ``id`` beside a GeoJSON feature's properties, not among them."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("id", "image_id", "uuid", "panoid", "pano_id", "orig_id", FEATURE_ID),
    "lon": ("lon", "lng", "long", "longitude", "maplongitude", "location.lng", "x"),
    "lat": ("lat", "latitude", "maplatitude", "location.lat", "y"),
    "geometry": ("computed_geometry", "geometry", "geom", "wkt", "coordinates", "coords"),
    "heading": (
        *("heading", "heading_deg", "computed_compass_angle", "compass_angle", "bearing"),
        "mapcompassheading.trueheading",
    ),
    "image": ("image", "image_path", "filename", "file_name", "file", "path"),
}
"""Known names of each column in lower case; where a table has several, the first of them counts."""

_PREFIXES = ("mly_", "kv_")  # put in front by tools that join tables of Mapillary and KartaView
_COMPUTED = "computed_"
_SHOWN_COLUMNS = 40


@dataclass(frozen=True, slots=True)
class Sources:
    """The table's names of what is read; of several candidates a row takes the first that is not blank."""

    ids: tuple[str, ...]
    """None at all: an image is called like its file."""
    positions: tuple[tuple[str, ...], ...]
    """Candidates: a column of longitudes and one of latitudes, or one column of geometries."""
    headings: tuple[str, ...]
    image: str | None

    def names(self) -> list[str]:
        """Every column that is needed, once."""
        places = [name for place in self.positions for name in place]
        return list(dict.fromkeys([*self.ids, *places, *self.headings, *([self.image] if self.image else [])]))


def parse_columns(text: str) -> dict[str, str]:
    """``"id=panoid,lon=Easting"`` as a mapping of our names to the table's.

    Raises:
        ConfigError: ``columns-broken``.
    """
    pairs = [part.partition("=") for part in text.split(",")]
    columns = {key.strip(): name.strip() for key, _, name in pairs}
    if not all(columns) or not all(columns.values()) or len(columns) < len(pairs):
        hint = "for example --columns id=panoid,heading=yaw; in a run file `columns` is a mapping"
        raise ConfigError(f"{text!r} is not key=column,key=column", code="columns-broken", hint=hint)
    return columns


def find_sources(
    found: Sequence[str], *, where: str, given: Mapping[str, str], geometry_first: bool = False
) -> Sources:
    """Match the columns of a table.

    A computed geometry or heading goes before the raw one, which stands in where the computed one is blank. Otherwise
    lon and lat go before a geometry, whose units a plain table does not tell. A GeoJSON feature's own id counts where
    its properties have none, since some writers just number the features.

    Args:
        found: The table's columns.
        where: The file, for messages.
        given: Our name to the table's, where the user knows better.
        geometry_first: The format itself says that ``geometry`` holds the positions (GeoJSON, GeoParquet).

    Raises:
        ConfigError: ``columns-broken`` for a key that is not ours, or a position that is given twice.
        DataError: ``points-columns`` for a column that is given or needed and not there.
    """
    _check(given)
    for key, name in given.items():
        if name not in found:
            hint = f"{did_you_mean(name, found)}; --columns takes the table's own spelling"
            raise DataError(f"{where}: no column {name!r} for {key}", code="points-columns", hint=hint)
    names = {key: _candidates(key, found) for key in COLUMNS} | {key: [name] for key, name in given.items()}
    positions = _positions(names, given, geometry_first)
    has_id = bool(names["id"] or names["image"])
    if not positions or not has_id:
        flat = [key for key in ("lon", "lat") if not names[key] and not positions]
        raise _missing(where, [*([] if has_id else ["id"]), *flat], found)
    return Sources(
        ids=tuple(dict.fromkeys([*names["id"][:1], *(name for name in names["id"] if name == FEATURE_ID)])),
        positions=positions,
        headings=tuple(_with_raw(names["heading"])),
        image=next(iter(names["image"]), None),
    )


def _check(columns: Mapping[str, str]) -> None:
    for key in columns:
        if key not in COLUMNS:
            hint = f"{did_you_mean(key, COLUMNS)}; our name comes first: id=your_column"
            raise ConfigError(f"columns: {key!r} is nothing that is read", code="columns-broken", hint=hint)
    if "geometry" in columns and ("lon" in columns or "lat" in columns):
        what = "columns: a position is given twice, as geometry and as lon and lat"
        raise ConfigError(what, code="columns-broken", hint="give either geometry, or lon and lat")


def _candidates(key: str, found: Sequence[str]) -> list[str]:
    """The table's columns that are known as ``key``, best first."""
    by_name: dict[str, str] = {}
    for name in found:
        by_name.setdefault(name.lower(), name)
    for name in found:
        prefix = next(filter(name.lower().startswith, _PREFIXES), "")
        by_name.setdefault(name.lower().removeprefix(prefix), name)
    return [by_name[known] for known in COLUMNS[key] if known in by_name]


def _with_raw(names: Sequence[str]) -> list[str]:
    """The best of the names, and the raw one that stands in for it if it is computed."""
    if not names or _COMPUTED not in names[0].lower():
        return list(names[:1])
    raw = names[0].lower().replace(_COMPUTED, "")
    return [names[0], *(name for name in names if name.lower() == raw)]


def _positions(
    names: Mapping[str, Sequence[str]], given: Collection[str], geometry_first: bool
) -> tuple[tuple[str, ...], ...]:
    flat = [(names["lon"][0], names["lat"][0])] if names["lon"] and names["lat"] else []
    if "lon" in given or "lat" in given:
        return tuple(flat)
    if "geometry" in given:
        return ((names["geometry"][0],),)
    computed = [(name,) for name in names["geometry"] if _COMPUTED in name.lower()][:1]
    raw = [(name,) for name in names["geometry"] if _COMPUTED not in name.lower()][:1]
    return (*computed, *((raw or flat) if geometry_first else (flat or raw)))


def _missing(where: str, keys: Sequence[str], found: Sequence[str]) -> DataError:
    wanted = "; ".join(f"{key} (or {', '.join(COLUMNS[key][1:])})" for key in keys)
    shown = ", ".join(found[:_SHOWN_COLUMNS]) + (" …" if len(found) > _SHOWN_COLUMNS else "")
    hint = "name them: --columns id=…,lon=…,lat=… (or geometry=… for points in one column)"
    return DataError(f"{where}: no column for {wanted}; found: {shown}", code="points-columns", hint=hint)
