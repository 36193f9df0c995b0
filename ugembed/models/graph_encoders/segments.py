"""Sums, maxima and softmax over segments of rows, with the same bits on every run, also backwards.

A segment is a set of rows with the same number: edges that end in the same node, nodes of the same graph. Sums run over
sorted rows (`torch.segment_reduce`) and never by atomic additions; `take` and `segment_sum` are each other's gradient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Segments:
    """Which of ``count`` segments each of m rows belongs to.

    Attributes:
        index: (m,) int64, the segment of each row.
        lengths: (count,) int64, rows of each segment; may be 0.
        order: (m,) int64 that sorts the rows by segment (stable), or None where they are sorted already.
    """

    index: Tensor
    lengths: Tensor
    order: Tensor | None

    @classmethod
    def of(cls, index: Tensor, count: int, *, is_sorted: bool = False) -> Segments:
        """Segments 0 … ``count`` - 1 from the number of each row; ``is_sorted`` is a promise that numbers ascend."""
        order = None if is_sorted else torch.argsort(index, stable=True)
        return cls(index, torch.bincount(index, minlength=count), order)

    @classmethod
    def blocks(cls, lengths: Tensor) -> Segments:
        """Neighbouring rows: the first ``lengths[0]`` are segment 0, and so on."""
        numbers = torch.arange(len(lengths), device=lengths.device)
        return cls(torch.repeat_interleave(numbers, lengths), lengths, None)


def take(values: Tensor, segments: Segments) -> Tensor:
    """(count, …) values of segments to the (m, …) rows that belong to them."""
    taken: Tensor = _Take.apply(values, segments)  # type: ignore[no-untyped-call]
    return taken


def segment_sum(values: Tensor, segments: Segments) -> Tensor:
    """(m, …) rows to the (count, …) sums of their segments; an empty segment gives 0."""
    total: Tensor = _Sum.apply(values, segments)  # type: ignore[no-untyped-call]
    return total


def segment_softmax(scores: Tensor, segments: Segments) -> Tensor:
    """(m, …) scores to float32 weights that sum to 1 over each segment."""
    scores = scores.float()
    highest = _reduce(scores.detach(), segments, "max")
    weights = (scores - highest.index_select(0, segments.index)).exp()
    return weights / take(segment_sum(weights, segments), segments)


def _reduce(values: Tensor, segments: Segments, how: str) -> Tensor:
    if segments.order is not None:
        values = values.index_select(0, segments.order)
    if values.shape[0] == 0:
        return values.new_zeros(len(segments.lengths), *values.shape[1:])
    initial = 0 if how == "sum" else None
    return torch.segment_reduce(values.contiguous(), how, lengths=segments.lengths, unsafe=True, initial=initial)


class _Take(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, values: Tensor, segments: Segments) -> Tensor:
        context.segments = segments
        return values.index_select(0, segments.index)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return segment_sum(gradients[0], context.segments), None


class _Sum(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, values: Tensor, segments: Segments) -> Tensor:
        context.segments = segments
        return _reduce(values, segments, "sum")

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return take(gradients[0], context.segments), None
