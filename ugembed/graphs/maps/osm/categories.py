"""The table ``categories.yaml`` as questions about the tags of one object."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from ugembed.registry import Config

Tags = Mapping[str, str]
"""Anything with ``tags.get(key)``: a dict or an osmium tag list."""

_TABLE = Path(__file__).with_name("categories.yaml")
_OTHERWISE, _ITSELF = "*", "{}"


class CategoryTable(Config):
    """The table's sections, in words of ``categories.yaml``; ``None`` means that this tag says nothing."""

    places: dict[str, dict[str, str | None]]
    lines: dict[str, dict[str, str]]
    districts: dict[str, list[str]]
    streets: dict[str, str]
    not_streets: dict[str, list[str]]

    def place(self, tags: Tags) -> str | None:
        """Category of a named node or area, or None when it is not a place."""
        for key, values in self.places.items():
            value = (tags.get(key) or "no").partition(";")[0].strip()
            category = values.get(value, values.get(_OTHERWISE, _ITSELF))
            if value != "no" and category:
                return category.replace(_ITSELF, _plain(key, value))
        return None

    def line(self, tags: Tags) -> str | None:
        """Category of a named line (a river), or None."""
        return next((values[value] for key, values in self.lines.items() if (value := tags.get(key)) in values), None)

    def is_district(self, tags: Tags) -> bool:
        """Whether a named area says which district its inside belongs to."""
        return any(tags.get(key) in values for key, values in self.districts.items())

    def is_street(self, tags: Tags) -> bool:
        """Whether a way counts as a street."""
        return tags.get("highway") in self.streets and not any(
            tags.get(key) in values for key, values in self.not_streets.items()
        )

    def street(self, highway: str) -> str:
        """Category of a street class; a class that is not in the table is its own name."""
        return self.streets.get(highway, highway.replace("_", " ") or "street")


def _plain(key: str, value: str) -> str:
    return (key if value == "yes" else value).replace("_", " ")


@cache
def category_table() -> CategoryTable:
    """The shipped table."""
    return CategoryTable.model_validate(yaml.safe_load(_TABLE.read_text(encoding="utf-8")))
