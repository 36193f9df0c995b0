"""A whole evaluation of an encoder whose answers are known beforehand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.eval_fixtures import OneVectorEncoder, WordEncoder, geolocation_row, write_benchmark, write_lines
from ugembed.embed.encode import content_key
from ugembed.errors import DataError, StoreError
from ugembed.eval.benchmark import find_benchmark
from ugembed.eval.results import Evaluation, read_evaluation, write_evaluation
from ugembed.eval.runner import EvalSettings, evaluate
from ugembed.files import committed_directory, sha256_file


@pytest.fixture
def benchmark(tmp_path: Path) -> Path:
    return write_benchmark(tmp_path / "benchmark")


def run(benchmark: Path, encoder: WordEncoder | None = None, **settings: object) -> Evaluation:
    return evaluate(encoder or WordEncoder(), find_benchmark([benchmark]), EvalSettings(roots=(benchmark,), **settings))


def test_the_graph_tells_all_the_picture_half_and_the_text_nothing(benchmark: Path) -> None:
    hits = {mode: run(benchmark, query_mode=mode).families[0] for mode in ("text", "image", "fusion")}
    assert [summary.name for summary in hits.values()] == ["geolocation"] * 3
    assert hits["fusion"].metrics["hit@1"] == 1.0
    assert hits["image"].metrics["mean_rank"] < hits["text"].metrics["mean_rank"]
    assert 0.2 < hits["image"].metrics["hit@1"] < 1.0  # the picture shows the colour, which two streets share
    assert hits["text"].metrics["hit@1"] == pytest.approx(hits["text"].chance["hit@1"])  # one question for all


def test_every_distinct_item_of_all_files_is_encoded_once(benchmark: Path) -> None:
    encoder = WordEncoder()
    evaluation = run(benchmark, encoder)
    keys = [content_key(item) for item in encoder.encoded]
    assert len(keys) == len(set(keys)) == evaluation.distinct_items
    assert evaluation.distinct_items == 8 + 8 + 8 + 8  # queries and candidates of either file
    assert evaluation.items == 2 * 8 * (1 + 8)


def test_a_collapsed_model_scores_exactly_chance_wherever_the_gold_stands(benchmark: Path) -> None:
    overall = run(benchmark, OneVectorEncoder()).overall
    for name, value in overall.chance.items():
        assert overall.metrics[name] == pytest.approx(value, abs=1e-12)
    assert overall.metrics["pessimistic_rank"] == 8
    assert overall.tied_cases == overall.cases == 16


def test_shuffling_the_candidates_changes_no_metric(benchmark: Path, tmp_path: Path) -> None:
    rows = [geolocation_row(number, 8) for number in range(8)]
    turned = [{**row, "candidates": row["candidates"][3:] + row["candidates"][:3]} for row in rows]
    metrics = []
    for name, version in (("a", rows), ("b", turned)):
        file = write_lines(tmp_path / name / "x.jsonl", version)
        settings = EvalSettings(query_mode="image", roots=(benchmark,))
        metrics.append(evaluate(WordEncoder(), find_benchmark([file]), settings).overall.metrics)
    assert metrics[0] == pytest.approx(metrics[1], abs=1e-12)


def test_the_overall_average_counts_every_case_the_same(benchmark: Path) -> None:
    rows = [geolocation_row(number, 8) for number in range(2)]
    write_lines(benchmark / "perception" / "few.jsonl", rows)
    evaluation = run(benchmark, query_mode="image")
    assert [family.name for family in evaluation.families] == ["geolocation", "perception", "retrieval"]
    assert [family.cases for family in evaluation.families] == [8, 2, 8]
    weighted = sum(family.cases * family.metrics["mrr"] for family in evaluation.families) / 18
    assert evaluation.overall.metrics["mrr"] == pytest.approx(weighted)


def test_results_say_what_was_measured_on_what(benchmark: Path) -> None:
    evaluation = run(benchmark, query_mode="fusion", limit=5)
    assert (evaluation.query_mode, evaluation.limit, evaluation.fingerprint) == ("fusion", 5, "words-1")
    file = evaluation.files[0]
    assert (file.name, file.family, file.cases, file.candidates) == ("geolocation/with_graph", "geolocation", 5, 8.0)
    assert file.sha256 == sha256_file(benchmark / "geolocation" / "with_graph.jsonl")
    low, high = file.hit5_interval
    assert 0 <= low <= file.metrics["hit@5"] <= high <= 1
    case = evaluation.cases[2]
    assert (case.file, case.line, case.query_type, case.rank, case.candidates) == (
        "geolocation/with_graph", 3, "geolocation", 1.0, 8,
    )  # fmt: skip
    assert case.gold.item.text == "Street 2 beside Shop 2, blue"
    assert case.top[0] == case.gold.model_copy(update={"score": case.top[0].score})
    assert [answer.score for answer in case.top] == sorted((answer.score for answer in case.top), reverse=True)


def test_a_leak_and_a_fusion_without_graphs_are_told(benchmark: Path) -> None:
    write_lines(
        benchmark / "own" / "no_graph.jsonl",
        [{"messages": [{"role": "user", "content": "Which?"}], "candidates": ["a", "b"], "ground_truth": "a"}],
    )
    evaluation = run(benchmark)
    assert evaluation.overall.leaks == 8
    assert evaluation.warnings == (
        "own/no_graph: no graph in any case, so fusion shows nothing that image does not",
        "retrieval/with_graph: in 8 of 8 cases the query shows the right candidate's own graph",
    )
    assert run(benchmark, query_mode="image").warnings == ()


def test_a_broken_file_stops_everything_before_anything_is_encoded(benchmark: Path) -> None:
    write_lines(benchmark / "zzz.jsonl", [{**geolocation_row(0, 8), "ground_truth": "nowhere"}])
    encoder = WordEncoder()
    with pytest.raises(DataError) as caught:
        run(benchmark, encoder)
    assert caught.value.code == "gold-missing"
    assert encoder.encoded == []


def test_results_survive_the_round_trip(benchmark: Path, tmp_path: Path) -> None:
    evaluation = run(benchmark)
    with committed_directory(tmp_path / "out", kind="evaluation") as scratch:
        write_evaluation(scratch, evaluation)
    assert read_evaluation(tmp_path / "out") == evaluation
    assert len(evaluation.cases) == 16


def test_results_of_another_schema_and_damaged_results_are_refused(benchmark: Path, tmp_path: Path) -> None:
    evaluation = run(benchmark, limit=1)
    with committed_directory(tmp_path / "new", kind="evaluation") as scratch:
        write_evaluation(scratch, evaluation.model_copy(update={"schema_version": 99}))
    with pytest.raises(StoreError, match="schema_version") as caught:
        read_evaluation(tmp_path / "new")
    assert caught.value.code == "results-broken"
    with (tmp_path / "new" / "ranks.jsonl").open("a") as file:
        file.write("\n")
    with pytest.raises(StoreError) as caught:
        read_evaluation(tmp_path / "new")
    assert caught.value.code == "damaged"
