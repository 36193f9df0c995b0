"""The demo keeps its promise: the graph adds clearly to what pictures alone can tell, in an unseen district too."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ugembed.cli.app import app
from ugembed.demo.run import CONFIGS, DemoConfig, plan
from ugembed.eval.results import Summary, read_evaluation
from ugembed.files import write_atomic

ASKED = {(run, mode): f"eval/{run}_{mode}_" for run, mode in (("stage1", "image"), ("stage2", "fusion"))}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo at its own size, but only the evaluations that are compared here."""
    out = tmp_path_factory.mktemp("promise")
    for file in CONFIGS.glob("*.yaml"):
        write_atomic(out / "configs" / file.name, file.read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(out)
        for step in plan(DemoConfig()):
            if step.action is not None:
                step.action(lambda done, total, note="": None)
            elif step.command[0] != "eval" or step.command[-1].startswith(tuple(ASKED.values())):
                result = CliRunner().invoke(app, list(step.command), catch_exceptions=False)
                assert result.exit_code == 0, result.output
    return out


def _overall(world: Path, run: str, mode: str, split: str) -> Summary:
    return read_evaluation(world / f"{ASKED[run, mode]}{split}").overall


@pytest.mark.slow
@pytest.mark.parametrize(("split", "gain"), [("heldout", 25), ("unseen", 15)])
def test_fusion_after_stage_two_beats_pictures_after_stage_one(world: Path, split: str, gain: int) -> None:
    pictures = 100 * _overall(world, "stage1", "image", split).metrics["hit@5"]
    fusion = 100 * _overall(world, "stage2", "fusion", split).metrics["hit@5"]
    assert fusion - pictures >= gain


@pytest.mark.slow
@pytest.mark.parametrize("split", ["heldout", "unseen"])
def test_pictures_alone_are_clearly_above_chance(world: Path, split: str) -> None:
    """Asked where a picture was taken; its lower confidence bound lies above what a random order scores."""
    families = {one.name: one for one in read_evaluation(world / f"{ASKED['stage1', 'image']}{split}").families}
    for name in ("geolocation", "retrieval"):
        assert families[name].hit5_interval[0] > families[name].chance["hit@5"]
