"""Models whose language model stays as it is: a pointer to the nodes, pooled vectors whitened."""

from __future__ import annotations

from typing import Any

import torch

from tests.fixtures import model_config
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder

ENCODER = {
    "kind": "compact", "width": 32, "position_width": 16, "edge_width": 16, "dropout": 0.0, "gain": 1.0,
    "metric_weight": 0.3,
}  # fmt: skip


def frozen_config(**inputs: Any) -> dict[str, Any]:
    """The settings that `FusionConfig.reads_words` wants, on a random tiny model."""
    own = {"train": "graph", "head": "whitened", "fusion": {"kind": "pointer"}, "graph_encoder": ENCODER}
    return model_config(**inputs) | own


def frozen_model(**inputs: Any) -> Embedder:
    """In evaluation mode, its head not fitted."""
    return Embedder(ModelConfig.model_validate(frozen_config(**inputs))).eval()


@torch.no_grad()
def scramble(model: Embedder) -> None:
    """What starts at zero or as the identity is moved."""
    torch.manual_seed(3)
    for parameter in model.trained_parameters().values():
        parameter.add_(torch.randn_like(parameter) * 0.1)
