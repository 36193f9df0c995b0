"""A graph is a few tokens of the prompt, whatever its size: attention pooling over its nodes, asked by the centre."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import PositiveInt
from torch import Tensor, nn

from ugembed.models.backbones.base import MarkerIds
from ugembed.models.fusion.base import Fusion, FusionConfig
from ugembed.models.fusion.centre_pooling import CentrePooling
from ugembed.models.fusion.prompt import InPrompt, graph_sizes
from ugembed.models.inputs import ModelInputs


class PooledConfig(FusionConfig):
    """A few pooled tokens a graph."""

    kind: Literal["pooled"] = "pooled"
    tokens: PositiveInt = 4
    """Tokens a graph takes in the prompt."""
    width: PositiveInt = 128
    """Width of queries and keys of the pooling."""

    def graph_tokens(self, nodes: int) -> int:
        return self.tokens

    def build(self, *, hidden_size: int, markers: MarkerIds, scale: float) -> Fusion:
        return PooledTokens(self, hidden_size=hidden_size, markers=markers, scale=scale)


class PooledTokens(InPrompt):
    """Token k is the centre's k-th weighted mean of the nodes plus a trained vector that says which token it is."""

    def __init__(self, config: PooledConfig, *, hidden_size: int, markers: MarkerIds, scale: float) -> None:
        super().__init__(hidden_size=hidden_size, markers=markers, scale=scale)
        self.pool = CentrePooling(hidden_size=hidden_size, width=config.width, count=config.tokens)
        self.which = nn.Parameter(torch.randn(config.tokens, hidden_size) * scale)

    def forward(self, embedded: Tensor, inputs: ModelInputs, nodes: Tensor) -> Tensor:
        size = graph_sizes(inputs)
        tokens = self.pool(nodes, size) + self.which  # (g, K, d)
        return self.place(embedded, inputs, tokens.flatten(0, 1), torch.full_like(size, self.pool.count))
