"""What a graph encoder is."""

from __future__ import annotations

from torch import Tensor, nn

from ugembed.errors import ConfigError
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

    def auxiliary_loss(self, states: Tensor, batch: GraphBatch) -> Tensor | None:
        """What training adds to its own loss, already weighted; None for an encoder that supervises nothing itself.

        Args:
            states: (N, d), what `forward` returned.
            batch: The batch it was given.
        """
        return None


def batch_input(batch: GraphBatch, name: str, *, option: str) -> Tensor:
    """An input that not every batch carries (``edge_kind``, ``lon_lat``).

    Raises:
        ConfigError: ``option`` of the graph encoder wants it and the batch lacks it.
    """
    value: Tensor | None = getattr(batch, name, None)
    if value is None:
        raise ConfigError(
            f"graph_encoder.{option} wants {name} of every graph, and these graphs come without it",
            code="graph-input-missing",
            hint=f"leave graph_encoder.{option} at its default",
        )
    return value


def check_heads(width: int, heads: int) -> None:
    """Refuse heads that do not share a width evenly."""
    if width % heads:
        raise ConfigError(
            f"graph_encoder: {heads} heads cannot share a width of {width}",
            code="heads-width",
            hint="choose heads that divide the width; it is at most the language model's hidden size",
        )
