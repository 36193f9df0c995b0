"""`Item`: one thing that can be embedded, the currency of the program."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from ugembed.errors import DataError

IMAGE_TAG = "<image>"
GRAPH_TAG = "<graph>"

ImageSource: TypeAlias = Path | Any
"""A picture file, or a `PIL.Image.Image` already in memory."""
GraphSource: TypeAlias = Path | Any
"""A graph file, or an `ugembed.graphs.schema.UrbanGraph` already in memory (defined one layer up)."""


@dataclass(frozen=True, slots=True)
class Place:
    """A position in degrees (WGS 84) and, if known, where the camera looks (degrees clockwise from north)."""

    lon: float
    lat: float
    heading_deg: float | None = None

    def __post_init__(self) -> None:
        if not (-180.0 <= self.lon <= 180.0 and -90.0 <= self.lat <= 90.0):
            swapped = abs(self.lon) <= 90.0 and abs(self.lat) <= 180.0
            cure = f"swapped they would be lon {self.lat}, lat {self.lon}" if swapped else "are they projected?"
            raise DataError(
                f"(lon, lat) = ({self.lon}, {self.lat}) is not on the globe",
                code="coordinates-range",
                hint=f"coordinates are (longitude, latitude) in degrees; {cure}",
            )


@dataclass(frozen=True, slots=True)
class Item:
    """A text with pictures and graphs in it.

    Attributes:
        text: What is said; ``<image>`` and ``<graph>`` stand where the k-th picture or graph is shown.
        images: One source for every ``<image>`` tag, in reading order.
        graphs: One source for every ``<graph>`` tag, in reading order.
        id: Name of the item in outputs; may be empty.
        place: Where it is, if known; never shown to a model.
        instruction: What a model is told to do with this item; None leaves it to the model's own configuration.

    Raises:
        DataError: ``tag-count`` when tags and sources differ in number; ``empty-item`` when there is nothing to embed.
    """

    text: str
    images: tuple[ImageSource, ...] = ()
    graphs: tuple[GraphSource, ...] = ()
    id: str = ""
    place: Place | None = None
    instruction: str | None = None

    def __post_init__(self) -> None:
        for tag, sources in ((IMAGE_TAG, self.images), (GRAPH_TAG, self.graphs)):
            tags = self.text.count(tag)
            if tags != len(sources):
                name = tag[1:-1]
                raise DataError(
                    f"{tags} {tag} tag(s) in the text but {len(sources)} {name}(s) listed",
                    code="tag-count",
                    hint=f"write one {tag} for every entry of '{name}s', where the model shall see it",
                )
        if not self.text.strip():
            raise DataError("an item without text, image or graph", code="empty-item", hint="fill or remove the row")

    def only_text(self) -> Item:
        """The same item with its pictures and graphs taken out."""
        return self._without(images=True, graphs=True)

    def without_graphs(self) -> Item:
        """The same item with its graphs taken out."""
        return self._without(images=False, graphs=True)

    def _without(self, *, images: bool, graphs: bool) -> Item:
        text = self.text
        for tag, gone in ((IMAGE_TAG, images), (GRAPH_TAG, graphs)):
            if gone:
                text = re.sub(rf"{tag}\s*", "", text)
        kept_images = () if images else self.images
        return replace(self, text=text, images=kept_images, graphs=() if graphs else self.graphs)
