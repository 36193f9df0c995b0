"""``ugembed config``: every key with its origin, and the schema of every run file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner

from ugembed.cli.app import app
from ugembed.cli.config import RUN_FILES, Verb, run_file_model
from ugembed.errors import ConfigError
from ugembed.registry import Config

RUN_FILE = """\
# ugembed train stage1
stage: {kind: stage1}
out: runs/x
model:
  backbone:
    kind: tiny
data:
  train: [rows.jsonl]
trainer:
  epochs: 2
"""


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    file = tmp_path / "stage1.yaml"
    file.write_text(RUN_FILE)
    return file


def shown(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["config", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_every_value_is_shown_with_where_it_came_from(run_file: Path) -> None:
    text = shown("show", "--for", "train", "--config", str(run_file), "--set", "trainer.seed=7", "--json")
    rows = {row["key"]: (row["value"], row["origin"]) for row in json.loads(text)}
    assert rows["trainer.epochs"] == (2, f"{run_file}:10")
    assert rows["model.backbone.kind"] == ("tiny", f"{run_file}:6")
    assert rows["trainer.seed"] == (7, "--set trainer.seed")
    assert rows["trainer.precision"] == ("bfloat16", "default")
    assert rows["model.backbone.width"][1] == "default"


def test_the_table_holds_the_rows_of_the_json(run_file: Path) -> None:
    arguments = ("show", "--for", "train", "--config", str(run_file))
    header, *lines = shown(*arguments).splitlines()
    assert header.split() == ["key", "value", "from"]
    assert [line.split()[0] for line in lines] == [row["key"] for row in json.loads(shown(*arguments, "--json"))]
    assert next(line for line in lines if line.startswith("trainer.epochs")).split()[1:] == ["2", f"{run_file}:10"]


def test_a_misspelt_key_is_answered_with_the_nearest(run_file: Path) -> None:
    with pytest.raises(ConfigError, match=r"trainer\.epoch does not exist; did you mean 'epochs'\?"):
        shown("show", "--for", "train", "--config", str(run_file), "--set", "trainer.epoch=3")


def test_the_verbs_that_may_be_named_are_those_with_a_run_file() -> None:
    choices = get_args(Verb)[0]
    assert set(get_args(choices)) == set(RUN_FILES)


@pytest.mark.parametrize("verb", RUN_FILES)
def test_every_run_file_has_a_closed_model_whose_schema_describes_every_key(verb: str) -> None:
    model = run_file_model(verb)
    schema = json.loads(shown("schema", "--for", verb))
    assert issubclass(model, Config)
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == set(model.model_fields)


def test_the_schema_knows_the_kinds_of_the_open_folders() -> None:
    schema = json.loads(shown("schema", "--for", "train"))
    kinds = {part["properties"]["kind"]["const"] for part in schema["properties"]["loss"]["oneOf"]}
    assert "info_nce" in kinds


def test_a_section_replaced_by_set_takes_nothing_from_the_file(run_file: Path) -> None:
    text = shown("show", "--for", "train", "--config", str(run_file), "--set", "trainer={seed: 7}", "--json")
    rows = {row["key"]: (row["value"], row["origin"]) for row in json.loads(text)}
    assert rows["trainer.seed"] == (7, "--set trainer")
    assert rows["trainer.epochs"][1] == "default"
