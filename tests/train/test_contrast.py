"""The comparison of a step, by nested loops, with everything that decides who counts as a negative."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from tests.fixtures import model_config
from tests.train.contrast_cases import rows
from ugembed.geo.geodesy import distance_m
from ugembed.losses.info_nce import InfoNceConfig
from ugembed.models.config import ModelConfig
from ugembed.models.embedder import Embedder
from ugembed.records.item import Item
from ugembed.records.pair import Pair
from ugembed.train.stages.contrastive import Contrastive, PairBatch
from ugembed.train.stages.parts import NO_LIMIT, PartLimit
from ugembed.train.stages.rows import ContrastiveConfig

TEMPERATURE = 0.2


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(ModelConfig.model_validate(model_config()))


def _stage(embedder: Embedder, limit: PartLimit = NO_LIMIT, **config: Any) -> Contrastive:
    return Contrastive(
        embedder,
        InfoNceConfig(temperature=TEMPERATURE).build(),
        seed=0,
        device=torch.device("cpu"),
        config=ContrastiveConfig(kind="stage1", **config),
        limit=limit,
    )


def _vectors(batch: PairBatch) -> torch.Tensor:
    count = sum(len(part) for part in batch.parts)
    made = torch.randn(count, 8, generator=torch.Generator().manual_seed(1))
    return torch.nn.functional.normalize(made, dim=1)


def _twin(pairs: list[Pair], batch: PairBatch, vectors: torch.Tensor) -> float:
    """All positives, rows of one group apart, nothing within 40 m, the rest by metres with ``near_m`` 90."""
    queries, documents = vectors[batch.queries].tolist(), vectors[batch.documents].tolist()
    right = [(k, item) for k, pair in enumerate(pairs) for item in pair.positives]
    wrong = [item for pair in pairs for item in pair.negatives]

    def counts(q: int, d: int) -> float:
        cosine = math.fsum(a * b for a, b in zip(queries[q], documents[d], strict=True))
        if d >= len(right):
            return math.exp(cosine / TEMPERATURE)  # a listed negative stands nowhere
        other = pairs[right[d][0]]
        here, there = pairs[q].query.place, other.query.place
        assert here is not None
        assert there is not None
        away = float(distance_m(here.lon, here.lat, there.lon, there.lat))
        if pairs[q].group == other.group or away < 40:
            return 0.0
        return (1 - math.exp(-((away / 90) ** 2) / 2)) * math.exp(cosine / TEMPERATURE)

    terms = []
    for d, (q, _) in enumerate(right):
        own = math.exp(math.fsum(a * b for a, b in zip(queries[q], documents[d], strict=True)) / TEMPERATURE)
        others = math.fsum(counts(q, other) for other in range(len(right) + len(wrong)) if other != d)
        terms.append(-math.log(own / (own + others)))
    return math.fsum(terms) / len(terms)


@pytest.mark.parametrize("limit", [NO_LIMIT, PartLimit(rows=3)])
def test_a_step_is_what_loops_say(embedder: Embedder, limit: PartLimit) -> None:
    stage = _stage(embedder, limit, positives="all", near_m=90.0, hide_within_m=40.0)
    batch = stage.prepare(rows(), epoch=0)
    assert batch.by_parts is limit.is_set
    vectors = _vectors(batch)
    found = stage.step.compare(vectors, batch)
    assert float(found.loss) == pytest.approx(_twin(rows(), batch, vectors), rel=1e-5)
    plain = _stage(embedder, limit, positives="all").step.compare(vectors, batch)
    assert float(plain.loss) != pytest.approx(float(found.loss), rel=1e-2)


def test_half_precision_does_not_reach_the_loss(embedder: Embedder) -> None:
    stage = _stage(embedder)
    batch = stage.prepare(rows(), epoch=0)
    vectors = _vectors(batch)
    with torch.autocast("cpu", torch.bfloat16):
        half = stage.step.compare(vectors, batch)
    assert torch.equal(half.loss, stage.step.compare(vectors, batch).loss)


def test_equal_rows_are_encoded_once_in_small_parts(embedder: Embedder) -> None:
    pairs = [Pair(Item(f"question {k}"), (Item(f"Oak Street {k // 3}"),)) for k in range(6)]
    batch = _stage(embedder, PartLimit(rows=3)).prepare(pairs, epoch=0)
    assert sum(len(part) for part in batch.parts) == 8
    assert batch.documents.unique().tolist() == sorted(set(batch.documents.tolist()))
    assert [(batch.documents == one).sum().item() for one in batch.documents.unique()] == [3, 3]


def test_both_sides_are_told_their_prompts() -> None:
    config = ModelConfig.model_validate({**model_config(), "prompts": {"query": "Where?", "document": "A place."}})
    told = Embedder(config)
    pairs = [Pair(Item(f"oak {k}"), (Item(f"elm {k}"),)) for k in range(2)]
    batch = _stage(told).prepare(pairs, epoch=0)
    wanted = [
        told.prepare([Item("oak 0", instruction="Where?")]),
        told.prepare([Item("elm 0", instruction="A place.")]),
    ]
    assert [part.input_ids[0].tolist() for part in batch.parts] == [one.input_ids[0].tolist() for one in wanted]
