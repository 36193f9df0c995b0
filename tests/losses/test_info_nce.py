"""InfoNCE has answers known beforehand."""

from __future__ import annotations

import math

import pytest
import torch

from ugembed.losses.info_nce import InfoNceConfig


def _inputs(n: int, m: int, *, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    queries = torch.nn.functional.normalize(torch.randn(n, 8, generator=generator), dim=1)
    documents = torch.nn.functional.normalize(torch.randn(m, 8, generator=generator), dim=1)
    return queries, documents, torch.arange(n), torch.zeros(n, m, dtype=torch.bool)


@pytest.mark.parametrize("symmetric", [False, True])
def test_vectors_that_say_nothing_give_the_logarithm_of_the_number_of_documents(symmetric: bool) -> None:
    _, _, target, hidden = _inputs(6, 6)
    loss = InfoNceConfig(symmetric=symmetric).build()(torch.zeros(6, 8), torch.zeros(6, 8), target, hidden)
    assert float(loss) == pytest.approx(math.log(6))


@pytest.mark.parametrize("symmetric", [False, True])
def test_it_agrees_with_nested_loops(symmetric: bool) -> None:
    queries, documents, target, hidden = _inputs(5, 9)
    target = torch.tensor([2, 0, 1, 8, 4])
    hidden[0, 5] = hidden[3, 2] = True
    temperature = 0.2
    loss = InfoNceConfig(temperature=temperature, symmetric=symmetric).build()(queries, documents, target, hidden)

    def similarity(i: int, j: int) -> float:
        return 0.0 if hidden[i, j] else math.exp(float(queries[i] @ documents[j]) / temperature)

    forth = [
        -math.log(similarity(i, t) / sum(similarity(i, j) for j in range(9))) for i, t in enumerate(target.tolist())
    ]
    back = [
        -math.log(similarity(i, t) / sum(similarity(k, t) for k in range(5))) for i, t in enumerate(target.tolist())
    ]
    twin = sum(forth) / 5 if not symmetric else (sum(forth) + sum(back)) / 10
    assert float(loss) == pytest.approx(twin, rel=1e-5)


def test_hidden_documents_get_no_gradient() -> None:
    queries, documents, target, hidden = _inputs(4, 6)
    hidden[:, 5] = True
    documents.requires_grad_()
    InfoNceConfig(temperature=0.1).build()(queries, documents, target, hidden).backward()
    assert documents.grad is not None
    assert torch.equal(documents.grad[5], torch.zeros(8))
    assert documents.grad[:5].abs().sum(dim=1).min() > 0
