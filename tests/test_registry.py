"""Open folders: a file dropped in is found, and a wrong kind is answered."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import pytest
from pydantic import SerializeAsAny, ValidationError

from ugembed.config import load_config
from ugembed.errors import ConfigError
from ugembed.registry import ComponentConfig, Config, OneOf, discover

MODULE = """
from typing import Literal
from ugembed.registry import ComponentConfig

class {name}Config(ComponentConfig):
    kind: Literal["{kind}"] = "{kind}"
    margin: float = 0.3

    def build(self):
        return "{kind} with", self.margin
"""


@pytest.fixture
def shapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An importable folder of two components."""
    folder = tmp_path / f"shapes_{uuid4().hex}"  # classes outlive their test, so each test has its own
    folder.mkdir()
    (folder / "__init__.py").touch()
    for name in ("Round", "Square"):
        (folder / f"{name.lower()}.py").write_text(MODULE.format(name=name, kind=name.lower()))
    monkeypatch.syspath_prepend(tmp_path)
    yield folder.name
    for module in [module for module in sys.modules if module.startswith(folder.name)]:
        del sys.modules[module]
    discover.cache_clear()


def holder(folder: str) -> type[Config]:
    return type(
        "Holder",
        (Config,),
        {
            "__module__": __name__,
            "__annotations__": {"shape": Annotated[SerializeAsAny[ComponentConfig], OneOf(folder)]},
        },
    )


def test_a_file_dropped_into_the_folder_adds_its_kind(shapes: str) -> None:
    assert list(discover(shapes)) == ["round", "square"]


def test_two_files_of_one_kind_are_refused(shapes: str) -> None:
    folder = Path(importlib.import_module(shapes).__path__[0])
    (folder / "ring.py").write_text(MODULE.format(name="Ring", kind="round"))
    with pytest.raises(TypeError, match="'round'"):
        discover(shapes)


def test_a_mapping_becomes_the_component_that_its_kind_names(shapes: str) -> None:
    value = holder(shapes).model_validate({"shape": {"kind": "square", "margin": 0.5}})
    assert value.shape.build() == ("square with", 0.5)  # type: ignore[attr-defined]
    assert value.model_dump() == {"shape": {"kind": "square", "margin": 0.5}}
    assert holder(shapes).model_validate(value.model_dump()).model_dump() == value.model_dump()


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"kind": "sqare"}, "kind 'sqare' does not exist; did you mean 'square'?"),
        ({"margin": 1}, "has no 'kind'; known: round, square"),
        ({"kind": "round", "margn": 1}, "shape.margn does not exist; did you mean 'margin'?"),
        ({"kind": "round", "margin": "wide"}, "shape.margin: Input should be a valid number"),
    ],
)
def test_a_mistake_in_a_component_is_answered_by_name(shapes: str, shape: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(holder(shapes), flags={"shape": shape})
    assert message in caught.value.message


def test_the_json_schema_lists_every_kind(shapes: str) -> None:
    schema = holder(shapes).model_json_schema()
    assert [kind["properties"]["kind"]["const"] for kind in schema["properties"]["shape"]["oneOf"]] == [
        "round",
        "square",
    ]


def test_configuration_is_frozen_and_closed() -> None:
    class Closed(Config):
        size: int = 1

    with pytest.raises(ValidationError):
        Closed.model_validate({"sise": 2})
    with pytest.raises(ValidationError):
        Closed().size = 2  # type: ignore[misc]
