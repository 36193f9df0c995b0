"""What a sampler is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ugembed.registry import ComponentConfig


class Sampler(Protocol):
    """Orders the rows of an epoch."""

    def order(self, groups: Sequence[str], *, seed: int, epoch: int) -> NDArray[np.int64]:
        """A permutation of the rows, the same for the same arguments on every machine.

        Args:
            groups: The group of each row (`Pair.group`); rows of one group are of the same picture.
            seed: Of the run.
            epoch: 0, 1, …
        """
        ...


class SamplerConfig(ComponentConfig):
    """Base of sampler configurations."""

    def build(self) -> Sampler:
        """Create the sampler."""
        raise TypeError(f"{type(self).__name__} does not say how it is built")
