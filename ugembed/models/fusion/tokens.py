"""Every node is one soft token between ``graph_start`` and ``graph_end`` (reference section 3.2, mapped row by row)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from ugembed.models.backbones.base import MarkerIds
from ugembed.models.fusion.base import Fusion, FusionConfig
from ugembed.models.inputs import ModelInputs


class TokensConfig(FusionConfig):
    """Nodes as tokens of the prompt."""

    kind: Literal["tokens"] = "tokens"

    def graph_tokens(self, nodes: int) -> int:
        return nodes

    def build(self, *, hidden_size: int, markers: MarkerIds, scale: float) -> Fusion:
        return NodeTokens(hidden_size=hidden_size, markers=markers, scale=scale)


class NodeTokens(Fusion):
    """Node states at the placeholders, own trained vectors at the start and end marks."""

    def __init__(self, *, hidden_size: int, markers: MarkerIds, scale: float) -> None:
        super().__init__()
        self.markers = markers
        self.start = nn.Parameter(torch.randn(hidden_size) * scale)
        self.end = nn.Parameter(torch.randn(hidden_size) * scale)

    def forward(self, embedded: Tensor, inputs: ModelInputs, nodes: Tensor) -> Tensor:
        placeholder = inputs.input_ids == self.markers.graph_pad
        check_owners(placeholder, inputs)
        fused = embedded.masked_scatter(placeholder[:, :, None], nodes.to(embedded.dtype))
        for marker, vector in ((self.markers.graph_start, self.start), (self.markers.graph_end, self.end)):
            at_marker = (inputs.input_ids == marker)[:, :, None]
            fused = torch.where(at_marker, vector.to(embedded.dtype), fused)
        return fused


def check_owners(placeholder: Tensor, inputs: ModelInputs) -> None:
    """Every row has as many placeholders as its own graphs have nodes; anything else is a fault of the program."""
    graphs = inputs.graphs
    wanted = torch.zeros(len(inputs), dtype=torch.int64, device=placeholder.device)
    if graphs is not None:
        wanted = wanted.index_add(0, graphs.row, graphs.size)
    if not torch.equal(placeholder.sum(dim=1), wanted):
        raise RuntimeError(f"graph tokens per row {placeholder.sum(dim=1).tolist()}, nodes per row {wanted.tolist()}")
