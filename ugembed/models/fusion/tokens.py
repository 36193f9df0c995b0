"""Every node is one soft token between ``graph_start`` and ``graph_end`` (reference section 3.2, mapped row by row).

Nodes stand in the canonical order of `graphs.features`: centre first, then by way along streets, distance and id.
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from ugembed.models.backbones.base import MarkerIds
from ugembed.models.fusion.base import Fusion, FusionConfig
from ugembed.models.fusion.prompt import InPrompt, graph_sizes
from ugembed.models.inputs import ModelInputs


class TokensConfig(FusionConfig):
    """Nodes as tokens of the prompt."""

    kind: Literal["tokens"] = "tokens"

    def graph_tokens(self, nodes: int) -> int:
        return nodes

    def build(self, *, hidden_size: int, markers: MarkerIds, scale: float) -> Fusion:
        return NodeTokens(hidden_size=hidden_size, markers=markers, scale=scale)


class NodeTokens(InPrompt):
    """Node states at the placeholders."""

    def forward(self, embedded: Tensor, inputs: ModelInputs, nodes: Tensor) -> Tensor:
        return self.place(embedded, inputs, nodes, graph_sizes(inputs))
