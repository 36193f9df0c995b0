"""What a contrastive loss is."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from ugembed.registry import ComponentConfig


class Loss(Protocol):
    """Scores queries against documents."""

    def __call__(self, queries: Tensor, documents: Tensor, target: Tensor, hidden: Tensor) -> Tensor:
        """The mean loss of n queries.

        Args:
            queries: (n, d) unit vectors.
            documents: (m, d) unit vectors, m >= n.
            target: (n,) int64, the document that belongs to each query.
            hidden: (n, m) bool, true where a document must not count as a negative of a query (never at ``target``).

        Returns:
            A scalar.
        """
        ...


class LossConfig(ComponentConfig):
    """Base of loss configurations."""

    def build(self) -> Loss:
        """Create the loss."""
        raise TypeError(f"{type(self).__name__} does not say how it is built")
