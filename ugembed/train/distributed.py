"""Processes: who am I, and what do the others hold. With one process everything here is the identity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed

T = TypeVar("T")


def world_size() -> int:
    """Number of processes of this run."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """Number of this process, 0 is the one that writes."""
    return distributed.get_rank() if distributed.is_initialized() else 0


class _GatherRows(torch.autograd.Function):
    """All processes' rows, one below the other; the gradient of the own rows, times the number of processes."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, sizes: list[int]) -> Tensor:
        ctx.sizes = sizes
        widest = max(sizes)
        padded = rows.new_zeros((widest, *rows.shape[1:]))
        padded[: len(rows)] = rows
        parts = [torch.empty_like(padded) for _ in sizes]
        distributed.all_gather(parts, padded)
        return torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (gradient,) = gradients
        start = sum(ctx.sizes[: rank()])
        return gradient[start : start + ctx.sizes[rank()]] * len(ctx.sizes), None


def gather_rows(rows: Tensor) -> tuple[Tensor, int]:
    """Rows of all processes in order of rank, with gradients, and where the own ones start.

    Meant for a loss that every process computes of all rows, and so alike. Each sends back what that loss asks of its
    own rows, times the number of processes; averaged over processes (DDP), that is the gradient of the loss: what one
    process with all rows computes. The backward pass exchanges nothing, so no process waits for another in it.
    """
    if world_size() == 1:
        return rows, 0
    sizes = gather_objects(len(rows))
    gathered: Tensor = _GatherRows.apply(rows, sizes)  # type: ignore[no-untyped-call]
    return gathered, sum(sizes[: rank()])


def gather_tensors(tensors: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
    """On the process that writes: the tensors of every process, on the CPU; elsewhere nothing.

    Args:
        tensors: The same names and shapes on all processes.
    """
    own = {name: tensor.detach().cpu() for name, tensor in tensors.items()}
    if world_size() == 1:
        return [own]
    everyones: list[dict[str, Tensor]] = [{} for _ in range(world_size())] if rank() == 0 else []
    for name, tensor in own.items():
        parts = [torch.empty_like(tensor) for _ in everyones]
        distributed.gather(tensor.contiguous(), parts or None)
        for held, part in zip(everyones, parts, strict=True):
            held[name] = part
    return everyones


def gather_objects(value: T) -> list[T]:
    """A small JSON-like value of every process, in order of rank."""
    if world_size() == 1:
        return [value]
    import orjson

    data = torch.frombuffer(bytearray(orjson.dumps(value)), dtype=torch.uint8)
    length = torch.tensor([len(data)])
    lengths = [torch.empty_like(length) for _ in range(world_size())]
    distributed.all_gather(lengths, length)
    padded = torch.zeros(int(max(lengths)), dtype=torch.uint8)
    padded[: len(data)] = data
    parts = [torch.empty_like(padded) for _ in lengths]
    distributed.all_gather(parts, padded)
    return [orjson.loads(bytes(part[: int(size)].tolist())) for part, size in zip(parts, lengths, strict=True)]
