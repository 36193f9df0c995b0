"""Open folders: dropping one file in adds a ``kind``, and nothing else is edited.

A folder such as ``ugembed/losses`` holds one component a file: its `ComponentConfig` stands on top, the thing that
``build()`` returns below. `OneOf` is the annotation of a configuration field that takes any of them.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ugembed.errors import did_you_mean


class Config(BaseModel):
    """Frozen and closed: a key that does not exist is an error, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ComponentConfig(Config):
    """Configuration of one component; subclasses set ``kind: Literal["name"] = "name"`` and add ``build()``."""

    kind: str


@cache
def discover(folder: str) -> dict[str, type[ComponentConfig]]:
    """``kind`` to configuration class, of every module in the package ``folder``."""
    package = importlib.import_module(folder)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{folder}.{module.name}")
    found: dict[str, type[ComponentConfig]] = {}
    pending: list[type[ComponentConfig]] = list(ComponentConfig.__subclasses__())
    while pending:
        config = pending.pop()
        pending.extend(config.__subclasses__())
        default = config.model_fields["kind"].default
        if config.__module__.startswith(f"{folder}.") and isinstance(default, str):
            other = found.setdefault(default, config)
            if other.__module__ != config.__module__:
                raise TypeError(f"{other.__module__} and {config.__module__} are both of kind {default!r}")
    return dict(sorted(found.items()))


class OneOf:
    """Annotation of a configuration field that takes any component of an open folder, chosen by its ``kind``.

    Used as ``loss: Annotated[SerializeAsAny[LossConfig], OneOf("ugembed.losses")]``. The JSON schema lists all kinds.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def resolve(self, value: Any) -> Any:
        """A mapping becomes the configuration that its ``kind`` names; anything else is left to pydantic."""
        if not isinstance(value, dict):
            return value
        kinds = discover(self.folder)
        kind = value.get("kind")
        if kind not in kinds:
            what = "has no 'kind'" if kind is None else f"kind {kind!r} does not exist"
            hint = did_you_mean(str(kind), kinds) if kind is not None else f"known: {', '.join(kinds)}"
            raise PydanticCustomError("unknown_kind", "{what}; {hint}", {"what": what, "hint": hint})
        return kinds[kind].model_validate(value)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.resolve, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"oneOf": [handler(config.__pydantic_core_schema__) for config in discover(self.folder).values()]}
