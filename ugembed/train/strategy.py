"""How processes share the work: one small protocol that single, DDP, and later FSDP2 and DeepSpeed implement."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from ugembed.errors import ConfigError
from ugembed.train.config import TrainerConfig


class Strategy(Protocol):
    """Wraps the module of a stage and its backward pass."""

    name: str

    def wrap(self, module: nn.Module) -> nn.Module:
        """The module to call in training."""
        ...

    def accumulating(self, module: nn.Module, *, last: bool) -> AbstractContextManager[None]:
        """Surrounds one micro-step; gradients are exchanged in the last one of a step."""
        ...

    def mean(self, value: float) -> float:
        """Mean of a number over processes."""
        ...

    def greatest(self, value: int) -> int:
        """The largest of a number over processes."""
        ...


class Single:
    """One process."""

    name = "single"

    def wrap(self, module: nn.Module) -> nn.Module:
        return module

    def accumulating(self, module: nn.Module, *, last: bool) -> AbstractContextManager[None]:
        return nullcontext()

    def mean(self, value: float) -> float:
        return value

    def greatest(self, value: int) -> int:
        return value


class Ddp:
    """Torch's DistributedDataParallel: a copy of the model per process, gradients averaged."""

    name = "ddp"

    def wrap(self, module: nn.Module) -> nn.Module:
        # rows without a graph leave the graph part unused on some processes
        return DistributedDataParallel(module, find_unused_parameters=True)

    def accumulating(self, module: nn.Module, *, last: bool) -> AbstractContextManager[None]:
        if last or not isinstance(module, DistributedDataParallel):
            return nullcontext()
        waiting: AbstractContextManager[None] = module.no_sync()
        return waiting

    def mean(self, value: float) -> float:
        total: Tensor = torch.tensor(value, dtype=torch.float64)
        distributed.all_reduce(total)
        return float(total) / distributed.get_world_size()

    def greatest(self, value: int) -> int:
        found = torch.tensor(value)
        distributed.all_reduce(found, distributed.ReduceOp.MAX)
        return int(found)


@contextmanager
def strategy_for(config: TrainerConfig) -> Iterator[tuple[Strategy, torch.device]]:
    """The strategy and device of this process; joins and leaves torchrun's process group when there is one."""
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if config.strategy == "ddp" and "RANK" not in os.environ:
        raise ConfigError(
            "trainer.strategy is ddp, but this process was not started by torchrun",
            code="no-torchrun",
            hint="torchrun --nproc-per-node 2 -m ugembed train stage1 --config …",
        )
    if config.strategy == "single" and processes > 1:
        raise ConfigError(
            f"trainer.strategy is single, but torchrun started {processes} processes",
            code="too-many-processes",
            hint="set trainer.strategy=auto",
        )
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    device = _device(config.device, local_rank)
    if config.strategy == "single" or (config.strategy == "auto" and processes == 1):
        yield Single(), device
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    distributed.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")
    try:
        yield Ddp(), device
    finally:
        distributed.destroy_process_group()


def _device(wanted: str, local_rank: int) -> torch.device:
    if wanted != "auto":
        return torch.device(wanted)
    return torch.device("cuda", local_rank) if torch.cuda.is_available() else torch.device("cpu")
