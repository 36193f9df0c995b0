"""Contrastive steps that must come to one gradient, however many processes share them; run by torchrun, it writes them.

``python -m torch.distributed.run … tests/train/contrast_cases.py FOLDER``
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from tests.fixtures import graph, model_config, picture
from ugembed.losses.info_nce import InfoNceConfig
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.records.item import Item, Place
from ugembed.records.pair import Pair
from ugembed.train.config import TrainerConfig
from ugembed.train.distributed import rank, world_size
from ugembed.train.stages.base import trained_parameters
from ugembed.train.stages.graph import GraphContrastive
from ugembed.train.stages.parts import NO_LIMIT, PartLimit
from ugembed.train.stages.rows import ContrastiveConfig
from ugembed.train.strategy import Strategy, strategy_for

CASES: Mapping[str, Mapping[str, Any]] = {
    "plain": {"cut": 4},
    "symmetric, temperature learnt": {"cut": 4, "loss": {"symmetric": True, "learn_temperature": True}},
    "all positives, uneven": {"cut": 5, "stage": {"positives": "all", "same": ("group", "item")}},
    "by metres": {"cut": 3, "stage": {"near_m": 90.0, "hide_within_m": 20.0}, "loss": {"margin": 0.2}},
    "one process without rows": {"cut": 8, "loss": {"symmetric": True}},
    "parts": {"cut": 4, "limit": PartLimit(3), "loss": {"symmetric": True, "learn_temperature": True}},
    "parts here, all at once there": {"cut": 6, "limit": PartLimit(6), "stage": {"positives": "all"}},
    "parts here, no rows there": {"cut": 8, "limit": PartLimit(3)},
}
"""Of 8 rows the first ``cut`` are the first process's. Only the first 4 have graphs, only the last 4 a picture."""


def rows() -> list[Pair]:
    """Eight rows, some of one group, of one answer, near one another, with listed negatives."""
    made = []
    for k in range(8):
        tags = "<graph>" if k < 4 else "<image>"
        query = Item(
            f"{tags}Where is this? {k}",
            images=() if k < 4 else (picture(k, (56, 56)),),
            graphs=(graph(k, 4),) if k < 4 else (),
            place=Place(lon=11.5 + 0.0005 * k, lat=48.1),
        )
        right = (Item(f"Oak Street {k // 2}"), Item(f"Another wording of where {k} is"))[: 1 + k % 2]
        made.append(Pair(query, right, (Item(f"Elm Street {k}"),) * (k % 3 == 0), group=str(k // 3)))
    return made


def gradients(case: Mapping[str, Any], strategy: Strategy) -> dict[str, torch.Tensor]:
    """The gradient of a case's step, of all processes together."""
    config: dict[str, Any] = model_config()
    config["backbone"] |= {"width": 32, "layers": 1, "vision_layers": 1}
    config["graph_encoder"] = {"kind": "compact", "width": 16, "dropout": 0.0, "metric_weight": 0.5}
    stage = GraphContrastive(
        Embedder(ModelConfig.model_validate(config)),
        InfoNceConfig(**{"temperature": 0.2, **case.get("loss", {})}).build(),
        seed=0,
        device=torch.device("cpu"),
        config=ContrastiveConfig(kind="stage2", **case.get("stage", {})),
        limit=case.get("limit", NO_LIMIT),
    )
    stage.module.train()
    module = strategy.wrap(stage.module)
    cuts = (slice(None),) if world_size() == 1 else (slice(None, case["cut"]), slice(case["cut"], None))
    batch = stage.prepare(rows()[cuts[rank()]], epoch=1)
    stage.backward(module, batch, micro_steps=2, syncing=partial(strategy.accumulating, module))
    found = {name: value.grad for name, value in trained_parameters(stage).items()}
    return {name: grad.clone() for name, grad in found.items() if grad is not None}


def main(folder: Path) -> None:
    """Write the gradients of every case that this process comes to."""
    with strategy_for(TrainerConfig(device="cpu")) as (strategy, _):
        for name, case in CASES.items():
            save_file(gradients(case, strategy), folder / f"{name} {rank()}.safetensors")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
