"""Optimizer groups and the learning-rate schedule."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import nn

from ugembed.errors import ConfigError
from ugembed.models.embedder import Embedder
from ugembed.train.config import OptimizerConfig

OWN_PARTS = ("graph_encoder.", "fusion.", "head.")


def build_optimizer(embedder: Embedder, config: OptimizerConfig) -> torch.optim.AdamW:
    """AdamW with groups ``language_model`` and ``graph``, each with and without weight decay.

    Every group carries its ``name`` and ``peak_lr``; `set_learning_rate` scales the latter.

    Raises:
        ConfigError: nothing is trainable.
    """
    members: dict[tuple[str, bool], list[nn.Parameter]] = {}
    for name, parameter in embedder.trained_parameters().items():
        part = "graph" if name.startswith(OWN_PARTS) else "language_model"
        members.setdefault((part, parameter.ndim >= 2), []).append(parameter)
    if not members:
        raise ConfigError(
            "the model has no trainable parameter",
            code="nothing-to-train",
            hint="give model.lora, or model.graph_encoder and model.fusion",
        )
    peak = {"graph": config.graph_lr, "language_model": config.lr}
    groups = [
        {
            "params": parameters,
            "name": part,
            "peak_lr": peak[part],
            "lr": peak[part],
            "weight_decay": config.weight_decay if decays else 0.0,
        }
        for (part, decays), parameters in sorted(members.items(), key=lambda entry: entry[0])
    ]
    return torch.optim.AdamW(groups, betas=config.betas, foreach=False)


def add_loss(optimizer: torch.optim.Optimizer, own: Mapping[str, nn.Parameter], config: OptimizerConfig) -> None:
    """A group ``loss`` for trained weights of the loss, at the language model's learning rate and without decay."""
    if own:
        group = {"params": list(own.values()), "name": "loss", "peak_lr": config.lr, "lr": config.lr}
        optimizer.add_param_group({**group, "weight_decay": 0.0})


def schedule(step: int, total: int, config: OptimizerConfig) -> float:
    """Share of the peak learning rate at optimizer step ``step`` (0-based) of ``total``: linear rise, cosine fall."""
    warmup = round(config.warmup_ratio * total)
    if step < warmup:
        return (step + 1) / warmup
    done = (step - warmup) / max(1, total - warmup)
    return config.final_ratio + (1 - config.final_ratio) * (1 + math.cos(math.pi * min(1.0, done))) / 2


def set_learning_rate(optimizer: torch.optim.Optimizer, share: float) -> None:
    """Set every group to ``share`` of its peak."""
    for group in optimizer.param_groups:
        group["lr"] = group["peak_lr"] * share
