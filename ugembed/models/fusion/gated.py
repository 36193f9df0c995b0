"""Late fusion: what a graph says is added to the pooled vector of its row, through a gate that starts at no effect.

    v' = v + gate * U relu(D LN(p)),    p = the centre's weighted mean of the graph's nodes

``U`` is zero at the start, so that a model begins exactly where it stood without the graph; ``gate`` is 1 there, so
that ``U`` has a gradient at the first step and everything before it from the second on.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import PositiveInt
from torch import Tensor, nn

from ugembed.models.backbones.base import MarkerIds
from ugembed.models.fusion.base import Fusion, FusionConfig, Words
from ugembed.models.fusion.centre_pooling import CentrePooling
from ugembed.models.fusion.prompt import graph_sizes
from ugembed.models.graph_encoders.segments import Segments, segment_sum
from ugembed.models.inputs import ModelInputs


class GatedConfig(FusionConfig):
    """A gated addition to the pooled vector; a graph takes no token of the prompt."""

    kind: Literal["gated"] = "gated"
    width: PositiveInt = 128
    """Width of queries and keys of the pooling."""
    rank: PositiveInt = 256
    """Rank of the map from the pooled graph to what is added; never more than the language model's width."""

    def graph_tokens(self, nodes: int) -> int:
        return 0

    def build(self, *, hidden_size: int, markers: MarkerIds, scale: float) -> Fusion:
        return Gated(self, hidden_size=hidden_size)


class Gated(Fusion):
    """See the module's docstring. Several graphs of a row are added up; a row without one stays as it is."""

    def __init__(self, config: GatedConfig, *, hidden_size: int) -> None:
        super().__init__()
        rank = min(config.rank, hidden_size)
        self.pool = CentrePooling(hidden_size=hidden_size, width=config.width, count=1)
        self.norm = nn.LayerNorm(hidden_size)
        self.down = nn.Linear(hidden_size, rank)
        self.up = nn.Linear(rank, hidden_size, bias=False)
        nn.init.zeros_(self.up.weight)
        self.gate = nn.Parameter(torch.ones(()))

    def forward(self, embedded: Tensor, inputs: ModelInputs, nodes: Tensor) -> Tensor:
        return embedded

    def after(self, vectors: Tensor, inputs: ModelInputs, nodes: Tensor, words: Words | None = None) -> Tensor:
        pooled = self.pool(nodes, graph_sizes(inputs))[:, 0]  # (g, d)
        said = self.gate * self.up(torch.relu(self.down(self.norm(pooled)))).to(vectors.dtype)
        assert inputs.graphs is not None
        return vectors + segment_sum(said, Segments.of(inputs.graphs.row, len(inputs), is_sorted=True))
