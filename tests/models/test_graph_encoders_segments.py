"""Segment operations against loops, and their gradients against finite differences."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ugembed.models.graph_encoders.edges import LoopedEdges, mean_loops, zero_loops
from ugembed.models.graph_encoders.segments import Segments, segment_softmax, segment_sum, take

numbers = st.lists(st.integers(0, 5), max_size=20)


@settings(max_examples=60, deadline=None)
@given(index=numbers)
def test_sums_and_softmax_agree_with_loops(index: list[int]) -> None:
    segments = Segments.of(torch.tensor(index, dtype=torch.int64), 7)
    values = torch.randn(len(index), 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    total, weights = segment_sum(values, segments), segment_softmax(values, segments)
    for number in range(7):
        mine = [k for k, one in enumerate(index) if one == number]
        assert torch.allclose(total[number], values[mine].sum(dim=0))
        assert torch.allclose(weights[mine], torch.softmax(values[mine].float(), dim=0), atol=1e-6)


@pytest.mark.parametrize("is_sorted", [False, True])
def test_gradients_agree_with_finite_differences_twice_over(is_sorted: bool) -> None:
    index = torch.tensor([0, 0, 2, 2, 2, 3] if is_sorted else [3, 0, 2, 0, 2, 2])
    segments = Segments.of(index, 5, is_sorted=is_sorted)
    rows = torch.randn(6, 2, dtype=torch.float64, requires_grad=True)
    states = torch.randn(5, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: segment_sum(x.square(), segments), (rows,))
    assert torch.autograd.gradcheck(lambda x: take(x.square(), segments), (states,))
    assert torch.autograd.gradgradcheck(lambda x: segment_sum(x.square(), segments), (rows,))
    assert torch.autograd.gradgradcheck(lambda x: take(x.square(), segments), (states,))


def test_huge_scores_do_not_overflow() -> None:
    weights = segment_softmax(torch.tensor([1e4, 0.0, -1e4]), Segments.of(torch.tensor([0, 0, 1]), 2))
    assert weights.tolist() == [1.0, 0.0, 1.0]


def test_blocks_are_neighbouring_rows() -> None:
    segments = Segments.blocks(torch.tensor([2, 0, 3]))
    assert segments.index.tolist() == [0, 0, 2, 2, 2]
    assert segment_sum(torch.ones(5), segments).tolist() == [2, 0, 3]


def test_edges_are_sorted_by_target_and_loops_filled_by_rule() -> None:
    edge_index = torch.tensor([[2, 0, 1, 0], [1, 1, 0, 2]])
    edges = torch.tensor([[1.0], [3.0], [5.0], [7.0]])
    graph = LoopedEdges.of(edge_index, 4)
    assert graph.target.index.tolist() == [0, 0, 1, 1, 1, 2, 2, 3]
    assert graph.source.index.tolist() == [1, 0, 2, 0, 1, 0, 2, 3]
    assert graph.arrange(edges, zero_loops(edges, 4))[:, 0].tolist() == [5, 0, 1, 3, 0, 7, 0, 0]
    assert mean_loops(edges, edge_index, 4)[:, 0].tolist() == [5, 2, 7, 0]
