"""What a model reads of a node: one template for training and evaluation, without ids and exact coordinates.

After the reference's node text (``Name: …, ID: …, Category: …, Address: …, Coordinates: …``), from which the two fields
are gone that let a model match a node by its number, and the country, which was guessed from a folder name.
"""

from __future__ import annotations

IMAGE_NAME = "street view image"
IMAGE_CATEGORY = "image"


def node_text(name: str, category: str, *, address: str = "", district: str = "") -> str:
    """``Name: Maple Library, Category: library, Address: Oak Street 5, District: Old Town``, without unknown parts.

    A node without a name is named by its category: ``Name: unnamed footpath, Category: footpath``.
    """
    parts = {"Name": name or f"unnamed {category}", "Category": category, "Address": address, "District": district}
    return ", ".join(f"{key}: {value}" for key, value in parts.items() if value)


def image_text() -> str:
    """The text of every image node: it says what the node is, never which image."""
    return node_text(IMAGE_NAME, IMAGE_CATEGORY)
