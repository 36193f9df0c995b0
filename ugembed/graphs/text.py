"""What a model reads of a node: one template for training and evaluation, without ids and exact coordinates.

After the reference's node text (``Name: …, ID: …, Category: …, Address: …, Country: …, Coordinates: …``). Id and
coordinates let a model match a node by its digits and are printed only when a recipe asks for them; the country, which
the reference guessed from a folder name, is the map's or is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ugembed.graphs.recipe import TEXT_FIELDS, TextRecipe

IMAGE_NAME = "street view image"
IMAGE_CATEGORY = "image"


@dataclass(frozen=True, slots=True)
class CityNode:
    """A thing of the city: ``kind`` is one of `ugembed.graphs.recipe.NODE_KINDS`, unknown words are empty.

    ``(lon, lat)`` in degrees are NaN for what stands elsewhere in every local graph: rivers, and streets by name.
    """

    id: str
    kind: str
    name: str
    category: str
    lon: float = float("nan")
    lat: float = float("nan")
    address: str = ""
    district: str = ""
    country: str = ""
    name_en: str = ""


def node_text(name: str, category: str, *, address: str = "", district: str = "", country: str = "") -> str:
    """``Name: Maple Library, Category: library, Address: Oak Street 5, District: Old Town``, without unknown parts.

    A node without a name is named by its category: ``Name: unnamed footpath, Category: footpath``.
    """
    text = f"Name: {name}" if name else f"Name: unnamed {category or 'place'}"
    for key, value in (("Category", category), ("Address", address), ("District", district), ("Country", country)):
        if value:
            text += f", {key}: {value}"
    return text


def text_of(node: CityNode, recipe: TextRecipe) -> str:
    """The text of a node of the city, by a recipe."""
    if recipe.leak_mask:
        hidden: dict[str, Any] = {field: "" for field in TEXT_FIELDS if recipe.hides(node.kind, field)}
        node = replace(node, **hidden)
    english = f" ({node.name_en})" if node.name and node.name_en and recipe.english else ""
    words = {"address": node.address, "district": node.district, "country": node.country}
    text = node_text(node.name + english, node.category, **words)
    if recipe.ids:
        text += f", ID: {node.id}"
    if recipe.coordinates and node.lon == node.lon:
        text += f", Coordinates: ({node.lon:.6f}, {node.lat:.6f})"
    return text


def image_text() -> str:
    """The text of every image node: it says what the node is, never which image."""
    return node_text(IMAGE_NAME, IMAGE_CATEGORY)
