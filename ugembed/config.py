"""Run files: YAML into a closed pydantic model, with overrides, and where each value came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from ugembed.errors import ConfigError, did_you_mean

C = TypeVar("C", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Resolved(Generic[C]):
    """A configuration and, for every dotted key that was given, where (``file:line``, ``--set``, or a flag)."""

    value: C
    origins: Mapping[str, str]

    def flat(self) -> list[tuple[str, Any, str]]:
        """(dotted key, value, origin) of every leaf, defaults included."""
        return [(key, leaf, self.origin(key)) for key, leaf in _leaves(self.value.model_dump(mode="json"))]

    def origin(self, key: str) -> str:
        """Where ``key`` itself was given; a key that was not, also one of a section that was, has its default."""
        return self.origins.get(key, "default")


def load_config(
    model: type[C],
    file: Path | None = None,
    *,
    overrides: Sequence[str] = (),
    flags: Mapping[str, Any] | None = None,
) -> Resolved[C]:
    """Resolve a configuration: defaults, then ``file``, then ``overrides`` (``key.path=value``), then ``flags``.

    Args:
        model: The closed pydantic model.
        file: A YAML run file.
        overrides: ``section.key=value``; the value is read as YAML, so ``[1, 2]`` and ``true`` work.
        flags: Dotted keys set by command line flags; those that are None were not given.

    Raises:
        ConfigError: with every problem of the configuration at once, each with its place and the nearest known key.
    """
    tree: dict[str, Any] = {}
    origins: dict[str, str] = {}
    if file is not None:
        tree, origins = _read_yaml(file)
    for override in overrides:
        key, separator, text = override.partition("=")
        if not separator or not key:
            raise ConfigError(
                f"--set {override!r} is not key=value", code="bad-override", hint="--set trainer.epochs=3"
            )
        _put(tree, origins, key, _scalar(override, text), f"--set {key}")
    for key, value in (flags or {}).items():
        if value is not None:
            _put(tree, origins, key, value, f"--{key.rpartition('.')[2].replace('_', '-')}")
    try:
        return Resolved(model.model_validate(tree), origins)
    except ValidationError as error:
        raise _explain(error, model, origins, file) from None


def _read_yaml(file: Path) -> tuple[dict[str, Any], dict[str, str]]:
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, IsADirectoryError):
        raise ConfigError(f"{file}: no such run file", code="config-missing", hint="configs/ holds examples") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: not UTF-8 text", code="config-broken", hint="run files are YAML") from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        tree = yaml.safe_load(text)
        marks = list(_marks(node, str(file), ""))
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date such as 2021-99-99
        what = "nested too deeply" if isinstance(error, RecursionError) else error
        raise ConfigError(f"{file}: not YAML: {what}", code="config-broken", hint="run files are YAML") from None
    if tree is None:
        return {}, {}
    if not isinstance(tree, dict):
        raise ConfigError(f"{file}: wants keys at the top", code="config-broken", hint="see configs/")
    return tree, dict(marks)


def _marks(node: Any, file: str, prefix: str) -> Iterator[tuple[str, str]]:
    """(dotted key, ``file:line``) of every key and list entry; a key that is written twice is refused."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name, line = f"{prefix}{key.value}", key.start_mark.line + 1
            if name in seen:
                raise ConfigError(f"{file}:{line}: {name} is written twice", code="config-twice", hint="keep one")
            seen.add(name)
            yield name, f"{file}:{line}"
            yield from _marks(value, file, f"{name}.")
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            yield f"{prefix}{position}", f"{file}:{value.start_mark.line + 1}"
            yield from _marks(value, file, f"{prefix}{position}.")


def _scalar(override: str, text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ConfigError(f"--set {override!r}: the value is not YAML", code="bad-override", hint="quote it") from None


def _put(tree: dict[str, Any], origins: dict[str, str], key: str, value: Any, origin: str) -> None:
    *sections, last = key.split(".")
    for section in sections:
        inner = tree.setdefault(section, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"{key}: {section!r} is not a section", code="bad-override", hint="see config show")
        tree = inner
    tree[last] = value
    for name in [name for name in origins if name.startswith(f"{key}.")]:
        del origins[name]  # the whole section was replaced
    origins.update({name: origin for name in (key, *(leaf for leaf, _ in _leaves(value, key)))})


def _leaves(value: Any, prefix: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, f"{prefix}.{key}" if prefix else key)]
    return [(prefix, value)]


def _explain(
    error: ValidationError, model: type[BaseModel], origins: Mapping[str, str], file: Path | None
) -> ConfigError:
    lines = []
    for problem in error.errors(include_url=False):
        key = ".".join(str(part) for part in problem["loc"])
        place = _place(key, origins) or (str(file) if file else "configuration")
        if problem["type"] == "extra_forbidden":
            owner = _owner(problem["loc"], model)
            lines.append(f"{place}: {key} does not exist; {did_you_mean(str(problem['loc'][-1]), owner)}")
        elif problem["type"] == "missing":
            lines.append(f"{place}: {key} is required")
        else:
            lines.append(f"{place}: {key}: {problem['msg']}")
    return ConfigError("\n".join(lines), code="config-invalid", hint="`ugembed config schema` lists every key")


def _place(key: str, origins: Mapping[str, str]) -> str:
    """Where a key was given, or a key inside of it, or the section around it."""
    inside = [origin for name, origin in origins.items() if name == key or name.startswith(f"{key}.")]
    if inside:
        return inside[0]
    around = key.rpartition(".")[0]
    return _place(around, origins) if around else ""


def _owner(loc: tuple[int | str, ...], model: type[BaseModel]) -> set[str]:
    """Names of the fields beside the misspelt one, found by walking the model along ``loc``."""
    current: list[type[BaseModel]] = [model]
    for part in loc[:-1]:
        fields = [owner.model_fields[str(part)] for owner in current if str(part) in owner.model_fields]
        if fields:  # otherwise the index of a list or the key of a mapping, whose models are known already
            current = [inner for field in fields for inner in _models(field.annotation)]
    return {name for owner in current for name in owner.model_fields}


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models a field takes: itself, those inside ``X | None`` or ``tuple[X, ...]``, all kinds of components."""
    from ugembed.registry import ComponentConfig

    if isinstance(annotation, type) and issubclass(annotation, ComponentConfig):
        return [annotation, *annotation.__subclasses__()]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models(inner)]
