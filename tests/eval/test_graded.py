"""Metrics with several right answers, against trec_eval's own outputs."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from ugembed.errors import DataError
from ugembed.eval.graded import average_precision, ndcg_at_k, recall_at_k, reciprocal_rank, success_at_k


def read_trec(folder: Path) -> tuple[dict[str, list[str]], dict[str, dict[str, float]], dict[tuple[str, str], float]]:
    """The run (ids best first; trec_eval breaks ties by id, the last first), the judgements, the expected values."""
    scored: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for line in (folder / "results.test").read_text().splitlines():
        query, _, document, _, score, _ = line.split()
        scored[query].append((float(score), document))
    ranked = {query: [document for _, document in sorted(pairs, reverse=True)] for query, pairs in scored.items()}
    judged: dict[str, dict[str, float]] = defaultdict(dict)
    for line in (folder / "qrels.test").read_text().splitlines():
        query, _, document, relevance = line.split()
        judged[query][document] = float(relevance)
    fields = [line.split() for line in (folder / "out.test.aq").read_text().splitlines()]
    texts = {"runid", "relstring"}
    expected = {(name, query): float(value) for name, query, value in fields if name not in texts}
    return ranked, judged, expected


@pytest.mark.real_data
def test_every_metric_agrees_with_trec_eval_to_its_four_digits(shared_data: Path) -> None:
    ranked, judged, expected = read_trec(shared_data / "retrieval" / "trec_eval")
    compared = 0
    for query, order in ranked.items():
        gain = judged[query]
        relevant = {document for document, value in gain.items() if value > 0}
        ours = {"map": average_precision(order, relevant), "recip_rank": reciprocal_rank(order, relevant)}
        ours |= {f"success_{k}": success_at_k(order, relevant, k) for k in (1, 5, 10)}
        ours |= {f"recall_{k}": recall_at_k(order, relevant, k) for k in (5, 10, 100, 1000)}
        ours |= {f"ndcg_cut_{k}": ndcg_at_k(order, gain, k) for k in (5, 10, 100, 1000)}
        for name, value in ours.items():
            assert value == pytest.approx(expected[name, query], abs=5.1e-5), (name, query)
            compared += 1
    assert compared == 3 * 13


def test_two_of_four_relevant_among_the_first_three() -> None:
    ranked, relevant = ["a", "x", "b", "c", "y"], {"a", "b", "c", "d"}
    assert recall_at_k(ranked, relevant, 3) == 0.5
    assert success_at_k(ranked, {"c"}, 3) == 0.0
    assert reciprocal_rank(ranked, {"nowhere"}) == 0.0
    assert average_precision(ranked, relevant) == pytest.approx((1 + 2 / 3 + 3 / 4) / 4)


def test_the_best_order_has_ndcg_one_and_gains_are_graded() -> None:
    gain = {"a": 3.0, "b": 1.0}
    assert ndcg_at_k(["a", "b", "x"], gain, 3) == pytest.approx(1.0)
    assert 0 < ndcg_at_k(["b", "a", "x"], gain, 3) < 1


def test_a_question_without_a_right_answer_is_refused_not_scored_zero() -> None:
    for call in (
        lambda: recall_at_k(["a"], set(), 1),
        lambda: reciprocal_rank(["a"], set()),
        lambda: ndcg_at_k(["a"], {"a": 0.0}, 1),
    ):
        with pytest.raises(DataError) as caught:
            call()
        assert caught.value.code == "gold-missing"
