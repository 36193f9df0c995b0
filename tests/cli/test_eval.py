"""`ugembed eval` through the real door, with a stand-in for the model."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import orjson
import pytest
from typer.testing import CliRunner

from tests.eval_fixtures import WordEncoder, write_benchmark
from ugembed.cli.app import app
from ugembed.errors import CheckpointError, ConfigError, DataError, StoreError, UgembedError
from ugembed.eval.results import read_evaluation

runner = CliRunner()


@pytest.fixture(autouse=True)
def encoder(monkeypatch: pytest.MonkeyPatch) -> WordEncoder:
    """Every model folder that exists holds a `WordEncoder`."""
    loaded = WordEncoder()

    def load_embedder(path: Path, *, device: str | None = None) -> WordEncoder:
        if not path.is_dir():
            raise CheckpointError(f"{path}: no saved model there", code="model-missing", hint="give a checkpoint")
        return loaded

    saved = ModuleType("ugembed.models.saved")
    saved.load_embedder = load_embedder  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ugembed.models.saved", saved)
    return loaded


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_benchmark(tmp_path / "benchmark")
    (tmp_path / "model").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def arguments(*more: str) -> list[str]:
    return ["eval", "--model", "model", "--benchmark", "benchmark", "--root", "benchmark", *more]


def refused(*more: str) -> UgembedError:
    result = runner.invoke(app, arguments(*more))
    assert isinstance(result.exception, UgembedError), result.output
    return result.exception


def test_a_table_shows_every_family_beside_chance(folder: Path) -> None:
    result = runner.invoke(app, arguments("--query-mode", "image"))
    assert result.exit_code == 0, result.output
    for word in ("geolocation", "retrieval", "overall", "chance", "Hit@1", "Hit@10", "MRR", "NDCG@5", "62.5"):
        assert word in result.stdout
    assert result.stdout.count("chance") == 3


def test_out_holds_results_ranks_and_report(folder: Path) -> None:
    result = runner.invoke(app, arguments("--out", "results", "--limit", "3", "--k", "1,2", "--json"))
    assert result.exit_code == 0, result.output
    printed = orjson.loads(result.stdout)
    assert printed == orjson.loads((folder / "results" / "results.json").read_bytes())
    assert [name for name in printed["overall"]["metrics"] if name.startswith("hit")] == ["hit@1", "hit@2", "hit@5"]
    assert (printed["limit"], printed["query_mode"], printed["overall"]["cases"]) == (3, "fusion", 6)
    assert len((folder / "results" / "ranks.jsonl").read_bytes().splitlines()) == 6
    assert "<title>model on benchmark</title>" in (folder / "results" / "report.html").read_text("utf-8")
    assert read_evaluation(folder / "results").overall.cases == 6
    assert "warning: retrieval/with_graph" in result.stderr


def test_flags_win_over_set_and_set_wins_over_the_run_file(folder: Path) -> None:
    (folder / "eval.yaml").write_text(
        "model: model\nbenchmark: [benchmark]\nroots: [benchmark]\n"
        "query_mode: text\nlimit: 5\nfilename_pattern: nothing\n"
    )
    result = runner.invoke(
        app, ["eval", "-c", "eval.yaml", "--set", "filename_pattern=with", "--set", "limit=4", "--limit", "2", "--json"]
    )
    assert result.exit_code == 0, result.output
    printed = orjson.loads(result.stdout)
    assert (printed["query_mode"], printed["limit"], printed["overall"]["cases"]) == ("text", 2, 4)


def test_a_model_that_is_not_there_is_an_error_and_leaves_nothing(folder: Path) -> None:
    error = refused("--model", "nowhere", "--out", "results")
    assert isinstance(error, CheckpointError)
    assert error.code == "model-missing"
    assert not (folder / "results").exists()


def test_an_existing_result_is_kept_and_nothing_is_encoded(folder: Path, encoder: WordEncoder) -> None:
    (folder / "results").mkdir()
    (folder / "results" / "mine.txt").write_text("keep")
    error = refused("--out", "results")
    assert isinstance(error, StoreError)
    assert error.code == "output-exists"
    assert encoder.encoded == []
    assert (folder / "results" / "mine.txt").read_text() == "keep"


@pytest.mark.parametrize(
    ("more", "code"),
    [(["--filename-pattern", "image_only"], "benchmark-empty"), (["--benchmark", "elsewhere"], "benchmark-missing")],
)
def test_a_benchmark_without_files_is_an_error(folder: Path, more: list[str], code: str) -> None:
    error = refused(*more)
    assert isinstance(error, DataError)
    assert error.code == code


@pytest.mark.parametrize(
    "more", [["--query-mode", "sound"], ["--k", "1,five"], ["--k", "0"], ["--limit", "0"], ["--set", "limitt=3"]]
)
def test_settings_that_mean_nothing_are_refused(folder: Path, more: list[str]) -> None:
    error = refused(*more)
    assert isinstance(error, ConfigError)
    assert error.code == "config-invalid"


def test_a_broken_case_leaves_no_output_folder(folder: Path) -> None:
    file = folder / "benchmark" / "geolocation" / "with_graph.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"ground_truth":"Street 3', b'"ground_truth":"Street 33', 1))
    error = refused("--out", "results")
    assert error.code == "gold-missing"
    assert "with_graph.jsonl:4" in error.message
    assert sorted(path.name for path in folder.iterdir()) == ["benchmark", "model"]
