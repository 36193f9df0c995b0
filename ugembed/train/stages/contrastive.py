"""Stage 1: a picture and the text that says where it stands, pulled together against all others of the batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from ugembed.errors import DataError
from ugembed.losses.base import Loss
from ugembed.models.embedder import Embedder
from ugembed.models.inputs import Draft, ModelInputs
from ugembed.models.prompts import with_prompts
from ugembed.records.item import Item
from ugembed.records.pair import Pair
from ugembed.train.cached_gradients import Encoded, backward_by_parts, with_auxiliary
from ugembed.train.distributed import gather_objects, gather_rows, world_size
from ugembed.train.kept_pictures import KeptPictures
from ugembed.train.stages.base import Stage, StepResult, Syncing
from ugembed.train.stages.negatives import Facts, belonging, metres, nearness_weight
from ugembed.train.stages.parts import NO_LIMIT, PartLimit, by_length, distinct
from ugembed.train.stages.rows import ContrastiveConfig, rows_of


class Stage1Config(ContrastiveConfig):
    """Image to text, contrastive."""

    kind: Literal["stage1"] = "stage1"

    def build(
        self, embedder: Embedder, loss: Loss, *, seed: int, device: torch.device, limit: PartLimit = NO_LIMIT
    ) -> Stage:
        return Contrastive(embedder, loss, seed=seed, device=device, config=self, limit=limit)


@dataclass(frozen=True, slots=True)
class PairBatch:
    """A step's rows, prepared in parts of similar length: short answers are not padded to long descriptions.

    Attributes:
        parts: Prepared rows, r in all.
        queries, documents: (n,) and (m,) int64, which of the r rows each query and each document is.
        owner: (k,) int64, the query of each right document; these are the first k documents.
        query_facts, document_facts: What is known of them.
        by_parts: Whether one part at a time is in memory, and its gradients cached.
    """

    parts: tuple[ModelInputs, ...]
    queries: Tensor
    documents: Tensor
    owner: Tensor
    query_facts: Facts
    document_facts: Facts
    by_parts: bool = False


class Contrastive:
    """Queries against all positives and negatives of all processes."""

    def __init__(
        self,
        embedder: Embedder,
        loss: Loss,
        *,
        seed: int,
        device: torch.device,
        config: ContrastiveConfig | None = None,
        limit: PartLimit = NO_LIMIT,
    ) -> None:
        self.embedder = embedder
        self.config = Stage1Config() if config is None else config
        self.step = ContrastiveStep(embedder, loss, device, config=self.config)
        self.module: nn.Module = self.step
        self.seed = seed
        self.limit = limit

    def check(self, pairs: Sequence[Pair]) -> None:
        if not pairs:
            raise DataError("no training rows", code="no-rows", hint="see data.train; `ugembed validate-data` explains")

    def prepare(self, pairs: Sequence[Pair], *, epoch: int) -> PairBatch:
        told = [with_prompts(pair, self.embedder.prompts) for pair in pairs]
        rows = rows_of(told, self.config, turn=self.seed + epoch)
        small = self._small_parts([*rows.queries, *rows.documents]) if self.limit.is_set else None
        parts, row = self._large_parts(rows.queries, rows.documents) if small is None else small
        return PairBatch(
            parts=tuple(self.embedder.prepare(part) for part in parts if part),
            queries=row[: len(rows.queries)],
            documents=row[len(rows.queries) :],
            owner=torch.tensor(rows.owner, dtype=torch.int64),
            query_facts=rows.query_facts,
            document_facts=rows.document_facts,
            by_parts=small is not None,
        )

    def _large_parts(
        self, queries: Sequence[Item], documents: Sequence[Item]
    ) -> tuple[Sequence[Sequence[Item | Draft]], Tensor]:
        """All queries, then documents in at most two parts; and where each row is then."""
        order = by_length(documents) if documents else []
        at = torch.tensor([k for part in order for k in part], dtype=torch.int64).argsort()
        parts = [list(queries), *([documents[k] for k in part] for part in order)]
        return parts, torch.cat([torch.arange(len(queries)), len(queries) + at])

    def _small_parts(self, rows: Sequence[Item]) -> tuple[Sequence[Sequence[Item | Draft]], Tensor] | None:
        """Parts within the limit, every different row once; None where all rows may be encoded at once."""
        items, number = distinct(rows)
        drafts = [self.embedder.prepare.draft(item) for item in items]
        lengths = [draft.length for draft in drafts]
        order = self.limit.parts(lengths)
        if len(order) < 2 or self.limit.holds(len(items), sum(len(part) * lengths[part[0]] for part in order)):
            return None
        at = torch.tensor([k for part in order for k in part]).argsort()
        return [[drafts[k] for k in part] for part in order], at[torch.tensor(number)]

    def backward(self, module: nn.Module, batch: PairBatch, *, micro_steps: int, syncing: Syncing) -> StepResult:
        if not batch.by_parts:
            with syncing(last=True):
                result: StepResult = module(batch)
                torch.autograd.backward(result.loss / micro_steps)
            return result
        pictures = KeptPictures(self.embedder, self.step.device)

        def compare(vectors: Tensor) -> tuple[StepResult, list[float]]:
            shares = auxiliary_shares(batch.parts)
            return self.step.compare(vectors, batch), shares

        return backward_by_parts(
            batch.parts,
            module,
            compare,
            device=self.step.device,
            micro_steps=micro_steps,
            syncing=syncing,
            around=pictures.of_part,
        )


class ContrastiveStep(nn.Module):
    """Encode a batch and compare it: the module that a strategy wraps."""

    def __init__(self, embedder: Embedder, loss: Loss, device: torch.device, *, config: ContrastiveConfig) -> None:
        super().__init__()
        self.embedder = embedder
        self.loss = loss
        self.device = device
        self.config = config

    def forward(self, batch: PairBatch | ModelInputs) -> StepResult | Encoded:
        """The loss of a batch, or the vectors of one of its parts."""
        if isinstance(batch, ModelInputs):
            return self.encode(batch)
        encoded = [self.encode(part) for part in batch.parts]
        shares = auxiliary_shares(batch.parts)
        vectors = torch.cat([part.vectors for part in encoded]) if encoded else self._no_rows()
        result = self.compare(vectors, batch)
        return with_auxiliary(result, [part.weighted(k).auxiliary for part, k in zip(encoded, shares, strict=True)])

    def encode(self, part: ModelInputs) -> Encoded:
        """The vectors of a part, and the graph encoder's own loss on it."""
        return Encoded(self.embedder(part.to(self.device)), self.embedder.take_auxiliary_loss())

    def compare(self, vectors: Tensor, batch: PairBatch) -> StepResult:
        """The loss of the rows of all processes; every process computes the same, and sends back its own rows' part.

        Args:
            vectors: (r, d) of this process's parts, one after the other.
            batch: Which of them is what.
        """
        queries, first_query = gather_rows(vectors[batch.queries.to(vectors.device)])  # (n of all processes, d)
        documents, first_document = gather_rows(vectors[batch.documents.to(vectors.device)])  # (m of all processes, d)
        mine = [[first_query + k, first_document + j] for j, k in enumerate(batch.owner.tolist())]
        pairs = torch.tensor([pair for part in gather_objects(mine) for pair in part])
        owner, target = pairs.to(vectors.device).T
        hidden, weight = self._negatives(batch.query_facts.gathered(), batch.document_facts.gathered())
        hidden = hidden.to(vectors.device)[owner].scatter(1, target[:, None], False)
        extra = () if weight is None else (weight.to(vectors.device)[owner],)
        with torch.autocast(vectors.device.type, enabled=False):
            loss = self.loss(queries[owner], documents, target, hidden, *extra)
            with torch.no_grad():
                best = (queries[owner] @ documents.T).masked_fill(hidden, -2.0).argmax(dim=1)
        return StepResult(loss, {"accuracy": float((best == target).float().mean())})

    def _negatives(self, queries: Facts, documents: Facts) -> tuple[Tensor, Tensor | None]:
        """(n, m) which documents are no negatives of a query, and how much the others count."""
        hidden, config = belonging(queries, documents), self.config
        if config.hide_within_m is None and config.near_m is None:
            return hidden, None
        away = metres(queries, documents)
        if config.hide_within_m is not None:
            hidden = hidden | (away < config.hide_within_m)
        return hidden, None if config.near_m is None else nearness_weight(away, config.near_m)

    def _no_rows(self) -> Tensor:
        """(0, d) vectors of a process without rows, with a graph: it takes part in every exchange of gradients."""
        trained = sum(parameter.sum() for parameter in self.embedder.trained_parameters().values())
        return (0.0 * trained).expand(0, self.embedder.dimension)  # type: ignore[union-attr]


def auxiliary_shares(parts: Sequence[ModelInputs]) -> list[float]:
    """What the graph encoder's own loss of each part is multiplied by, so that the sum over parts, averaged over
    processes, is its mean over all nodes: the loss of a part is a mean over the nodes of that part.
    """
    nodes = [0 if part.graphs is None else len(part.graphs.texts) for part in parts]
    total = sum(gather_objects(sum(nodes)))
    return [count * world_size() / total if total else 0.0 for count in nodes]
