"""Names for results by what decided them."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from pydantic import BaseModel

from ugembed import __version__


def given(config: BaseModel) -> dict[str, Any]:
    """What of a configuration differs from its defaults, and every ``kind``: an option that is new and not used changes
    no digest."""
    told: dict[str, Any] = {}
    for name, field in type(config).model_fields.items():
        value = getattr(config, name)
        if isinstance(value, BaseModel):
            told[name] = given(value)
        elif name == "kind" or value != field.get_default(call_default_factory=True):
            told[name] = config.model_dump(mode="json", include={name})[name]
    return told


def digest(**told: Any) -> str:
    """Twelve hexadecimal digits of JSON values and of the version of this program."""
    text = orjson.dumps(told | {"ugembed": __version__}, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()[:12]
