"""What a graph encoder is."""

from __future__ import annotations

from torch import Tensor, nn

from ugembed.graphs.features import GraphBatch
from ugembed.registry import ComponentConfig


class GraphEncoderConfig(ComponentConfig):
    """Base of graph encoder configurations."""

    def build(self, *, hidden_size: int) -> GraphEncoder:
        """Create the encoder for a language model of width ``hidden_size``; weights from torch's current generator."""
        raise TypeError(f"{type(self).__name__} does not say how it is built")


class GraphEncoder(nn.Module):
    """Nodes in, nodes out: no row of the result depends on a node of another graph."""

    def forward(self, text: Tensor, batch: GraphBatch) -> Tensor:
        """Encode all graphs of a batch at once.

        Args:
            text: (N, d) text vectors of all nodes.
            batch: Geometry and edges of the disjoint union.

        Returns:
            (N, d) node states, in the order of ``batch``.
        """
        raise TypeError(f"{type(self).__name__} does not say how it encodes")
