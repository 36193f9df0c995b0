"""What a node says, as a vector: the mean of its tokens' static input embeddings (reference section 3.3), or what the
frozen language model makes of them. Each distinct text is computed once and kept, up to a number of bytes.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from ugembed.models.text_cache import TextVectors

_NAME = re.compile(r"Name: (.+?)(?:, [A-Z][a-z]*: .*)?", re.DOTALL)

MAX_TOKENS = 128
"""Longer node texts are cut to this many tokens, as in the reference."""

TEXTS_AT_ONCE = 512
"""Texts whose token embeddings are in memory together."""

WIDTH_STEP = 8
"""The language model is given texts in widths that are multiples of this."""


def name_of(text: str) -> str:
    """The name that the text of a node tells, without its other fields; a text of another form stays whole."""
    match = _NAME.fullmatch(text)
    return match[1] if match else text


class NodeText:
    """Mean token embeddings of node texts, each distinct text computed once.

    Vectors are cached by content while the embedding table is frozen; a table that is being trained is read anew. The
    least recently used vectors make room when the cache is full. A text without a token is the zero vector.

    Args:
        tokenizer: A transformers tokenizer.
        embedding: The language model's input embedding.
        cache_mb: Most memory for vectors.
    """

    def __init__(self, tokenizer: Any, embedding: nn.Embedding, *, cache_mb: int = 512) -> None:
        self.tokenizer = tokenizer
        self.embedding = embedding
        self.capacity = cache_mb * 2**20 // (4 * embedding.embedding_dim)
        self._row: OrderedDict[str, int] = OrderedDict()
        self._free: list[int] = []
        self._table: Tensor | None = None
        self._stamp: tuple[Any, ...] = ()

    @property
    def stamp(self) -> tuple[Any, ...]:
        """Changes with every change of the embedding table."""
        weight = self.embedding.weight
        return weight.device, weight.dtype, weight.data_ptr(), weight._version

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """(n, d) float32 vectors of n texts."""
        distinct = list(dict.fromkeys(texts))
        if self.is_trained or len(distinct) > self.capacity:
            row = {text: position for position, text in enumerate(distinct)}
            return self._vectors(distinct)[[row[text] for text in texts]]
        if self._stamp != self.stamp:
            self._row, self._free, self._table, self._stamp = OrderedDict(), [], None, self.stamp
        with torch.inference_mode(False), torch.no_grad():  # the table outlives any inference mode
            self._learn(distinct)
        assert self._table is not None
        return self._table[torch.tensor([self._row[text] for text in texts], device=self._table.device)]

    def __len__(self) -> int:
        """Texts whose vectors are kept."""
        return len(self._row)

    @property
    def is_trained(self) -> bool:
        """Whether vectors change from step to step and carry a gradient."""
        return self.embedding.weight.requires_grad

    def _learn(self, distinct: Sequence[str]) -> None:
        """Every one of ``distinct`` has its row in the table afterwards; there is room for all of them."""
        for text in distinct:
            if text in self._row:
                self._row.move_to_end(text)
        new = [text for text in distinct if text not in self._row]
        if not new:
            return
        vectors = self._vectors(new)
        self._make_room(len(new), vectors)
        assert self._table is not None
        rows = [self._free.pop() for _ in new]
        self._table[torch.tensor(rows, device=self._table.device)] = vectors
        self._row.update(zip(new, rows, strict=True))

    def _make_room(self, count: int, like: Tensor) -> None:
        """At least ``count`` free rows: from a table twice as large, then from those least recently used."""
        height = 0 if self._table is None else len(self._table)
        if len(self._free) < count and height < self.capacity:
            taller = min(self.capacity, max(2 * height, height + count))
            more = like.new_zeros(taller - height, like.shape[1])
            self._table = more if self._table is None else torch.cat([self._table, more])
            self._free.extend(range(taller - 1, height - 1, -1))
        while len(self._free) < count:
            self._free.append(self._row.popitem(last=False)[1])

    def _vectors(self, texts: Sequence[str]) -> Tensor:
        """(n, d) float32 vectors of distinct texts, computed."""
        starts = range(0, len(texts), TEXTS_AT_ONCE) or range(1)
        return torch.cat([self._mean_embeddings(texts[start : start + TEXTS_AT_ONCE]) for start in starts])

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """At most `MAX_TOKENS` ids of each text; cut here, since a tokenizer remembers being asked to, and is saved."""
        encoded = self.tokenizer(list(texts), add_special_tokens=False).input_ids
        return [ids[:MAX_TOKENS] for ids in encoded]

    def _mean_embeddings(self, texts: Sequence[str]) -> Tensor:
        tokens = self._tokens(texts)
        lengths = [len(ids) for ids in tokens]
        device = self.embedding.weight.device
        flat = torch.tensor([token for ids in tokens for token in ids], dtype=torch.int64, device=device)
        owner = torch.repeat_interleave(torch.arange(len(texts), device=device), torch.tensor(lengths, device=device))
        vectors = self.embedding.weight[flat].float()
        total = torch.zeros(len(texts), vectors.shape[1], device=device).index_add(0, owner, vectors)
        return total / torch.tensor(lengths, device=device).clamp(min=1)[:, None]


class DocumentText(NodeText):
    """What the language model as it stands makes of a text as a document: its pooled vector, once per distinct text.

    Args:
        tokenizer, embedding, cache_mb: As in `NodeText`.
        read: From n texts to their (n, d) vectors.
        model: Every weight that ``read`` uses.
    """

    def __init__(
        self,
        tokenizer: Any,
        embedding: nn.Embedding,
        *,
        read: Callable[[Sequence[str]], Tensor],
        model: nn.Module,
        cache_mb: int = 512,
    ) -> None:
        super().__init__(tokenizer, embedding, cache_mb=cache_mb)
        self.read, self.model = read, model

    @property
    def is_trained(self) -> bool:
        return False

    @property
    def stamp(self) -> tuple[Any, ...]:
        return (*super().stamp, weights_stamp(self.model))

    def _vectors(self, texts: Sequence[str]) -> Tensor:
        return self.read(texts)


def weights_stamp(model: nn.Module) -> tuple[Any, ...]:
    """Changes with every change of a weight."""
    return tuple((weight.data_ptr(), weight._version) for weight in model.parameters())


class ContextualText(NodeText):
    """Mean of the frozen language model's last states over the tokens of a text, once per distinct text.

    Vectors are brought to the root mean square of the word embeddings, whose place they take in the prompt. Batches
    always have ``batch_size`` rows, filled up where texts are lacking, and one of a few widths: so products of matrices
    have the same shapes, and a text the same vector to the bit, whatever is read with it, and in a resumed run as well.

    Args:
        tokenizer, embedding, cache_mb: As in `NodeText`.
        states: From (n, t) token ids and their mask to (n, t, d) states of the language model without adapters.
        batch_size: Rows of every call of ``states``.
    """

    def __init__(
        self,
        tokenizer: Any,
        embedding: nn.Embedding,
        *,
        states: Callable[[Tensor, Tensor], Tensor],
        cache_mb: int = 512,
        batch_size: int = 16,
    ) -> None:
        super().__init__(tokenizer, embedding, cache_mb=cache_mb)
        self.states = states
        self.batch_size = batch_size
        self.kept: TextVectors | None = None
        """Vectors that earlier runs have left on disk (`ugembed.models.text_cache.node_texts_kept`)."""
        self._words: tuple[tuple[Any, ...], Tensor] | None = None

    @property
    def is_trained(self) -> bool:
        return False

    def _vectors(self, texts: Sequence[str]) -> Tensor:
        if self.kept is None:
            return self._read(texts)
        vectors = self.kept.completed(texts, lambda missing: self._read(missing).cpu().numpy())
        return torch.from_numpy(vectors).to(self.embedding.weight.device)

    @torch.no_grad()
    def _read(self, texts: Sequence[str]) -> Tensor:
        """(n, d) float32 vectors of texts, by the language model."""
        ids = self._tokens(texts)
        device = self.embedding.weight.device
        made = torch.zeros(len(texts), self.embedding.embedding_dim, device=device)
        groups: dict[int, list[int]] = {}
        for k in range(len(texts)):
            groups.setdefault(-(-len(ids[k]) // WIDTH_STEP) * WIDTH_STEP, []).append(k)
        groups.pop(0, None)
        for width, members in sorted(groups.items()):
            for start in range(0, len(members), self.batch_size):
                chosen = members[start : start + self.batch_size]
                made[chosen] = self._means([ids[k] for k in chosen], width)
        size = made.square().mean(dim=1, keepdim=True).sqrt()
        return made * (self._size_of_words() / size.clamp(min=1e-12))

    def _size_of_words(self) -> Tensor:
        """() root mean square of the word embeddings, computed once a table."""
        if self._words is None or self._words[0] != self.stamp:
            self._words = (self.stamp, self.embedding.weight.detach().float().square().mean().sqrt())
        return self._words[1]

    def _means(self, ids: Sequence[Sequence[int]], width: int) -> Tensor:
        """(n, d) means over the real tokens of n texts of at least one token and at most ``width``."""
        device = self.embedding.weight.device
        rows = [*ids, *[ids[-1]] * (self.batch_size - len(ids))]
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows], device=device)
        padded = torch.tensor([[*row, *[row[-1]] * (width - len(row))] for row in rows], device=device)
        states = self.states(padded, mask).float()
        means: Tensor = (states * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
        return means[: len(ids)]
