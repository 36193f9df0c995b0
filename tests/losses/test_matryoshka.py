"""Matryoshka asks the inner loss of whole vectors and of their leading numbers."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError

from ugembed.errors import ConfigError
from ugembed.losses.info_nce import InfoNceConfig
from ugembed.losses.matryoshka import MatryoshkaConfig

INNER = InfoNceConfig(temperature=0.2, symmetric=True)


def _inputs() -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    sides = [torch.nn.functional.normalize(torch.randn(n, 8, generator=generator), dim=1) for n in (4, 6)]
    hidden = torch.zeros(4, 6, dtype=torch.bool)
    hidden[1, 5] = True
    return *sides, torch.arange(4), hidden, torch.rand(4, 6, generator=generator)


def test_it_is_the_weighted_mean_over_vectors_cut_one_by_one() -> None:
    queries, documents, target, hidden, weight = _inputs()

    def cut(rows: torch.Tensor, length: int) -> torch.Tensor:
        return torch.stack([row[:length] / row[:length].square().sum().sqrt() for row in rows])

    inner = INNER.build()
    total = sum(
        share * float(inner(cut(queries, length), cut(documents, length), target, hidden, weight))
        for length, share in ((8, 1.0), (4, 2.0), (2, 0.5))
    )
    loss = MatryoshkaConfig(inner=INNER, dimensions=(4, 2), weights=(2.0, 0.5)).build()
    assert float(loss(queries, documents, target, hidden, weight)) == pytest.approx(total / 3.5, rel=1e-6)


def test_only_leading_numbers_hear_of_a_shortened_vector() -> None:
    queries, documents, target, hidden, _ = _inputs()

    def gradient(**config: object) -> torch.Tensor:
        given = queries.clone().requires_grad_()
        loss = MatryoshkaConfig(inner=INNER, **config).build() if config else INNER.build()
        loss(given, documents, target, hidden).backward()
        assert given.grad is not None
        return given.grad

    whole, with_three = gradient(), gradient(dimensions=(3,), weights=(1.0,))
    assert torch.allclose(with_three[:, 3:], whole[:, 3:] / 2)
    assert not torch.allclose(with_three[:, :3], whole[:, :3] / 2)


def test_a_learnt_temperature_inside_is_found_by_the_optimizer() -> None:
    loss = MatryoshkaConfig(inner=InfoNceConfig(learn_temperature=True), dimensions=(2,)).build()
    assert [name for name, _ in loss.named_parameters()] == ["inner.log_temperature"]  # type: ignore[attr-defined]


def test_dimensions_that_are_no_part_of_the_vectors_are_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        MatryoshkaConfig(dimensions=(8,)).build()(*_inputs())
    assert caught.value.code == "matryoshka-dimension"


@pytest.mark.parametrize(
    "config", [{"dimensions": ()}, {"dimensions": (4, 4)}, {"dimensions": (4,), "weights": (1, 1)}]
)
def test_dimensions_and_weights_that_do_not_fit_are_refused(config: dict[str, tuple[int, ...]]) -> None:
    with pytest.raises(ValidationError):
        MatryoshkaConfig.model_validate(config)
