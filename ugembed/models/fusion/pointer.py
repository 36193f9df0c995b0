"""Late fusion that finds by place and brings back names: the pooled vector asks the nodes of its row.

    f_h = sum_i softmax_i(q_h([LN v, LN w]) . k_h(LN z_i) / sqrt(c)) (t_i + B A t_i)
    v'  = a v + sum_h (g_h f_h + B_h A_h f_h) + M(LN [v, f_1 ... f_H])

A pointer network's attention (Vinyals et al. 2015) from a row to its nodes. Keys are the encoded nodes ``z``, which
know where they stand; values are the bare vectors ``t`` of names as documents, so that a name arrives as it is. The
question is the pooled vector ``v`` and ``w``, the mean word embedding of the row's own text: pooled vectors of
contrastive models hardly tell the numbers of a question, its words do. ``q``, ``k`` and ``M`` are MLPs, ``c`` is the
width of a head. At the start every ``B`` and the last layer of ``M`` are zero, ``a`` = 1/2 and ``g_h`` = 1/H: so the
result is ``v / 2`` plus the mean over heads of what they found.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from pydantic import PositiveInt
from torch import Tensor, nn

from ugembed.models.backbones.base import MarkerIds
from ugembed.models.fusion.base import Fusion, FusionConfig, Words
from ugembed.models.graph_encoders.segments import Segments, segment_softmax, segment_sum, take
from ugembed.models.inputs import ModelInputs


class PointerConfig(FusionConfig):
    """Attention from the pooled vector to the nodes; a graph takes no token of the prompt."""

    reads_words: ClassVar[bool] = True

    kind: Literal["pointer"] = "pointer"
    heads: PositiveInt = 8
    """Questions that a pooled vector asks of the nodes side by side."""
    width: PositiveInt = 32
    """Width of a head's queries and keys."""
    rank: PositiveInt = 32
    """Rank of the maps of values and of what each head found; never more than the language model's width."""
    inner: PositiveInt = 512
    """Most hidden units of the MLPs for queries and keys; that for what all heads found has half as many."""

    def graph_tokens(self, nodes: int) -> int:
        return 0

    def build(self, *, hidden_size: int, markers: MarkerIds, scale: float) -> Fusion:
        return Pointer(self, hidden_size=hidden_size)


class Pointer(Fusion):
    """See the module's docstring. All graphs of a row are asked together; a row without one stays as it is."""

    def __init__(self, config: PointerConfig, *, hidden_size: int) -> None:
        super().__init__()
        self.heads, self.width = config.heads, config.width
        rank, asked = min(config.rank, hidden_size), config.heads * config.width
        self.asking, self.wording, self.asked = (nn.LayerNorm(hidden_size) for _ in range(3))
        self.query = _mlp(2 * hidden_size, min(4 * hidden_size, config.inner), asked)
        self.key = _mlp(hidden_size, min(2 * hidden_size, config.inner), asked)
        self.value = LowRank(1, hidden_size, rank)
        self.found = LowRank(config.heads, hidden_size, rank)
        self.gain = nn.Parameter(torch.full((config.heads,), 1.0 / config.heads))
        self.share = nn.Parameter(torch.tensor(0.5))
        both, inner = (config.heads + 1) * hidden_size, min(2 * hidden_size, max(1, config.inner // 2))
        last = nn.Linear(inner, hidden_size)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.more = nn.Sequential(nn.LayerNorm(both), nn.Linear(both, inner), nn.ReLU(), last)

    def forward(self, embedded: Tensor, inputs: ModelInputs, nodes: Tensor) -> Tensor:
        return embedded

    def after(self, vectors: Tensor, inputs: ModelInputs, nodes: Tensor, words: Words | None = None) -> Tensor:
        assert inputs.graphs is not None  # the embedder fuses nothing without
        assert words is not None  # `reads_words`
        owner = torch.repeat_interleave(inputs.graphs.row, inputs.graphs.size)
        rows = Segments.of(owner, len(inputs), is_sorted=True)
        weights = self.weights(vectors, words.rows, nodes, rows).to(vectors.dtype)
        values = words.nodes + self.value(words.nodes[:, None])[:, 0]
        found = torch.stack([segment_sum(one[:, None] * values, rows) for one in weights.unbind(dim=1)], dim=1)
        said = (self.gain[:, None] * found + self.found(found)).sum(dim=1)
        everything = torch.cat([vectors, found.flatten(1)], dim=1)
        fused = self.share * vectors + said + self.more(everything)
        return torch.where((rows.lengths > 0)[:, None], fused, vectors)

    def weights(self, vectors: Tensor, words: Tensor, nodes: Tensor, rows: Segments) -> Tensor:
        """(N, H) how much each head looks at each node; they sum to 1 over the nodes of a row."""
        query = self.query(torch.cat([self.asking(vectors), self.wording(words)], dim=1))
        query = query.view(-1, self.heads, self.width)
        key = self.key(self.asked(nodes)).view(-1, self.heads, self.width)
        return segment_softmax((take(query, rows) * key).sum(dim=-1) / self.width**0.5, rows)


class LowRank(nn.Module):
    """``B_h A_h x_h`` for ``count`` vectors side by side, at first zero."""

    def __init__(self, count: int, dimension: int, rank: int) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.randn(count, dimension, rank) / dimension**0.5)
        self.up = nn.Parameter(torch.zeros(count, rank, dimension))

    def forward(self, vectors: Tensor) -> Tensor:
        """(n, count, d) to the same."""
        return (vectors.transpose(0, 1) @ self.down @ self.up).transpose(0, 1)


def _mlp(width: int, inner: int, out: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, inner), nn.ReLU(), nn.Linear(inner, out))
