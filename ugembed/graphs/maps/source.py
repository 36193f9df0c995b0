"""Where streets or places come from, and how what is wrong with it is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from ugembed.errors import GraphError

SHOWN_FAULTS = 10

_LAYERS = "ogr2ogr one.gpkg FILE LAYER copies one layer into a file of its own"
_REPROJECT = "reproject to EPSG:4326: table.to_crs(4326) in geopandas, osmnx.project_graph(G, to_crs=4326) in osmnx"


@dataclass(frozen=True, slots=True)
class MapSource:
    """A file or object, named as in messages, and what it was given for."""

    name: str
    holds: Literal["streets", "places"]

    def missing(self) -> GraphError:
        """There is no such file."""
        code = "places-missing" if self.holds == "places" else "streets-missing"
        return GraphError(f"{self.name}: no such file", code=code, hint=f"check --{self.holds}")

    def unknown_format(self, known: str) -> GraphError:
        """The ending of the file is none of the known ones."""
        code = "places-format" if self.holds == "places" else "streets-format"
        return GraphError(f"{self.name}: cannot tell its format by its ending", code=code, hint=f"known: {known}")

    def broken(self, what: str) -> GraphError:
        """The file, or one row of it, cannot be used."""
        code = "places-broken" if self.holds == "places" else "streets-broken"
        hint = "docs/map_sources.md says what each format needs"
        return GraphError(f"{self.name}: {what}", code=code, hint=hint)

    def projected(self, what: str) -> GraphError:
        """Positions that are not degrees of WGS 84."""
        code = "places-projected" if self.holds == "places" else "streets-projected"
        return GraphError(f"{self.name}: {what}", code=code, hint=_REPROJECT)

    def too_large(self, what: str) -> GraphError:
        """More than is held in memory."""
        code = "places-too-large" if self.holds == "places" else "streets-too-large"
        return GraphError(f"{self.name}: {what}", code=code, hint="cut the map into several, city by city")

    def no_layer(self, what: str) -> GraphError:
        """A file of several layers, of which none is clearly the right one."""
        code = "places-layer" if self.holds == "places" else "streets-layer"
        return GraphError(f"{self.name}: {what}", code=code, hint=_LAYERS)


class Faults:
    """What is wrong with the rows of a source, gathered so that it is told at once."""

    def __init__(self, source: MapSource) -> None:
        self._source = source
        self._found: list[tuple[str, GraphError]] = []

    @contextmanager
    def at(self, where: str) -> Iterator[None]:
        """Take note of a refusal that belongs to the row ``where``, and go on."""
        try:
            yield
        except GraphError as error:
            self._found.append((where, error))

    def refuse(self) -> None:
        """Raise the first ten and the number of the others, with the code of the first; nothing when all is well."""
        if not self._found:
            return
        head = f"{self._source.name}: "
        lines = [f"{head}{where}: {error.message.removeprefix(head)}" for where, error in self._found[:SHOWN_FAULTS]]
        if len(self._found) > SHOWN_FAULTS:
            lines.append(f"… and {len(self._found) - SHOWN_FAULTS} more")
        first = self._found[0][1]
        raise GraphError("\n".join(lines), code=first.code, hint=first.hint)
