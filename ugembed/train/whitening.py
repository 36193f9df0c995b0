"""Fit a whitened head to the texts of a run, before its first step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ugembed.models.embedder import Embedder
from ugembed.models.node_text import name_of
from ugembed.records.item import Item
from ugembed.records.pair import Pair

MOST = 6000
"""Documents, and names of nodes, to which the head is fitted."""


def fit_head(embedder: Embedder, pairs: Sequence[Pair], *, seed: int) -> None:
    """Whiten the pooled vectors of a sample of the rows' documents that are texts, and of the names in their graphs.

    A head that was fitted before (the run starts from a model with a graph part) stays as it is, and a model without
    one too.

    Raises:
        DataError: ``whitening-vectors``: fewer than two different texts.
    """
    head = embedder.head
    if head is None or head.is_fitted:
        return
    rng = np.random.default_rng(seed)
    documents = [item.text for pair in pairs for item in (*pair.positives, *pair.negatives) if _is_text(item)]
    distinct = list(dict.fromkeys(documents))
    chosen = [distinct[k] for k in rng.permutation(len(distinct))[:MOST].tolist()]
    head.fit(embedder.pooled_documents([*chosen, *_names(embedder, pairs, rng)]))


def _is_text(item: Item) -> bool:
    return not item.images and not item.graphs


def _names(embedder: Embedder, pairs: Sequence[Pair], rng: np.random.Generator) -> list[str]:
    """Distinct names in graphs of the rows, taken at random, at most `MOST`."""
    items = [item for pair in pairs for item in (pair.query, *pair.positives, *pair.negatives)]
    owner = list({str(source): item for item in items for source in item.graphs}.values())
    names: dict[str, None] = {}
    for k in rng.permutation(len(owner)).tolist():
        if len(names) >= MOST:
            break
        for near in embedder.prepare.draft(owner[k]).graphs:
            names.update(dict.fromkeys(name_of(text) for text in near.texts))
    return list(names)[:MOST]
