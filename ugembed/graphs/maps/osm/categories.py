"""The table ``categories.yaml`` as questions about the tags of one object."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TypeAlias

from pydantic import model_validator

from ugembed.config import load_config
from ugembed.errors import ConfigError, did_you_mean
from ugembed.registry import Config

Tags: TypeAlias = Mapping[str, str]
Rules: TypeAlias = list[dict[str, list[str | None]]]
"""One rule must hold; a rule holds when every key of it has one of the values, None meaning that it is not tagged."""

_TABLE = Path(__file__).with_name("categories.yaml")
_OTHERWISE, _ITSELF, _WEAK = "*", "{}", "?"


class CategoryTable(Config):
    """The table's sections, in words of ``categories.yaml``; ``None`` means that this tag says nothing."""

    places: dict[str, dict[str, str | None]]
    transit: list[str]
    platforms: Rules
    stop_positions: Rules
    lines: dict[str, dict[str, str]]
    districts: Rules
    countries: Rules
    streets: dict[str, str]
    not_streets: Rules
    tunnels: Rules

    @model_validator(mode="after")
    def _transit_is_listed(self) -> CategoryTable:
        listed = {
            (category or "").removesuffix(_WEAK) for values in self.places.values() for category in values.values()
        }
        for category in self.transit:
            if category not in listed:
                raise ValueError(
                    f"transit: places has no category {category!r}; {did_you_mean(category, listed - {''})}"
                )
        return self

    def place(self, tags: Tags) -> str | None:
        """Category of a named node or area, or None when it is not a place."""
        otherwise = None
        for key, values in self.places.items():
            value = (tags.get(key) or "no").partition(";")[0].strip()
            category = values.get(value, values.get(_OTHERWISE, _ITSELF))
            if value == "no" or not category:
                continue
            category = category.replace(_ITSELF, _plain(key, value))
            if not category.endswith(_WEAK):
                return category
            otherwise = otherwise or category.removesuffix(_WEAK)
        return otherwise

    def line(self, tags: Tags) -> str | None:
        """Category of a named line (a river), or None."""
        return next((values[value] for key, values in self.lines.items() if (value := tags.get(key)) in values), None)

    def is_transit(self, category: str) -> bool:
        """Whether people board at places of a category."""
        return category in self.transit

    def is_platform(self, tags: Tags) -> bool:
        """Whether a stop is what people wait on."""
        return _holds(self.platforms, tags)

    def is_stop_position(self, tags: Tags) -> bool:
        """Whether a stop is where the vehicle halts, not where people wait."""
        return _holds(self.stop_positions, tags)

    def is_district(self, tags: Tags) -> bool:
        """Whether a named area says which district its inside belongs to."""
        return _holds(self.districts, tags)

    def is_country(self, tags: Tags) -> bool:
        """Whether a named area is a country."""
        return _holds(self.countries, tags)

    def is_street(self, tags: Tags) -> bool:
        """Whether a way counts as a street."""
        return tags.get("highway") in self.streets and not _holds(self.not_streets, tags)

    def is_tunnel(self, tags: Tags) -> bool:
        """Whether a street runs below what stands at the surface."""
        return _holds(self.tunnels, tags)

    def street(self, highway: str) -> str:
        """Category of a street class; a class that is not in the table is its own name."""
        return self.streets.get(highway, highway.replace("_", " ") or "street")


def _holds(rules: Rules, tags: Tags) -> bool:
    return any(all(tags.get(key) in values for key, values in rule.items()) for rule in rules)


def _plain(key: str, value: str) -> str:
    return (key if value == "yes" else value).replace("_", " ")


def category_table(path: Path | None = None) -> CategoryTable:
    """The shipped table, or one of your own in the same form, which replaces it.

    Raises:
        ConfigError: ``categories-missing``; ``categories-broken``, with file, line and key of everything that is wrong.
    """
    return _shipped() if path is None else _read(path)


@cache
def _shipped() -> CategoryTable:
    return _read(_TABLE)


def _read(path: Path) -> CategoryTable:
    if not path.is_file():
        raise ConfigError(f"{path}: no such table of categories", code="categories-missing", hint="check the path")
    try:
        return load_config(CategoryTable, path).value
    except ConfigError as error:
        hint = f'start from a copy of {_TABLE.name} (docs/osm.md) and quote "yes" and "no", which YAML takes for true'
        raise ConfigError(error.message, code="categories-broken", hint=hint) from None
