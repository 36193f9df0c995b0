"""The demo drives the public verbs from a seed to a report page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ugembed.cli.app import app
from ugembed.config import load_config
from ugembed.demo.run import CONFIGS, EVALUATIONS, SPLITS, DemoConfig, plan
from ugembed.models.saved import load_embedder
from ugembed.train.config import TrainConfig
from ugembed.train.journal import read_metrics

SMALL = (
    "city.districts=2", "city.images_per_district=30", "city.heldout_per_district=45", "city.unseen_images=45",
    "city.validation_per_district=2", "city.district_m=900", "stage1_steps=1", "stage2_steps=1",
    "limit=2",
)  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    out = tmp_path_factory.mktemp("demo") / "run"
    arguments = ["demo", "--out", str(out)]
    for override in SMALL:
        arguments += ["--set", override]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False, env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return out, result.stdout


def test_the_table_shows_every_run_and_mode_beside_chance(finished: tuple[Path, str]) -> None:
    _, printed = finished
    shown = printed[printed.index(f"{SPLITS['heldout']}: ") :]  # what comes after the tables of the verbs
    for words in SPLITS.values():
        assert shown.count(words) == 2
    for run, mode in EVALUATIONS:
        assert shown.count(f"{run.replace('stage', 'stage ')} · {mode}") == 2 * len(SPLITS)
    assert shown.count("chance") == 2 * len(SPLITS)
    for heading in ("Hit@1", "Hit@3", "Hit@5", "Hit@10", "MRR", "NDCG@5"):
        assert heading in shown


def test_results_and_a_report_are_saved(finished: tuple[Path, str]) -> None:
    out, _ = finished
    results = json.loads((out / "results.json").read_text())
    assert len(results["evaluations"]) == len(EVALUATIONS) * len(SPLITS)
    for one in results["evaluations"]:
        families = ["geolocation", "perception", "retrieval", "spatial_reasoning"]
        assert sorted(family["name"] for family in one["families"]) == families
        assert one["overall"]["chance"]["hit@5"] == pytest.approx(5 / 20, abs=0.05)
    page = (out / "report.html").read_text()
    assert "ugembed on a synthetic city" in page
    assert "data:image/jpeg;base64," in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page


def test_both_stages_left_a_model_that_loads(finished: tuple[Path, str]) -> None:
    out, _ = finished
    for stage, has_graph in (("stage1", False), ("stage2", True)):
        assert (load_embedder(out / "runs" / stage, device="cpu").graph_encoder is not None) == has_graph
        assert [line["step"] for line in read_metrics(out / "runs" / stage / "metrics.jsonl")] == [1]


def test_an_existing_folder_is_refused_untouched(finished: tuple[Path, str]) -> None:
    out, _ = finished
    before = (out / "results.json").read_bytes()
    with pytest.raises(Exception, match="already exists"):
        CliRunner().invoke(app, ["demo", "--out", str(out)], catch_exceptions=False)
    assert (out / "results.json").read_bytes() == before


def test_every_shipped_run_file_of_the_demo_is_one_that_a_step_uses() -> None:
    used = {word for step in plan(DemoConfig()) for word in step.command if word.startswith("configs/")}
    assert used == {f"configs/{path.name}" for path in CONFIGS.glob("*.yaml")}
    for path in CONFIGS.glob("*.yaml"):
        assert load_config(TrainConfig, path).value.stage.kind == path.stem
