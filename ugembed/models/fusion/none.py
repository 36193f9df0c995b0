"""No fusion: rows may bring graphs, and nothing of them reaches the vectors. For comparison only."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor

from ugembed.models.backbones.base import MarkerIds
from ugembed.models.fusion.base import Fusion, FusionConfig
from ugembed.models.inputs import ModelInputs


class NoneConfig(FusionConfig):
    """Graphs are read and left out."""

    kind: Literal["none"] = "none"
    reads_nodes: ClassVar[bool] = False

    def graph_tokens(self, nodes: int) -> int:
        return 0

    def build(self, *, hidden_size: int, markers: MarkerIds, scale: float) -> Fusion:
        return NoFusion()


class NoFusion(Fusion):
    """The prompt and the pooled vectors as they are."""

    def forward(self, embedded: Tensor, inputs: ModelInputs, nodes: Tensor) -> Tensor:
        return embedded
