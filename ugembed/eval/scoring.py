"""Where the right answer stands among its candidates, by cosine; exact, in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ugembed.embed.encode import Vectors
from ugembed.embed.index import FaissIndex

TIE = 1e-6
"""Cosines closer than this are level: float32 rounding differs with the place in a batch and must not decide a rank."""

QUERIES_AT_ONCE = 256
CANDIDATES_AT_ONCE = 65_536
"""One block of scores is at most 256 x 65,536 float32, 64 MiB, however many candidates there are."""

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scored:
    """One case after scoring.

    Attributes:
        better: Candidates with a higher cosine than the right answer.
        tied: Other candidates level with it.
        gold_score: Its cosine with the query.
        top: (candidate index, cosine) of the best, best first.
    """

    better: int
    tied: int
    gold_score: float
    top: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class ScoringCase:
    """A case as rows of the vector matrix: the query's, the candidates' (n,), and which of these is right."""

    query: int
    candidates: Rows
    gold: int


def score_cases(vectors: Vectors, cases: Sequence[ScoringCase], *, top: int = 10) -> list[Scored]:
    """Score every case, in order. Cases with the same candidate list share one FAISS index.

    Args:
        vectors: (m, d) unit rows.
        cases: What to rank.
        top: How many of the best candidates to keep.
    """
    groups: dict[bytes, list[int]] = {}
    for position, case in enumerate(cases):
        groups.setdefault(case.candidates.tobytes(), []).append(position)
    scored: list[Scored | None] = [None] * len(cases)
    for positions in groups.values():
        candidates = vectors[cases[positions[0]].candidates]  # (n, d)
        index = FaissIndex(candidates)
        for start in range(0, len(positions), QUERIES_AT_ONCE):
            block = positions[start : start + QUERIES_AT_ONCE]
            queries = vectors[[cases[p].query for p in block]]
            gold = np.array([cases[p].gold for p in block])
            better, tied, gold_scores = count_above(queries, candidates, gold)
            best_scores, best = index.search(queries, top)
            for row, position in enumerate(block):
                best_pairs = tuple(zip(best[row].tolist(), best_scores[row].tolist(), strict=True))
                scored[position] = Scored(int(better[row]), int(tied[row]), float(gold_scores[row]), best_pairs)
    return [one for one in scored if one is not None]


def count_above(queries: Vectors, candidates: Vectors, gold: Rows) -> tuple[Rows, Rows, NDArray[np.float32]]:
    """For every query: candidates above the right one, others level with it, and its score.

    Args:
        queries: (q, d).
        candidates: (n, d), the same for all.
        gold: (q,) index of each query's right candidate.
    """
    gold_scores = np.einsum("qd,qd->q", queries, candidates[gold])
    better = np.zeros(len(queries), dtype=np.int64)
    tied = np.full(len(queries), -1, dtype=np.int64)  # the right answer is level with itself
    for start in range(0, len(candidates), CANDIDATES_AT_ONCE):
        ahead = queries @ candidates[start : start + CANDIDATES_AT_ONCE].T - gold_scores[:, None]  # (q, block)
        better += (ahead > TIE).sum(axis=1)
        tied += (np.abs(ahead) <= TIE).sum(axis=1)
    return better, tied, gold_scores
