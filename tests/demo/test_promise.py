"""The demo keeps its promise: over all four families the graph adds clearly to what pictures alone can tell."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from ugembed.cli.app import app
from ugembed.demo.run import CONFIGS, DemoConfig, plan
from ugembed.eval.results import Summary, read_evaluation
from ugembed.files import write_atomic

ASKED = {(run, mode): f"eval/{run}_{mode}_" for run, mode in (("stage1", "image"), ("stage2", "fusion"))}


@pytest.fixture
def two_threads() -> Iterator[None]:
    """As on the two cores of the README: sums in another order train a slightly different model."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory, two_threads: None) -> Path:
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
def test_fusion_after_stage_two_beats_pictures_after_stage_one_which_beat_chance(world: Path) -> None:
    """One test, so that the world is made once, whatever the number of test processes.

    On two threads the gain was 51 and 45 points; sums in another order (threads, processor) change it by two or three.
    """
    for split, gain in (("heldout", 42), ("unseen", 36)):
        pictures, fusion = _overall(world, "stage1", "image", split), _overall(world, "stage2", "fusion", split)
        assert 100 * (fusion.metrics["hit@5"] - pictures.metrics["hit@5"]) >= gain, split
        assert pictures.hit5_interval[0] > pictures.chance["hit@5"], split
