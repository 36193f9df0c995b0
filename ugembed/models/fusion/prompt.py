"""Vectors in the prompt: what fusions share that put graph tokens between ``graph_start`` and ``graph_end``."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ugembed.models.backbones.base import MarkerIds
from ugembed.models.fusion.base import Fusion
from ugembed.models.inputs import ModelInputs


class InPrompt(Fusion):
    """Own trained vectors at the start and end marks, given vectors at the placeholders between them."""

    def __init__(self, *, hidden_size: int, markers: MarkerIds, scale: float) -> None:
        super().__init__()
        self.markers = markers
        self.start = nn.Parameter(torch.randn(hidden_size) * scale)
        self.end = nn.Parameter(torch.randn(hidden_size) * scale)

    def place(self, embedded: Tensor, inputs: ModelInputs, tokens: Tensor, counts: Tensor) -> Tensor:
        """(n, t, d) word embeddings with the (k, d) ``tokens`` of all graphs in their places.

        Args:
            embedded: (n, t, d).
            inputs: The batch.
            tokens: Vectors of the placeholders, graph by graph.
            counts: (g,) int64, how many of them each graph has.
        """
        placeholder = inputs.input_ids == self.markers.graph_pad
        check_owners(placeholder, inputs, counts)
        fused = embedded.masked_scatter(placeholder[:, :, None], tokens.to(embedded.dtype))
        for marker, vector in ((self.markers.graph_start, self.start), (self.markers.graph_end, self.end)):
            at_marker = (inputs.input_ids == marker)[:, :, None]
            fused = torch.where(at_marker, vector.to(embedded.dtype), fused)
        return fused


def check_owners(placeholder: Tensor, inputs: ModelInputs, counts: Tensor) -> None:
    """Every row has as many placeholders as its own graphs have tokens; anything else is a fault of the program."""
    wanted = torch.zeros(len(inputs), dtype=torch.int64, device=placeholder.device)
    if inputs.graphs is not None:
        wanted = wanted.index_add(0, inputs.graphs.row, counts)
    if not torch.equal(placeholder.sum(dim=1), wanted):
        raise RuntimeError(f"graph tokens per row {placeholder.sum(dim=1).tolist()}, wanted {wanted.tolist()}")


def graph_sizes(inputs: ModelInputs) -> Tensor:
    """(g,) int64 nodes of each graph of a batch that has graphs."""
    assert inputs.graphs is not None  # the embedder fuses nothing without
    return inputs.graphs.size
