"""A graph seen before is not encoded again: node states by content, in inference only."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor

from ugembed.graphs.features import GraphBatch
from ugembed.models.graph_encoders.base import GraphEncoder
from ugembed.models.graph_encoders.parts import geometry, join, pieces, split
from ugembed.models.node_text import NodeText


class CachedEncoder:
    """Encodes batches; in evaluation without gradients, each distinct graph only once.

    Kept states are dropped as soon as a weight of the encoder or the table of word embeddings changes, and the least
    recently used ones when they take more than ``limit_mb``. While training, nothing is kept or looked up.

    Args:
        encoder: What encodes.
        limit_mb: Memory for node states; 0 keeps none.
    """

    def __init__(self, encoder: GraphEncoder, *, limit_mb: int = 256) -> None:
        self.encoder = encoder
        self.limit = limit_mb * 2**20
        self.used = 0
        self.states: OrderedDict[bytes, Tensor] = OrderedDict()
        self._stamp: tuple[Any, ...] = ()

    def __call__(self, node_text: NodeText, batch: GraphBatch) -> Tensor:
        """(N, d) node states of a batch, in its order."""
        if self.limit == 0 or self.encoder.training or torch.is_grad_enabled():
            states: Tensor = self.encoder(node_text(batch.texts), batch)
            return states
        self._forget_if_changed(node_text)
        parts = split(batch)
        keys = [_key(part) for part in parts]
        known = {key: self.states[key] for key in keys if key in self.states}
        new = {key: part for key, part in zip(keys, parts, strict=True) if key not in known}
        known |= self._encode(node_text, new)
        for key in keys:
            self._keep(key, known[key])
        return torch.cat([known[key] for key in keys])

    def _encode(self, node_text: NodeText, new: dict[bytes, GraphBatch]) -> dict[bytes, Tensor]:
        if not new:
            return {}
        batch = join(list(new.values()))
        states = pieces(self.encoder(node_text(batch.texts), batch), batch.size.tolist())
        return {key: part.clone() for key, part in zip(new, states, strict=True)}

    def _keep(self, key: bytes, states: Tensor) -> None:
        if key not in self.states:
            self.used += states.nbytes
        self.states[key] = states
        self.states.move_to_end(key)
        while self.used > self.limit:
            _, gone = self.states.popitem(last=False)
            self.used -= gone.nbytes

    def _forget_if_changed(self, node_text: NodeText) -> None:
        weights = (*self.encoder.parameters(), *self.encoder.buffers())
        stamp = (node_text.stamp, *((weight.data_ptr(), weight._version) for weight in weights))
        if stamp != self._stamp:
            self.states.clear()
            self.used, self._stamp = 0, stamp


def _key(part: GraphBatch) -> bytes:
    """Hash of one graph's texts and geometry."""
    digest = hashlib.blake2b(digest_size=16)
    for text in part.texts:
        encoded = text.encode()
        digest.update(len(encoded).to_bytes(4, "little") + encoded)
    for name, value in geometry(part).items():
        digest.update(f"{name}{tuple(value.shape)}".encode() + value.detach().cpu().contiguous().numpy().tobytes())
    return digest.digest()
