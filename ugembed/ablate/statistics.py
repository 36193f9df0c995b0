"""Means over seeds with intervals, and paired tests, by a bootstrap over seeds and cases (Efron 1979).

A resample draws seeds with replacement and, within each, cases. All rows share the draws, so that the difference of two
rows is that of the same cases: a paired test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ugembed.ablate.answers import METRICS, Answers
from ugembed.ablate.config import RowRef
from ugembed.eval.metrics import Floats

AT_ONCE = 1_000
"""Resamples that are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over seeds of the mean over cases, with the 95 % interval; shares in [0, 1].

    For a difference, ``p`` is two-sided: twice the share of resamples on the other side of 0 (Davison and Hinkley 1997,
    section 4.2.5, with the observed one counted in).
    """

    mean: float
    low: float
    high: float
    seeds: int
    cases: int
    p: float | None = None


class Bootstrap:
    """Resampled means of the rows of one group of questions.

    Args:
        rows: Answers by row and seed; rows that share a seed were asked the same cases.
        samples: Number B of resamples.
        seed: Of the draws.
    """

    def __init__(self, rows: Mapping[RowRef, Mapping[int, Answers]], *, samples: int, seed: int = 0) -> None:
        self.rows = rows
        self.samples = samples
        self.seed = seed
        self.means: dict[RowRef, dict[int, Floats]] = {row: {} for row in rows}  # (metrics, B)
        for number in sorted({number for by_seed in rows.values() for number in by_seed}):
            present = [row for row in rows if number in rows[row]]
            stacked = np.concatenate([rows[row][number].values for row in present])  # (rows * metrics, n)
            drawn = self._resampled(stacked, number).reshape(len(present), len(METRICS), samples)
            for row, means in zip(present, drawn, strict=True):
                self.means[row][number] = means

    def _resampled(self, values: Floats, number: int) -> Floats:
        """(k, n) values of n cases to (k, B) means."""
        n = values.shape[1]
        generator = np.random.default_rng([self.seed, number])
        parts = []
        for start in range(0, self.samples, AT_ONCE):
            size = min(AT_ONCE, self.samples - start)
            cases = (
                generator.integers(n, size=(size, n)) + n * np.arange(size)[:, None]
            )  # resample b draws from b * n on
            times = np.bincount(cases.ravel(), minlength=size * n).reshape(size, n)  # how often each is drawn
            parts.append(values @ times.T / n)
        return np.concatenate(parts, axis=1)

    def estimate(self, row: RowRef, metric: str) -> Estimate:
        """Mean and interval of a row."""
        answers, k = self.rows[row], list(METRICS).index(metric)
        observed = [answers[number].values[k].mean() for number in answers]
        drawn = self._over_seeds(np.stack([self.means[row][number][k] for number in answers]))
        return _estimate(observed, drawn, sum(len(one.cases) for one in answers.values()))

    def difference(self, row: RowRef, other: RowRef, metric: str) -> Estimate | None:
        """``row`` minus ``other`` over the seeds that both have, with p; None without any."""
        mine, theirs, k = self.rows.get(row, {}), self.rows.get(other, {}), list(METRICS).index(metric)
        both = [number for number in mine if number in theirs]
        if not both:
            return None
        observed = [(mine[number].values[k] - theirs[number].values[k]).mean() for number in both]
        gaps = np.stack([self.means[row][number][k] - self.means[other][number][k] for number in both])
        drawn = self._over_seeds(gaps)
        one_side = min((drawn <= 0).sum(), (drawn >= 0).sum())
        p = min(1.0, 2 * (1 + float(one_side)) / (self.samples + 1))
        return _estimate(observed, drawn, sum(len(mine[number].cases) for number in both), p)

    def _over_seeds(self, means: Floats) -> Floats:
        """(S, B) means by seed to (B,) means over S seeds drawn with replacement."""
        count, samples = means.shape
        if count == 1:
            return np.asarray(means[0])
        generator = np.random.default_rng([self.seed, count])
        picked: NDArray[np.int64] = generator.integers(count, size=(samples, count))
        lines = generator.permuted(np.tile(np.arange(samples), (count, 1)), axis=1).T  # a seed drawn twice: other cases
        return np.asarray(means[picked, lines].mean(axis=1))


def _estimate(observed: list[float], drawn: Floats, cases: int, p: float | None = None) -> Estimate:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Estimate(float(np.mean(observed)), float(low), float(high), len(observed), cases, p)
