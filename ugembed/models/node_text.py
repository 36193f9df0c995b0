"""What a node says, as a vector: the mean of its tokens' static input embeddings (reference section 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

MAX_TOKENS = 128


class NodeText:
    """Mean token embeddings of node texts, each distinct text computed once.

    Vectors are cached by content while the embedding table is frozen; a table that is being trained is read anew.
    """

    def __init__(self, tokenizer: Any, embedding: nn.Embedding) -> None:
        self.tokenizer = tokenizer
        self.embedding = embedding
        self._row: dict[str, int] = {}
        self._table: Tensor | None = None

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """(n, d) float32 vectors of n texts."""
        if self.embedding.weight.requires_grad:
            distinct = list(dict.fromkeys(texts))
            row = {text: position for position, text in enumerate(distinct)}
            return self._mean(distinct)[[row[text] for text in texts]]
        if self._table is not None and self._table.device != self.embedding.weight.device:
            self._row, self._table = {}, None
        new = [text for text in dict.fromkeys(texts) if text not in self._row]
        if new:
            self._grow(new)
        assert self._table is not None
        rows = torch.tensor([self._row[text] for text in texts], device=self._table.device)
        return self._table[rows]

    def _grow(self, new: list[str]) -> None:
        with torch.no_grad():
            vectors = self._mean(new)
        start = len(self._row)
        self._row.update({text: start + position for position, text in enumerate(new)})
        self._table = vectors if self._table is None else torch.cat([self._table, vectors])

    def _mean(self, texts: Sequence[str]) -> Tensor:
        encoded = self.tokenizer(list(texts), add_special_tokens=False, truncation=True, max_length=MAX_TOKENS)
        lengths = [len(ids) for ids in encoded.input_ids]
        device = self.embedding.weight.device
        flat = torch.tensor([token for ids in encoded.input_ids for token in ids], device=device)
        owner = torch.repeat_interleave(torch.arange(len(texts), device=device), torch.tensor(lengths, device=device))
        vectors = self.embedding.weight[flat].float()
        total = torch.zeros(len(texts), vectors.shape[1], device=device).index_add(0, owner, vectors)
        return total / torch.tensor(lengths, device=device)[:, None]
