"""What things look like and what they are called: house colours, categories of places, kinds of landmarks.

Colours are sRGB triples. Every colour that a caption names is far enough from the others to be told apart in a
thumbnail.
"""

from __future__ import annotations

from dataclasses import dataclass

Rgb = tuple[int, int, int]

WALLS: dict[str, Rgb] = {
    "brick": (160, 72, 54),
    "brown": (112, 84, 62),
    "ochre": (206, 150, 66),
    "cream": (232, 216, 178),
    "white": (242, 242, 240),
    "yellow": (240, 212, 92),
    "grey": (146, 148, 152),
    "slate": (76, 80, 92),
    "blue": (124, 164, 208),
    "green": (140, 176, 128),
    "pink": (228, 158, 166),
    "lilac": (174, 150, 204),
}
"""House colours by the word a caption uses."""

FAMILIES: tuple[tuple[str, ...], ...] = (
    ("brick", "brown", "ochre", "cream"),
    ("white", "cream", "yellow", "pink"),
    ("grey", "blue", "white", "slate"),
    ("pink", "yellow", "green", "lilac"),
    ("blue", "green", "cream", "lilac"),
    ("slate", "grey", "brick", "ochre"),
)
"""House colours that occur together in one district."""

ROOFS: dict[str, Rgb] = {"flat": (96, 92, 90), "hip": (152, 62, 46), "mansard": (64, 68, 82)}
WINDOWS = ("tall", "square", "ribbon")
NUMBER_WORDS = ("no", "one", "two", "three", "four", "five")


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of place: its OSM tag, the colour of its awning, and the words its name may end with."""

    key: str
    value: str
    awning: Rgb
    words: tuple[str, ...]


CATEGORIES: dict[str, Category] = {
    "library": Category("amenity", "library", (24, 70, 200), ("Library", "Reading Room")),
    "bakery": Category("shop", "bakery", (250, 130, 10), ("Bakery", "Bread House")),
    "school": Category("amenity", "school", (255, 225, 0), ("School", "College")),
    "pharmacy": Category("amenity", "pharmacy", (0, 165, 60), ("Pharmacy", "Chemist")),
    "cafe": Category("amenity", "cafe", (110, 56, 20), ("Café", "Coffee House")),
    "museum": Category("tourism", "museum", (120, 30, 170), ("Museum", "Gallery")),
    "supermarket": Category("shop", "supermarket", (215, 15, 25), ("Supermarket", "Market Hall")),
    "cinema": Category("amenity", "cinema", (250, 40, 170), ("Cinema", "Picture House")),
    "bus station": Category("amenity", "bus_station", (0, 200, 215), ("Station", "Terminal")),
    "hotel": Category("tourism", "hotel", (20, 20, 24), ("Hotel", "Inn")),
}
"""Kinds of places by the word a caption uses."""

LANDMARK_COLOURS: dict[str, Rgb] = {
    "red": (214, 24, 32),
    "orange": (255, 130, 0),
    "yellow": (255, 226, 30),
    "green": (10, 150, 60),
    "blue": (25, 70, 220),
    "purple": (130, 30, 180),
    "white": (252, 252, 252),
    "black": (22, 22, 26),
}

LANDMARK_SIZES: dict[str, tuple[float, float]] = {
    "dome": (46.0, 66.0),
    "tower": (20.0, 96.0),
    "spire": (30.0, 104.0),
    "obelisk": (15.0, 90.0),
    "wheel": (74.0, 80.0),
    "arch": (64.0, 72.0),
    "pyramid": (80.0, 74.0),
    "globe": (38.0, 88.0),
}
"""Kinds of landmarks with width and height in metres."""
