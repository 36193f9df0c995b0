"""The shipped smoke run files, one after the other, through the real command: train, resume, embed, evaluate."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import orjson
import pytest
from typer.testing import CliRunner, Result

from tests.fixtures import write_rows
from ugembed.cli.app import app
from ugembed.embed.store import EmbeddingStore
from ugembed.errors import UgembedError
from ugembed.eval.results import read_evaluation
from ugembed.train.journal import read_metrics

SMOKE = Path(__file__).resolve().parents[2] / "configs" / "smoke"


def _call(*words: str) -> Result:
    """Run the command; whatever it refuses comes out as the error that `main` prints."""
    return CliRunner().invoke(app, list(words), catch_exceptions=False, env={"COLUMNS": "200"})


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with rows of both stages, items and a small benchmark."""
    folder = tmp_path_factory.mktemp("smoke")
    write_rows(folder, rows=12, stage=1)
    write_rows(folder, rows=12, stage=2)
    rows = [orjson.loads(line) for line in (folder / "stage2.jsonl").read_bytes().splitlines()]
    (folder / "items.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    answers = [row["positive_messages"][0][0]["content"] for row in rows]
    cases = [
        {name: row[name] for name in ("messages", "images", "graphs")} | {"candidates": answers, "ground_truth": answer}
        for row, answer in zip(rows, answers, strict=True)
    ]
    (folder / "benchmark/geolocation").mkdir(parents=True)
    (folder / "benchmark/geolocation/all.jsonl").write_bytes(b"".join(orjson.dumps(case) + b"\n" for case in cases))
    return folder


@pytest.fixture
def inside(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(workplace)
    return workplace


def test_the_smoke_road_from_stage_one_to_results(inside: Path) -> None:
    assert _call("train", "stage1", "--config", str(SMOKE / "stage1.yaml")).exit_code == 0
    assert _call("train", "stage2", "--config", str(SMOKE / "stage2.yaml")).exit_code == 0
    assert _call("embed", "--config", str(SMOKE / "embed.yaml")).exit_code == 0
    result = _call("eval", "--config", str(SMOKE / "eval.yaml"))
    assert result.exit_code == 0
    assert "chance" in result.stdout
    assert len(EmbeddingStore.open(inside / "embeddings/smoke")) == 12
    evaluation = read_evaluation(inside / "results/smoke")
    assert evaluation.overall.cases == 12
    assert evaluation.overall.metrics["hit@1"] <= evaluation.overall.metrics["hit@5"]


def test_resume_without_a_path_goes_on_with_the_runs_own_folder(inside: Path) -> None:
    words = ("train", "stage1", "--config", str(SMOKE / "stage1.yaml"), "--out", "runs/again")
    assert _call(*words).exit_code == 0
    whole = (inside / "runs/again/checkpoints/step-0000004/manifest.json").read_bytes()
    shutil.rmtree(inside / "runs/again/checkpoints/step-0000004")
    result = _call(*words, "--resume")
    assert result.exit_code == 0
    assert "2 done before" in result.stderr
    assert (inside / "runs/again/checkpoints/step-0000004/manifest.json").read_bytes() == whole
    assert [line["step"] for line in read_metrics(inside / "runs/again/metrics.jsonl")] == [1, 2, 3, 4]


def test_resuming_stage_two_from_a_stage_one_run_starts_from_its_weights_and_says_so(inside: Path) -> None:
    first = ("train", "stage1", "--config", str(SMOKE / "stage1.yaml"), "--out", "runs/first")
    assert _call(*first).exit_code == 0
    second = ("train", "stage2", "--config", str(SMOKE / "stage2.yaml"), "--out", "runs/second")
    result = _call(*second, "--resume", "runs/first")
    assert result.exit_code == 0
    assert "runs/first/checkpoints/step-0000004" in result.stderr.replace("\n", "")
    assert "graph part new" in result.stderr.replace("\n", " ")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("train", "stage2", "--config", str(SMOKE / "stage1.yaml")), "wrong-stage"),
        (("train", "stage1", "--config", str(SMOKE / "stage1.yaml"), "somewhere"), "stray-path"),
        (("train", "stage1", "--config", str(SMOKE / "stage1.yaml"), "--resume", "somewhere"), "checkpoint-missing"),
        (("train", "stage1", "--config", str(SMOKE / "stage1.yaml"), "--set", "trainer.epohcs=2"), "config-invalid"),
        (("train", "stage1", "--config", str(SMOKE / "stage1.yaml"), "--set", "data.train=[no.jsonl]"), "file-missing"),
    ],
)
def test_what_cannot_be_done_is_refused_and_leaves_nothing(inside: Path, words: tuple[str, ...], code: str) -> None:
    with pytest.raises(UgembedError) as caught:
        _call(*words, "--out", "runs/refused")
    assert caught.value.code == code
    assert caught.value.hint
    assert not (inside / "runs/refused").exists()


def test_a_broken_row_is_refused_before_the_first_step(inside: Path, tmp_path: Path) -> None:
    rows = (inside / "stage1.jsonl").read_bytes().replace(b"3.png", b"gone.png")
    (inside / "broken.jsonl").write_bytes(rows)
    with pytest.raises(UgembedError, match=r"broken\.jsonl:4.*gone\.png") as caught:
        _call(
            "train",
            "stage1",
            "--config",
            str(SMOKE / "stage1.yaml"),
            "--out",
            "runs/refused",
            "--set",
            "data.train=[broken.jsonl]",
        )
    assert caught.value.code == "image-missing"
    assert not (inside / "runs/refused").exists()


def test_vectors_in_the_store_are_those_of_the_library(inside: Path) -> None:
    from ugembed import load_embedder

    if not (inside / "runs/smoke_stage2").exists():
        test_the_smoke_road_from_stage_one_to_results(inside)
    store = EmbeddingStore.open(inside / "embeddings/smoke")
    embedder = load_embedder("runs/smoke_stage2", device="cpu")
    vectors = embedder.encode(texts=["Where is this?"], images=["3.png"], graphs=["3.json"])
    np.testing.assert_allclose(store.vectors[3], vectors[0], atol=1e-5)
