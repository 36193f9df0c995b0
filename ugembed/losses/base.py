"""What a contrastive loss is."""

from __future__ import annotations

from typing import ClassVar, Protocol

from torch import Tensor

from ugembed.registry import ComponentConfig


class Loss(Protocol):
    """Scores queries against documents. One with weights of its own (a learnt temperature) is an `nn.Module`."""

    def __call__(
        self, queries: Tensor, documents: Tensor, target: Tensor, hidden: Tensor, weight: Tensor | None = None
    ) -> Tensor:
        """The mean loss of n queries.

        Args:
            queries: (n, d) unit vectors; a query with several right documents stands here once for each.
            documents: (m, d) unit vectors, m >= n.
            target: (n,) int64, the document that belongs to each query.
            hidden: (n, m) bool, true where a document must not count as a negative of a query (never at ``target``).
            weight: (n, m), 0 to 1: how much each document counts as a negative; None for 1 everywhere. It is given
                only to losses whose configuration says ``weighs_negatives``.

        Returns:
            A scalar.
        """
        ...


class LossConfig(ComponentConfig):
    """Base of loss configurations."""

    weighs_negatives: ClassVar[bool] = False
    """Whether the loss takes ``weight``."""

    def build(self) -> Loss:
        """Create the loss."""
        raise TypeError(f"{type(self).__name__} does not say how it is built")
