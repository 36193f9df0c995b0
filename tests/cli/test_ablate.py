"""``ugembed ablate`` on a very small city: done once, found again, read off in tables."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from tests.cli.verbs import refused, run
from ugembed.ablate.answers import METRICS
from ugembed.demo.run import SPLITS
from ugembed.demo.world import SIGHT
from ugembed.errors import UgembedError
from ugembed.eval.results import read_evaluation
from ugembed.files import iter_lines

ROOT = Path(__file__).resolve().parents[2]
CITY = {
    "districts": 2, "images_per_district": 8, "heldout_per_district": 24, "validation_per_district": 1,
    "unseen_images": 24, "district_m": 700, "pois_per_district": 60, "landmarks_per_district": 6,
}  # fmt: skip
FEW = {"trainer.max_steps": 2, "trainer.batch_size": 4, "trainer.save_every": 1}
SMALL = {
    "bed": {"city": CITY, "recipe": SIGHT, "candidates": [20, 21]},
    "runs": {"stage1": "stage1.yaml", "stage2": "stage2.yaml"},
    "variants": {
        "stage 1 only": {"chain": ["stage1"], "modes": ["image"], "set": {"*": FEW}},
        "broken": {"chain": ["stage1", "stage2"], "modes": ["fusion"],
                   "set": {"*": FEW, "stage2": {"data.train": ["rows/none.jsonl"]}}},
        "two-stage": {"group": "stages", "chain": ["stage1", "stage2"], "modes": ["fusion", "graph"],
                      "set": {"*": FEW}},
    },
    "baseline": {"variant": "two-stage"},
    "goals": [{"text": "gain", "row": {"variant": "two-stage"}, "minus": {"variant": "stage 1 only", "mode": "image"},
               "splits": ["heldout", "unseen"], "at_least": 90}],
    "seeds": [4],
    "limit": 2,
    "samples": 200,
}  # fmt: skip


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``small.yaml`` and what came of it in ``out``; one of its variants cannot be trained."""
    here = tmp_path_factory.mktemp("ablate")
    for name in ("stage1.yaml", "stage2.yaml"):
        shutil.copy(ROOT / "configs" / "ablations" / "runs" / name, here)
    (here / "small.yaml").write_text(yaml.safe_dump(SMALL, sort_keys=False))
    with pytest.raises(UgembedError) as caught:
        run("ablate", here / "small.yaml", "--out", here / "out")
    assert caught.value.code == "ablation-failed"
    assert "[file-missing]" in caught.value.message
    assert "ask broken" in caught.value.message
    return here


def stamps(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file() and path.parent.name != "small"
    }


def test_results_are_the_means_of_the_evaluations(done: Path) -> None:
    lines = [json.loads(line) for _, line in iter_lines(done / "out" / "small" / "results.jsonl")]
    rows = {(line["variant"], line["mode"]) for line in lines}
    assert rows == {("stage 1 only", "image"), ("two-stage", "fusion"), ("two-stage", "graph")}
    (folder,) = (done / "out" / "evaluations").glob("stage1-4-*-2")
    by_name = {one.name: one for one in read_evaluation(folder / "image").files}
    checked = 0
    for line in lines:
        name = f"{line['candidates']}/{line['split']}/{line['family']}/{line['family']}"
        if line["variant"] == "stage 1 only" and name in by_name:
            assert line["n"] == by_name[name].cases == 2
            for metric in METRICS:
                assert line[metric] == pytest.approx(by_name[name].metrics[metric])
            checked += 1
    assert checked == 2 * 3 + 2 * 2  # three families without kinds, and two asked with more candidates, of two splits
    assert {line["split"] for line in lines} == set(SPLITS)


def test_the_table_says_what_is_there_and_what_is_not(done: Path) -> None:
    table = (done / "out" / "small" / "table.md").read_text(encoding="utf-8")
    assert "| gain | ≥ 90 |" in table
    assert "not met" in table
    assert "Not run: broken · fusion: seeds 4." in table
    assert "| two-stage · graph | 1 |" in table


def test_what_is_finished_is_not_done_again(done: Path) -> None:
    out = done / "out"
    before = stamps(out)
    run("ablate", done / "small.yaml", "--out", out, "--only", "stage 1 only", "--only", "two-stage")
    assert stamps(out) == before
    (answers,) = (out / "evaluations").glob("stage2-4-*-2")
    kept = read_evaluation(answers / "graph").facts()
    shutil.rmtree(answers / "graph")
    run("ablate", done / "small.yaml", "--out", out, "--only", "two-stage")
    assert read_evaluation(answers / "graph").facts() == kept
    changed = {name for name, stamp in stamps(out).items() if before.get(name) != stamp}
    assert changed == {f"evaluations/{answers.name}/graph/{name}"
                       for name in ("manifest.json", "ranks.jsonl", "results.json")}  # fmt: skip


def test_tables_alone_are_made_of_what_is_there(done: Path) -> None:
    page = done / "page.md"
    page.write_text("<!-- ablate small -->\n<!-- end of ablate small -->\n")
    before = stamps(done / "out")
    printed = run("ablate", done / "small.yaml", "--out", done / "out", "--table-only", "--into", page, "--json")
    facts = json.loads(printed)["small"]
    assert facts["goals"][0]["state"] == "not met"
    assert facts["missing"] == ["broken · fusion: seeds 4"]
    assert "**Goals**" in page.read_text(encoding="utf-8")
    assert stamps(done / "out") == before


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--only", "two-stages"), "ablation-variant"),
        (("--seeds", "1,x"), "ablation-seeds"),
        (("--set", "runs.stage1=none.yaml"), "config-missing"),
        (("--set", "bed.city.distrits=3"), "config-invalid"),
    ],
)
def test_what_does_not_exist_is_refused_before_anything_is_done(
    done: Path, tmp_path: Path, arguments: tuple[str, ...], code: str
) -> None:
    assert refused("ablate", done / "small.yaml", "--out", tmp_path / "new", *arguments) == code
    assert not (tmp_path / "new").exists()
