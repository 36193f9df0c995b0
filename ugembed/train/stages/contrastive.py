"""Stage 1: a picture and the text that says where it stands, pulled together against all others of the batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from ugembed.errors import DataError
from ugembed.losses.base import Loss
from ugembed.models.embedder import Embedder
from ugembed.models.inputs import ModelInputs
from ugembed.records.item import Item
from ugembed.records.pair import Pair
from ugembed.train.distributed import gather_objects, gather_rows
from ugembed.train.stages.base import Stage, StageConfig, StepResult


class Stage1Config(StageConfig):
    """Image to text, contrastive."""

    kind: Literal["stage1"] = "stage1"

    def build(self, embedder: Embedder, loss: Loss, *, seed: int, device: torch.device) -> Stage:
        return Contrastive(embedder, loss, seed=seed, device=device)


@dataclass(frozen=True, slots=True)
class PairBatch:
    """Prepared queries and documents; document k belongs to query k for k < n, the rest are listed negatives.

    Attributes:
        queries: n rows.
        documents: m >= n rows, in parts of similar length: short answers are not padded to long descriptions.
        places: (m,) int64; the k-th row of all parts is document ``places[k]``.
        groups: Group of each document; equal groups are never each other's negatives.
    """

    queries: ModelInputs
    documents: tuple[ModelInputs, ...]
    places: Tensor
    groups: tuple[str, ...]


class Contrastive:
    """Queries against all positives and negatives of all processes."""

    def __init__(self, embedder: Embedder, loss: Loss, *, seed: int, device: torch.device) -> None:
        self.embedder = embedder
        self.module: nn.Module = ContrastiveStep(embedder, loss, device)
        self.seed = seed

    def check(self, pairs: Sequence[Pair]) -> None:
        if not pairs:
            raise DataError("no training rows", code="no-rows", hint="see data.train; `ugembed validate-data` explains")

    def prepare(self, pairs: Sequence[Pair], *, epoch: int) -> PairBatch:
        # several positives a row: one an epoch, in turn, so that all are used
        positives = [pair.positives[(self.seed + epoch) % len(pair.positives)] for pair in pairs]
        negatives = [(item, pair.group) for pair in pairs for item in pair.negatives]
        documents = [*positives, *(item for item, _ in negatives)]
        parts = by_length(documents)
        return PairBatch(
            queries=self.embedder.prepare([pair.query for pair in pairs]),
            documents=tuple(self.embedder.prepare([documents[k] for k in part]) for part in parts),
            places=torch.tensor([k for part in parts for k in part]),
            groups=(*(pair.group for pair in pairs), *(f"{group}\0not" for _, group in negatives)),
        )


class ContrastiveStep(nn.Module):
    """Encode a batch and compare it: the module that a strategy wraps."""

    def __init__(self, embedder: Embedder, loss: Loss, device: torch.device) -> None:
        super().__init__()
        self.embedder = embedder
        self.loss = loss
        self.device = device

    def forward(self, batch: PairBatch) -> StepResult:
        queries = self.embedder(batch.queries.to(self.device))  # (n, d)
        in_parts = torch.cat([self.embedder(part.to(self.device)) for part in batch.documents])
        own_documents = in_parts[batch.places.argsort().to(self.device)]  # (m, d)
        documents, start = gather_rows(own_documents)  # (m of all processes, d)
        groups = [group for part in gather_objects(list(batch.groups)) for group in part]
        target = start + torch.arange(len(queries), device=documents.device)
        hidden = same_group(batch.groups[: len(queries)], groups, target)
        loss = self.loss(queries, documents, target, hidden)
        with torch.no_grad():
            best = (queries @ documents.T).masked_fill(hidden, -2.0).argmax(dim=1)
        metrics = {"accuracy": float((best == target).float().mean())}
        auxiliary = self.embedder.take_auxiliary_loss()
        if auxiliary is not None:
            loss, metrics["auxiliary"] = loss + auxiliary, float(auxiliary.detach())
        return StepResult(loss, metrics)


def by_length(items: Sequence[Item]) -> list[list[int]]:
    """Positions of items in at most two parts: short and long ones apart where that saves a fifth of the padded width.

    Texts are measured in characters; items with a picture or a graph count as long.
    """
    length = [math.inf if item.images or item.graphs else len(item.text) for item in items]
    order = sorted(range(len(items)), key=lambda k: (length[k], k))
    longest = length[order[-1]]
    if longest == math.inf:
        split = sum(one < math.inf for one in length)
        return [part for part in (order[:split], order[split:]) if part]
    cost = {k: k * length[order[k - 1]] + (len(order) - k) * longest for k in range(1, len(order))}
    split = min(cost, key=cost.__getitem__, default=0)
    if not split or cost[split] > 0.8 * len(order) * longest:
        return [list(range(len(items)))]
    return [order[:split], order[split:]]


def same_group(own: Sequence[str], groups: Sequence[str], target: Tensor) -> Tensor:
    """(n, m) bool: documents of a query's own group, its target excepted. Rows without a group hide nothing."""
    number = {group: position for position, group in enumerate(dict.fromkeys(groups))}
    of_query = torch.tensor([number[group] if group else -1 for group in own], device=target.device)
    of_document = torch.tensor([number[group] if group else -2 for group in groups], device=target.device)
    hidden = of_query[:, None] == of_document[None, :]
    return hidden.scatter(1, target[:, None], False)
