"""The frame that narrow encoders share: texts and places in, a few hundred numbers a node inside, node states out.

A node's own words pass beside the layers through ``t + U D t`` with ``U`` zero at the start, so that a name can be read
by the language model from the first step on; what the layers say is added at a tenth of the words' size.
"""

from __future__ import annotations

import torch
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt
from torch import Tensor, nn

from ugembed.graphs.features import GraphBatch
from ugembed.models.graph_encoders.base import GraphEncoder
from ugembed.models.graph_encoders.metric import MetricHead
from ugembed.models.graph_encoders.parts import in_parts
from ugembed.models.graph_encoders.spatial import AbsoluteEncoding, PositionedConfig

USUAL_GAIN = 0.1


class BottleneckConfig(PositionedConfig):
    """Base of the configurations of narrow encoders."""

    layers: PositiveInt = 2
    """Message passing steps."""
    width: PositiveInt = 512
    """Width of the layers; never more than the language model's."""
    word_rank: PositiveInt = 256
    """Rank of the map through which words pass beside the layers; never more than the language model's width."""
    absolute_bands: NonNegativeInt = 0
    """Bands of a code of the place on Earth; 0 leaves it out, and cities without pictures in training want it so."""
    gain: PositiveFloat = USUAL_GAIN
    """How loud what the layers say is at the start beside the words (1: as loud); ``pointer``, which takes names from
    elsewhere, wants 1."""
    metric_weight: NonNegativeFloat = 0.0
    """Weight of the auxiliary loss that asks node states for distance and bearing from the centre; 0 builds no head."""


class AttentiveConfig(BottleneckConfig):
    """Base of those whose nodes attend to one another and to the edges between them."""

    heads: PositiveInt = 4
    """Attention heads, side by side; they share the width."""
    edge_width: PositiveInt = 64
    """Width of the edge features."""
    edge_kinds: NonNegativeInt = 0
    """Kinds of edges that are told apart; 0 leaves kinds out."""


class Bottleneck(GraphEncoder):
    """Subclasses set ``self.layers`` and say in `mix` how nodes hear of each other."""

    def __init__(self, config: BottleneckConfig, *, hidden_size: int) -> None:
        super().__init__()
        self.width = min(config.width, hidden_size)
        self.position = config.position_encoding()
        self.absolute: AbsoluteEncoding | None = None
        if config.absolute_bands:
            self.absolute = AbsoluteEncoding(
                bands=config.absolute_bands, width=config.position_width, dropout=config.dropout
            )
        codes = (self.position is not None) + (self.absolute is not None)
        self.text_norm = nn.LayerNorm(hidden_size)
        self.node = nn.Linear(hidden_size + codes * config.position_width, self.width)
        self.output = nn.Sequential(
            nn.Linear(self.width, 2 * self.width),
            nn.ReLU(),
            nn.Dropout(config.dropout),
            nn.Linear(2 * self.width, hidden_size),
            nn.LayerNorm(hidden_size),
        )
        rank = min(config.word_rank, hidden_size)
        self.word_down = nn.Linear(hidden_size, rank, bias=False)
        self.word_up = nn.Linear(rank, hidden_size)
        nn.init.zeros_(self.word_up.weight)
        nn.init.zeros_(self.word_up.bias)
        self.gain = nn.Parameter(torch.tensor(config.gain))
        self.metric_weight = config.metric_weight
        self.metric = MetricHead(hidden_size) if config.metric_weight else None

    def forward(self, text: Tensor, batch: GraphBatch) -> Tensor:
        return in_parts(self._encode, text, batch)

    def _encode(self, text: Tensor, batch: GraphBatch) -> Tensor:
        parts = [self.text_norm(text)]
        if self.position is not None:
            parts.append(self.position(batch.position))
        if self.absolute is not None:
            parts.append(self.absolute(batch))
        states = self.mix(self.node(torch.cat(parts, dim=1)), batch)
        scale = text.norm(dim=1, keepdim=True) / text.shape[1] ** 0.5
        added: Tensor = self.gain * scale * self.output(states)
        words: Tensor = text + self.word_up(self.word_down(text))
        return words + added

    def mix(self, states: Tensor, batch: GraphBatch) -> Tensor:
        """(N, width) states of nodes alone to (N, width) states of nodes among their neighbours."""
        raise TypeError(f"{type(self).__name__} does not say how nodes hear of each other")

    def auxiliary_loss(self, states: Tensor, batch: GraphBatch) -> Tensor | None:
        return None if self.metric is None else self.metric_weight * self.metric.loss(states, batch)
