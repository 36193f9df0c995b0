"""The demo: the whole road on a synthetic city, by the same verbs that a user would type.

`plan` lists the steps; `run_demo` takes them one by one. Verbs are called through ``invoke``, which the command line
hands in, so that the demo has no way that a user does not have.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, PositiveInt

from ugembed.demo.model import CityConfig
from ugembed.demo.world import SIGHT, write_tasks, write_world
from ugembed.eval.report import Entry, write_report
from ugembed.eval.results import Evaluation, read_evaluation
from ugembed.files import refuse_existing, write_atomic, write_json
from ugembed.progress import OnProgress
from ugembed.registry import Config

CONFIGS = Path(__file__).parent / "configs"
SPLITS = {"heldout": "held-out images of the training districts", "unseen": "an unseen district"}
FAMILIES = (
    "geolocation/{}_with_graph.jsonl",
    "retrieval/{}_with_graph.jsonl",
    "perception/{}_with_graph.jsonl",
    "spatial_reasoning/by_type_{}",
)
"""What is asked of a split, below the benchmark folder; spatial reasoning has a file for each type of question."""
EVALUATIONS = (("stage1", "image"), ("stage1", "text"), ("stage2", "image"), ("stage2", "fusion"), ("stage2", "text"))
"""(run, query mode). A stage-1 model has no graph part, so it has no fusion mode."""
RESULTS, REPORT = "results.json", "report.html"


class DemoConfig(Config):
    """Size of the demo."""

    city: CityConfig = Field(default_factory=CityConfig)
    """The city."""
    stage1_steps: PositiveInt = 160
    """Optimizer steps of stage 1."""
    stage2_steps: PositiveInt = 350
    """Optimizer steps of stage 2: graph encoder, fusion and head, on descriptions, questions and perception."""
    limit: PositiveInt = 50
    """Questions asked of every benchmark file."""


Listening = Callable[[str], Any]
"""Opens a progress display of a title: a context manager that yields an `OnProgress`."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: a title, and either a command line (without ``ugembed``) or a function of the listener."""

    title: str
    command: tuple[str, ...] = ()
    action: Callable[[OnProgress], None] | None = None


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo found: an evaluation for every (run, query mode, split), and the page that shows them."""

    evaluations: dict[tuple[str, str, str], Evaluation]
    report: Path
    seconds: float


def plan(config: DemoConfig) -> list[Step]:
    """All steps, in order; paths are relative to the demo's folder."""
    here, city = Path(), config.city
    graphs = [part for key, value in SIGHT.items() for part in ("--set", f"recipe.{key}={value}")]
    steps = [
        Step("make a synthetic city and photograph it", action=lambda listen: write_world(city, here, listen)),
        Step(
            "build a local graph around every picture",
            ("build-graphs", "--osm", "world/city.osm", "--points", "world/points.csv", "--out", "graphs", *graphs),
        ),
        Step(
            "write training rows and benchmark cases",
            action=lambda listen: write_tasks(city, here, here / "graphs", listen),
        ),
        Step("check every row", ("validate-data", "rows", "benchmark", "--root", ".")),
        Step("stage 1: pictures to texts", _training("stage1", "stage1", config.stage1_steps)),
        Step("stage 2: the graph joins", _training("stage2", "stage2", config.stage2_steps, start="stage1")),
    ]
    for run, mode in EVALUATIONS:
        for split, words in SPLITS.items():
            title = f"ask {run.replace('stage', 'stage ')} in {mode} mode about {words}"
            steps.append(Step(title, _evaluation(run, mode, split, config.limit)))
    return steps


def _evaluation(run: str, mode: str, split: str, limit: int) -> tuple[str, ...]:
    files = [f"benchmark/{family.format(split)}" for family in FAMILIES]
    return (
        *("eval", "--model", f"runs/{run}", "--query-mode", mode),
        *(word for file in files for word in ("--benchmark", file)),
        *("--limit", str(limit), "--root", ".", "--batch-size", "64", "--out", f"eval/{run}_{mode}_{split}"),
    )


def _training(stage: str, run: str, steps: int, *, start: str = "") -> tuple[str, ...]:
    begin = ("--init-from", f"runs/{start}") if start else ()
    return ("train", stage, "--config", f"configs/{run}.yaml", "--set", f"trainer.max_steps={steps}", *begin)


def run_demo(
    out: Path,
    config: DemoConfig,
    *,
    invoke: Callable[[Sequence[str]], None],
    announce: Callable[[int, Sequence[Step]], None],
    listening: Listening,
    replace: bool = False,
) -> DemoResult:
    """Take all steps in a new folder ``out``.

    Args:
        out: The demo's folder; everything it makes stays there, the run files in ``configs`` too.
        config: Size and seed.
        invoke: Runs a command line of ``ugembed``.
        announce: Told before each step which one of which steps comes.
        listening: Opens a progress display for steps that are no command.
        replace: Remove an earlier demo in ``out`` first; a folder that is no demo's is never removed.

    Raises:
        StoreError: ``output-exists``.
        UgembedError: whatever a step refuses.
    """
    if replace and (out / "configs" / "stage1.yaml").is_file():
        shutil.rmtree(out)
    refuse_existing(out)
    started = time.perf_counter()
    for file in sorted(CONFIGS.glob("*.yaml")):
        write_atomic(out / "configs" / file.name, file.read_bytes())
    steps = plan(config)
    with _inside(out):
        for number, step in enumerate(steps):
            announce(number, steps)
            if step.action is None:
                invoke(step.command)
            else:
                with listening(step.title) as on_progress:
                    step.action(on_progress)
    return _conclude(out, config, time.perf_counter() - started)


def _conclude(out: Path, config: DemoConfig, seconds: float) -> DemoResult:
    evaluations = {
        (run, mode, split): read_evaluation(out / "eval" / f"{run}_{mode}_{split}")
        for run, mode in EVALUATIONS
        for split in SPLITS
    }
    write_json(
        out / RESULTS,
        {
            "config": config.model_dump(mode="json"),
            "seconds": seconds,
            "evaluations": [
                {"run": run, "query_mode": mode, "split": split, **one.facts()}
                for (run, mode, split), one in evaluations.items()
            ],
        },
    )
    with _inside(out):
        write_report(
            Path(REPORT),
            title="ugembed on a synthetic city",
            entries=[
                Entry(run=run.replace("stage", "stage "), split=SPLITS[split], evaluation=one)
                for (run, mode, split), one in evaluations.items()
            ],
            curves={
                "stage 1": Path("runs/stage1/metrics.jsonl"),
                "stage 2": Path("runs/stage2/metrics.jsonl"),
            },
            facts={
                "city": f"seed {config.city.seed}, {config.city.districts} districts",
                "time": f"{seconds / 60:.1f} minutes",
            },
        )
    return DemoResult(evaluations, out / REPORT, seconds)


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Make ``folder`` the current one: the paths in rows, run files and commands are relative to it."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
