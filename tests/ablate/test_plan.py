"""Runs are named by what decides them, and stand once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.ablate.synthetic import ABLATION, ablation, with_run_files
from ugembed.ablate.config import AblationConfig
from ugembed.ablate.plan import Cell, plan_cells
from ugembed.ablate.tasks import tasks_of
from ugembed.errors import ConfigError

OUT = Path("out")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_run_files(tmp_path_factory.mktemp("runs"))


def planned(here: Path, config: AblationConfig | None = None, **options: Any) -> list[Cell]:
    return plan_cells(config or ablation(), here, OUT, **{"seeds": [1], **options})


def keys(cells: list[Cell]) -> list[list[str]]:
    return [[training.key for training in cell.chain] for cell in cells]


def test_a_shared_beginning_is_trained_once(here: Path) -> None:
    one, two, other = planned(here)
    assert one.chain[0] is two.chain[0] is other.chain[0]
    assert two.chain[1].key != other.chain[1].key
    assert two.chain[1].config.init_from == one.chain[0].config.out
    titles = [task.title for task in tasks_of(ablation(), [one, two, other])]
    assert len(titles) == len(set(titles)) == 1 + 3 + 3  # city, trainings, questions


def test_everything_comes_after_what_it_needs(here: Path) -> None:
    before: set[str] = set()
    tasks = tasks_of(ablation(), planned(here, seeds=[1, 2]))
    for task in tasks:
        assert set(task.needs) <= before
        before.add(task.title)
    assert [task.title.partition(":")[0] for task in tasks] == ["seed 1"] * 7 + ["seed 2"] * 7


def test_files_of_a_run_are_those_of_the_bed_of_its_seed(here: Path) -> None:
    first, second = (planned(here, seeds=[seed])[1].chain[1] for seed in (1, 2))
    assert first.bed != second.bed
    assert first.config.data.train == (first.bed / "rows" / "stage2.jsonl",)
    assert first.config.data.roots == (first.bed,)
    assert (first.config.trainer.seed, second.config.trainer.seed) == (1, 2)
    assert first.config.out.name.startswith("stage2-1-")


@pytest.mark.parametrize(
    "change",
    [
        {"bed": {"city": {"districts": 2}}},
        {"bed": {"candidates": [20, 50]}},
        {"bed": {"recipe": {"radius_m": 100}}},
        {"threads": 2},
        {"variants": ABLATION["variants"] | {"one": {"chain": ["stage1"], "modes": ["image"],
                                                     "set": {"*": {"optimizer.lr": 1e-3}}}}},
    ],
)  # fmt: skip
def test_what_decides_a_result_decides_its_name(here: Path, change: dict[str, Any]) -> None:
    assert keys(planned(here, ablation(**change)))[0] != keys(planned(here))[0]


def test_a_default_that_is_written_down_changes_no_name(here: Path) -> None:
    written = {"one": {"chain": ["stage1"], "modes": ["image"], "set": {"*": {"trainer.keep_last": 2}}}}
    same = ablation(variants=ABLATION["variants"] | written, samples=900, goals=[])
    assert keys(planned(here, same)) == keys(planned(here))


def test_another_kind_with_the_same_settings_is_another_run(here: Path) -> None:
    def of(kind: str) -> list[str]:
        variants = {"two": {"chain": ["stage2"], "modes": ["fusion"], "set": {"*": {"model.graph_encoder.kind": kind}}}}
        return keys(planned(here, ablation(variants=variants)))[0]

    assert of("gat") != of("compact")


def test_how_many_questions_are_asked_names_the_answers_and_not_the_run(here: Path) -> None:
    few, all_of_them = planned(here, ablation(limit=5))[0], planned(here)[0]
    assert few.chain[0].key == all_of_them.chain[0].key
    assert few.evaluation("image") != all_of_them.evaluation("image")


@pytest.mark.parametrize(
    ("variant", "code"),
    [
        ({"chain": ["stage1"], "modes": ["image"], "set": {"stage2*": {"optimizer.lr": 1}}}, "ablation-pattern"),
        ({"chain": ["stage1"], "modes": ["image"], "set": {"stage1": {"optimiser.lr": 1}}}, "config-invalid"),
        ({"chain": ["stage1"], "modes": ["image", "graph"]}, "ablation-mode"),
    ],
)
def test_a_variant_that_cannot_be_is_refused_by_name(here: Path, variant: dict[str, Any], code: str) -> None:
    config = ablation(variants=ABLATION["variants"] | {"wrong": variant})
    with pytest.raises(ConfigError, match=r"variants\.wrong") as caught:
        planned(here, config)
    assert caught.value.code == code
    assert len(planned(here, config, only=["one"])) == 1
