"""What `ugembed.records.split.split` is asked for."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Literal

from pydantic import Field

from ugembed.errors import ConfigError
from ugembed.geo.cells import MAX_LEVEL
from ugembed.records.output_names import SIDE_LISTS
from ugembed.registry import Config

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_TAKEN = frozenset({"split", "map", "manifest"}) | {name.removesuffix(".jsonl") for name in SIDE_LISTS}
_EXAMPLE = "for example train=0.8,validation=0.1,test=0.1"


class SplitConfig(Config):
    """What is read and written, and what stays together."""

    files: tuple[Path, ...] = Field(min_length=1)
    """Row files (.jsonl), folders of them, or tables of images (CSV, GeoJSON, Parquet)."""
    out: Path
    """Folder to write; must not exist."""
    by: Literal["image", "cell", "city"]
    """What is never cut: the rows of one image, an S2 cell, or a city."""
    fractions: dict[str, float] = Field({"train": 0.8, "validation": 0.1, "test": 0.1})
    """Name of each part and its share of the rows; the sum is 1."""
    seed: int = 0
    """Another seed gives another split."""
    level: int = Field(14, ge=0, le=MAX_LEVEL)
    """S2 level of the cells; 14 has edges of some 570 m, and each level less doubles them."""
    buffer_m: float = Field(0.0, ge=0, le=100_000, allow_inf_nan=False)
    """Metres between places of different parts; rows nearer to a part named after their own are left out."""


def parse_fractions(text: str) -> dict[str, float]:
    """``"train=0.8,validation=0.1,test=0.1"`` as a mapping.

    Raises:
        ConfigError: ``fractions-broken``.
    """
    found: dict[str, float] = {}
    for entry in text.split(","):
        name, _, value = (piece.strip() for piece in entry.partition("="))
        try:
            found[name] = math.nan if name in found else float(value)
        except ValueError:
            found[name] = math.nan
        if math.isnan(found[name]):
            raise ConfigError(
                f"--fractions: {entry!r} is not name=number, once", code="fractions-broken", hint=_EXAMPLE
            )
    return found


def check_fractions(fractions: dict[str, float]) -> None:
    """Refuse names that cannot name a file, shares that are not above 0, and sums that are not 1.

    Raises:
        ConfigError: ``fractions-broken``, ``fractions-sum``.
    """
    for name, share in fractions.items():
        if not _NAME.fullmatch(name) or name.lower() in _TAKEN:
            hint = f"names of parts become names of files: letters, digits, _ and -; not {', '.join(sorted(_TAKEN))}"
            raise ConfigError(f"fractions: a part called {name!r}", code="fractions-broken", hint=hint)
        if not 0 < share < 1:
            raise ConfigError(f"fractions: {name} is {share:g}", code="fractions-broken", hint=_EXAMPLE)
    if len({name.lower() for name in fractions}) < max(2, len(fractions)):
        what = "fractions: two or more parts with different names are wanted"
        raise ConfigError(what, code="fractions-broken", hint=_EXAMPLE)
    if abs(sum(fractions.values()) - 1) > 1e-9:
        what = f"fractions: {' + '.join(f'{share:g}' for share in fractions.values())} is not 1"
        raise ConfigError(what, code="fractions-sum", hint=_EXAMPLE)
