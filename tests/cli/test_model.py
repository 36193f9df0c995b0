"""`ugembed model inspect`: run files, saved models, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
import yaml

from tests.cli import verbs
from tests.fixtures import model_config, train_config
from ugembed.cli.model import gibibytes, short


def run(*arguments: object) -> str:
    return verbs.run("model", "inspect", *arguments)


def refused(*arguments: object) -> str:
    return verbs.refused("model", "inspect", *arguments)


@pytest.fixture(scope="module")
def run_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    config = train_config(folder / "out", folder / "rows.jsonl", stage=2)
    config["optimizer"] = {"lr": 1e-4, "graph_lr": 2e-4}
    (folder / "stage2.yaml").write_text(yaml.safe_dump(config))
    return folder / "stage2.yaml"


def test_a_run_file_shows_what_is_trained_at_which_learning_rate(run_file: Path) -> None:
    text = run(run_file)
    for words in ("language_model", "graph_encoder Gat", "trained at 0.0001", "trained at 0.0002", "memory to train"):
        assert words in text
    assert "core.language_model.layers.*.self_attn.q_proj.lora_A.default.weight: 2 tensors" in text
    assert "lora_B" not in run(run_file, "--set", "model.lora=null")


def test_json_holds_the_same_numbers(run_file: Path) -> None:
    document = orjson.loads(run(run_file, "--json"))
    rates = {part["name"]: part["learning_rate"] for part in document["parts"]}
    assert rates == {"core": 1e-4, "graph_encoder": 2e-4, "fusion": 2e-4}
    assert document["trained"] == sum(part["trained"] for part in document["parts"])
    doubled = orjson.loads(run(run_file, "--json", "--set", "model.lora.rank=8"))
    assert doubled["parts"][0]["trained"] == 2 * document["parts"][0]["trained"]
    assert document["memory"]["optimizer"] == 8 * document["trained"]


def test_a_saved_model_is_inspected_without_its_weights(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(yaml.safe_dump(model_config()))
    assert "NodeTokens" in run(tmp_path)
    assert refused(tmp_path, "--set", "model.lora=null") == "set-without-file"


def test_a_checkpoint_is_shown_with_the_learning_rates_of_its_run(run_file: Path, tmp_path: Path) -> None:
    step = tmp_path / "run" / "checkpoints" / "step-5"
    (step / "model").mkdir(parents=True)
    (step / "manifest.json").write_text("{}")
    (step / "model" / "model.yaml").write_text(yaml.safe_dump(model_config()))
    assert "trained at" not in run(step / "model")
    (tmp_path / "run" / "config.yaml").write_text(run_file.read_text())
    for target in (tmp_path / "run", step, step / "model"):
        rates = {part["name"]: part["learning_rate"] for part in orjson.loads(run(target, "--json"))["parts"]}
        assert rates == {"core": 1e-4, "graph_encoder": 2e-4, "fusion": 2e-4}


def test_a_model_in_which_nothing_is_trained_says_so(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(yaml.safe_dump(model_config(graph_part=False) | {"lora": None}))
    assert "trained: nothing" in run(tmp_path)


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "nowhere") == "model-missing"
    assert refused(tmp_path / "nowhere.yaml") == "config-missing"
    (tmp_path / "wrong.yaml").write_text("stage: 5")
    assert refused(tmp_path / "wrong.yaml") == "config-invalid"


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (999, "999"), (1200, "1.2k"), (33_600_000, "33.6M"), (7_070_000_000, "7.07B")]
)
def test_counts_are_short(count: int, text: str) -> None:
    assert short(count) == text


def test_bytes_are_read_in_the_unit_that_fits() -> None:
    assert gibibytes(3 * 2**30) == "3.00 GiB"
    assert gibibytes(2**20) == "1.00 MiB"
