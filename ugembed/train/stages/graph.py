"""Stage 2: a picture with the graph around it, and the text that says where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch

from ugembed.errors import ConfigError, DataError
from ugembed.losses.base import Loss
from ugembed.models.embedder import Embedder
from ugembed.records.pair import Pair
from ugembed.train.stages.base import Stage
from ugembed.train.stages.contrastive import Contrastive
from ugembed.train.stages.parts import NO_LIMIT, PartLimit
from ugembed.train.stages.rows import ContrastiveConfig


class Stage2Config(ContrastiveConfig):
    """Graph and image to text, contrastive."""

    kind: Literal["stage2"] = "stage2"

    def build(
        self, embedder: Embedder, loss: Loss, *, seed: int, device: torch.device, limit: PartLimit = NO_LIMIT
    ) -> Stage:
        if embedder.graph_encoder is None:
            raise ConfigError(
                "stage 2 trains a graph part, but the model has none",
                code="graph-part-missing",
                hint="give model.graph_encoder and model.fusion",
            )
        return GraphContrastive(embedder, loss, seed=seed, device=device, config=self, limit=limit)


class GraphContrastive(Contrastive):
    """As stage 1, but rows must bring graphs: a graph part that never sees one would silently stay untrained."""

    def check(self, pairs: Sequence[Pair]) -> None:
        super().check(pairs)
        if not any(pair.query.graphs or any(item.graphs for item in pair.positives) for pair in pairs):
            raise DataError(
                f"none of {len(pairs)} rows has a graph",
                code="no-graphs",
                hint="stage 2 wants `<graph>` tags and 'graphs' in its rows (pair_type stage2_image_graph)",
            )
