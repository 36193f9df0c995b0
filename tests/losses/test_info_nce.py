"""InfoNCE has answers known beforehand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from ugembed.losses.info_nce import InfoNce, InfoNceConfig, too_good

TARGET = torch.tensor([2, 0, 1, 8, 4])


def _inputs(n: int, m: int, *, seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    queries = torch.nn.functional.normalize(torch.randn(n, 8, generator=generator), dim=1)
    documents = torch.nn.functional.normalize(torch.randn(m, 8, generator=generator), dim=1)
    return queries, documents, torch.arange(n), torch.zeros(n, m, dtype=torch.bool)


def _twin(queries: Tensor, documents: Tensor, hidden: Tensor, weight: Tensor, *, symmetric: bool) -> float:
    """Nested loops, temperature 0.2, ``TARGET``."""

    def counts(i: int, j: int) -> float:
        if j == TARGET[i]:
            return math.exp(float(queries[i] @ documents[j]) / 0.2)
        return 0.0 if hidden[i, j] else float(weight[i, j]) * math.exp(float(queries[i] @ documents[j]) / 0.2)

    forth = [-math.log(counts(i, t) / sum(counts(i, j) for j in range(9))) for i, t in enumerate(TARGET.tolist())]
    back = [-math.log(counts(i, t) / sum(counts(k, t) for k in range(5))) for i, t in enumerate(TARGET.tolist())]
    return (sum(forth) + sum(back)) / 10 if symmetric else sum(forth) / 5


@pytest.mark.parametrize("symmetric", [False, True])
def test_vectors_that_say_nothing_give_the_logarithm_of_the_number_of_documents(symmetric: bool) -> None:
    _, _, target, hidden = _inputs(6, 6)
    loss = InfoNceConfig(symmetric=symmetric).build()(torch.zeros(6, 8), torch.zeros(6, 8), target, hidden)
    assert float(loss) == pytest.approx(math.log(6))


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_it_agrees_with_nested_loops(symmetric: bool, weighted: bool) -> None:
    queries, documents, _, hidden = _inputs(5, 9)
    hidden[0, 5] = hidden[3, 2] = True
    weight = torch.rand(5, 9, generator=torch.Generator().manual_seed(1)) if weighted else torch.ones(5, 9)
    loss = InfoNceConfig(temperature=0.2, symmetric=symmetric).build()
    found = loss(queries, documents, TARGET, hidden, *([weight] if weighted else []))
    assert float(found) == pytest.approx(_twin(queries, documents, hidden, weight, symmetric=symmetric), rel=1e-5)


def test_a_document_that_is_nearer_than_the_right_one_by_the_margin_leaves_the_sum() -> None:
    queries, documents, _, hidden = _inputs(5, 9)
    cosine = [[float(q @ d) for d in documents] for q in queries]
    wanted = [[cosine[i][j] > cosine[i][int(TARGET[i])] + 0.3 for j in range(9)] for i in range(5)]
    assert too_good(queries @ documents.T, TARGET, 0.3).tolist() == wanted
    assert 0 < sum(map(sum, wanted)) < 30
    found = InfoNceConfig(temperature=0.2, margin=0.3).build()(queries, documents, TARGET, hidden)
    plain = InfoNceConfig(temperature=0.2).build()(queries, documents, TARGET, torch.tensor(wanted))
    assert torch.equal(found, plain)


def test_hidden_documents_get_no_gradient_and_neither_do_those_without_weight() -> None:
    queries, documents, target, hidden = _inputs(4, 7)
    hidden[:, 5] = True
    weight = torch.ones(4, 7)
    weight[:, 6] = 0.0
    documents.requires_grad_()
    InfoNceConfig(temperature=0.1).build()(queries, documents, target, hidden, weight).backward()
    assert documents.grad is not None
    assert torch.equal(documents.grad[5:], torch.zeros(2, 8))
    assert documents.grad[:5].abs().sum(dim=1).min() > 0


def test_a_right_document_counts_whole_whatever_its_weight() -> None:
    queries, documents, target, hidden = _inputs(4, 4)
    weight = torch.ones(4, 4).fill_diagonal_(0.0)
    loss = InfoNceConfig(temperature=0.1, symmetric=True).build()
    assert torch.equal(loss(queries, documents, target, hidden, weight), loss(queries, documents, target, hidden))


def test_a_learnt_temperature_starts_at_the_given_one_and_has_the_gradient_of_differences() -> None:
    inputs = _inputs(5, 7)
    loss = InfoNce(InfoNceConfig(temperature=0.2, learn_temperature=True))
    assert float(loss(*inputs)) == pytest.approx(float(InfoNceConfig(temperature=0.2).build()(*inputs)), rel=1e-6)
    loss(*inputs).backward()
    assert loss.log_temperature is not None
    step = 1e-3
    around = [InfoNceConfig(temperature=0.2 * math.exp(sign * step)).build()(*inputs) for sign in (-1, 1)]
    assert float(loss.log_temperature.grad) == pytest.approx(float(around[1] - around[0]) / (2 * step), rel=1e-2)


def test_a_fixed_temperature_has_nothing_to_train() -> None:
    assert list(InfoNce(InfoNceConfig()).parameters()) == []
