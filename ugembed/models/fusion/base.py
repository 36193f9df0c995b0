"""What a fusion is: how many prompt tokens a graph takes, and what stands in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from ugembed.models.backbones.base import MarkerIds
from ugembed.models.inputs import ModelInputs
from ugembed.registry import ComponentConfig


class FusionConfig(ComponentConfig):
    """Base of fusion configurations."""

    reads_nodes: ClassVar[bool] = True
    """Whether encoded nodes are used at all; a fusion that reads none wants no graph encoder."""
    reads_words: ClassVar[bool] = False
    """Whether `Fusion.after` wants `Words`."""

    def graph_tokens(self, nodes: int) -> int:
        """How many placeholders a graph of so many nodes takes in the prompt, between its start and end marks."""
        raise TypeError(f"{type(self).__name__} does not say how many tokens a graph takes")

    def build(self, *, hidden_size: int, markers: MarkerIds, scale: float) -> Fusion:
        """Create the fusion.

        Args:
            hidden_size: Width of the language model.
            markers: Ids of the structuring tokens.
            scale: Root mean square of the word embeddings' entries, to start own vectors at the right size.
        """
        raise TypeError(f"{type(self).__name__} does not say how it is built")


@dataclass(frozen=True, slots=True)
class Words:
    """What is read in a batch beside encoded nodes and pooled vectors.

    Attributes:
        nodes: (N, d) names of the nodes as documents: pooled vectors, whitened where the model has such a head.
        rows: (n, d) mean of the static word embeddings of each row's own text.
    """

    nodes: Tensor
    rows: Tensor


class Fusion(nn.Module):
    """Lets encoded nodes take part: in the embedded prompt (`forward`), in the pooled vectors (`after`), or in both."""

    def forward(self, embedded: Tensor, inputs: ModelInputs, nodes: Tensor) -> Tensor:
        """Replace what stands at graph tokens.

        Args:
            embedded: (n, t, d) word embeddings of ``inputs.input_ids``.
            inputs: The batch; ``inputs.graphs`` says which nodes belong to which row.
            nodes: (N, d) encoded nodes.

        Returns:
            (n, t, d).
        """
        raise TypeError(f"{type(self).__name__} does not say how it fuses")

    def after(self, vectors: Tensor, inputs: ModelInputs, nodes: Tensor, words: Words | None = None) -> Tensor:
        """(n, d) pooled vectors of the batch, before they are brought to unit length, with what the graphs add.

        Args:
            vectors: (n, d) pooled vectors, whitened where the model has such a head.
            inputs, nodes: As in `forward`.
            words: For a fusion of ``reads_words``, else None.
        """
        return vectors
