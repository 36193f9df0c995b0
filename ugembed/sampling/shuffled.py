"""Every row once an epoch, in a new random order each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ugembed.sampling.base import Sampler, SamplerConfig


class ShuffledConfig(SamplerConfig):
    """Uniform shuffling."""

    kind: Literal["shuffled"] = "shuffled"

    def build(self) -> Sampler:
        return Shuffled()


class Shuffled:
    """Counter-based (Philox): the order of an epoch needs no history."""

    def order(self, groups: Sequence[str], *, seed: int, epoch: int) -> NDArray[np.int64]:
        generator = np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, 0, epoch]))
        return generator.permutation(len(groups)).astype(np.int64)
