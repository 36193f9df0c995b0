"""`ugembed export`: what it says, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.cli import verbs
from tests.fixtures import model_config


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from ugembed.models.config import ModelConfig
    from ugembed.models.embedder import Embedder
    from ugembed.models.saved import save_embedder

    folder = tmp_path_factory.mktemp("export") / "model"
    save_embedder(Embedder(ModelConfig.model_validate(model_config())), folder)
    return folder


def run(*arguments: object) -> str:
    return verbs.run("export", *arguments)


def refused(*arguments: object) -> str:
    return verbs.refused("export", *arguments)


@pytest.mark.parametrize("to", ["merged", "sentence-transformers", "hub-folder"])
def test_every_target_is_written_and_checked(model: Path, tmp_path: Path, to: str) -> None:
    from ugembed import load_embedder

    text = run(model, "--to", to, "--out", tmp_path / "out")
    assert text.startswith(f"{to}: {tmp_path / 'out'}, ")
    assert "vectors equal to a cosine of" in text
    assert load_embedder(tmp_path / "out", device="cpu").graph_encoder is not None


def test_json_says_where_how_large_and_how_equal(model: Path, tmp_path: Path) -> None:
    said = orjson.loads(run(model, "--out", tmp_path / "out", "--json"))
    assert said["out"] == str(tmp_path / "out")
    assert said["bytes"] == sum(path.stat().st_size for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert said["least_cosine"] >= 0.99999


def test_what_cannot_be_exported_is_refused(model: Path, tmp_path: Path) -> None:
    assert refused(tmp_path / "nowhere", "--out", tmp_path / "out") == "model-missing"
    assert refused(model) == "config-invalid"
    assert refused(model, "--out", model) == "output-exists"
    assert refused(model, "--out", tmp_path / "out", "--base", "owner/model") == "export-option"
