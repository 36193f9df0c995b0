"""Whitening: variances alike, length kept; the map of rows without a graph."""

from __future__ import annotations

import pytest
import torch

from ugembed.errors import DataError
from ugembed.models.head import WhitenedHead


def narrow(count: int = 4000, width: int = 12) -> torch.Tensor:
    """Vectors around one direction, ten times as wide along some axes as along others."""
    torch.manual_seed(0)
    mix = torch.linalg.qr(torch.randn(width, width))[0] * torch.logspace(-1, 0, width)
    return 5 + torch.randn(count, width) @ mix.T


def test_whitened_vectors_have_the_covariance_of_a_sphere() -> None:
    vectors, head = narrow(), WhitenedHead(12)
    head.fit(vectors, least=0.0)
    white = (vectors - head.mean) @ head.map
    torch.testing.assert_close(torch.cov(white.T), torch.eye(12), rtol=0, atol=1e-3)
    torch.testing.assert_close(head.map, head.map.T, rtol=1e-4, atol=1e-4)  # ZCA: the nearest to the vectors themselves
    unit = head.whitened(vectors)
    torch.testing.assert_close(unit.norm(dim=1), torch.full((4000,), 12**0.5))
    torch.testing.assert_close(torch.cov(unit.T), torch.eye(12), rtol=0, atol=0.1)


def test_whitening_tells_apart_what_was_nearly_collinear() -> None:
    vectors, head = narrow(200), WhitenedHead(12)
    head.fit(vectors)
    before = torch.nn.functional.normalize(vectors, dim=1)
    after = torch.nn.functional.normalize(head.whitened(vectors), dim=1)
    assert (before @ before.T).mean() > 0.9
    assert abs(float((after @ after.T).mean())) < 0.1


def test_variances_without_vectors_stay_bounded() -> None:
    head = WhitenedHead(12)
    head.fit(narrow(5))
    assert torch.isfinite(head.map).all()
    assert head.is_fitted


@pytest.mark.parametrize("vectors", [torch.ones(1, 4), torch.ones(7, 4)])
def test_vectors_that_are_all_alike_are_refused(vectors: torch.Tensor) -> None:
    head = WhitenedHead(4)
    with pytest.raises(DataError) as caught:
        head.fit(vectors)
    assert caught.value.code == "whitening-vectors"
    assert not head.is_fitted


def test_only_rows_without_a_graph_are_moved() -> None:
    head, vectors = WhitenedHead(6), torch.randn(4, 6)
    has_graph = torch.tensor([True, False, True, False])
    assert torch.equal(head(vectors, has_graph), vectors)
    torch.nn.init.normal_(head.more[-1].weight)  # type: ignore[arg-type]
    moved = (head(vectors, has_graph) - vectors).abs().amax(dim=1) > 1e-3
    assert moved.tolist() == [False, True, False, True]
