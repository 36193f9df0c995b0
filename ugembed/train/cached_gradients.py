"""Large contrast on small memory: gradients of vectors first, then those of the model, part by part.

GradCache (Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup"): a first pass
encodes every part without keeping anything for a backward pass; the loss of all vectors gives the gradient of each; a
second pass encodes each part again and sends its vectors' gradients back. Memory is that of one part, and the
gradient is the one of the whole batch: the chain rule, in another order. Dropout draws the same numbers in both passes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TypeVar

import torch
from torch import Tensor

from ugembed.errors import UgembedError
from ugembed.train.stages.base import StepResult, Syncing

Part = TypeVar("Part")
LARGEST_DIFFERENCE = 0.02
"""Numbers of unit vectors that differ more between the passes are no rounding (bfloat16 has eight bits)."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A part of a batch after the model.

    Attributes:
        vectors: (n, d) unit vectors.
        auxiliary: What the model itself asks for on this part, or None.
    """

    vectors: Tensor
    auxiliary: Tensor | None = None

    def weighted(self, share: float) -> Encoded:
        """With the auxiliary loss times ``share``."""
        return self if self.auxiliary is None else replace(self, auxiliary=share * self.auxiliary)


@dataclass(frozen=True, slots=True)
class RandomStream:
    """Where torch's random numbers stand, on the CPU and on the device of the model."""

    device: torch.device
    cpu: Tensor
    cuda: Tensor | None

    @classmethod
    def now(cls, device: torch.device) -> RandomStream:
        cuda = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
        return cls(device, torch.get_rng_state(), cuda)

    def restore(self) -> None:
        """From here on the same numbers are drawn as when this was made."""
        torch.set_rng_state(self.cpu)
        if self.cuda is not None:
            torch.cuda.set_rng_state(self.cuda, self.device)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RandomStream) or not torch.equal(self.cpu, other.cpu):
            return False
        return self.cuda is None or (other.cuda is not None and torch.equal(self.cuda, other.cuda))

    __hash__ = None  # type: ignore[assignment]


def backward_by_parts(
    parts: Sequence[Part],
    encode: Callable[[Part], Encoded],
    compare: Callable[[Tensor], tuple[StepResult, Sequence[float]]],
    *,
    device: torch.device,
    micro_steps: int,
    syncing: Syncing,
    around: Callable[[int], AbstractContextManager[object]] = lambda k: nullcontext(),
) -> StepResult:
    """Add the gradient of ``compare(all vectors)`` plus the parts' auxiliary losses to that of every parameter.

    Args:
        parts: At least two.
        encode: The model in training mode; called twice for each part but the last, with the same random numbers.
        compare: From the (n, d) vectors of all parts, one after the other, to the loss, and what each part's auxiliary
            loss is multiplied by; called once.
        device: Where the model is.
        micro_steps: What the loss is divided by.
        syncing: Surrounds every pass that has a backward pass.
        around: Surrounds both passes of the k-th part; what is the same in both may be kept there.

    Returns:
        The loss without its graph, auxiliary losses included.

    Raises:
        UgembedError: ``passes-differ``, the second pass does not repeat the first.
    """
    first, streams, final = [], [], len(parts) - 1
    with torch.no_grad():
        for k in range(final):
            streams.append(RandomStream.now(device))
            with around(k):
                first.append(encode(parts[k]).vectors)
    with syncing(last=False), around(final):
        last = encode(parts[final])  # what a part takes for its backward pass is free now: no second pass for this one
    after = RandomStream.now(device)
    vectors = torch.cat([*first, last.vectors.detach()]).requires_grad_()
    with syncing(last=False):
        result, shares = compare(vectors)
        torch.autograd.backward(result.loss / micro_steps)
        assert vectors.grad is not None
        gradients = torch.split(vectors.grad, [len(part) for part in (*first, last.vectors)])
        auxiliary = [_send_back(last.weighted(shares[final]), gradients[final], micro_steps)]
    del last
    differences = []
    for k in range(final):
        streams[k].restore()
        with syncing(last=k == final - 1), around(k):
            again = encode(parts[k])
            differences.append((again.vectors.detach() - first[k]).abs().max())
            auxiliary.append(_send_back(again.weighted(shares[k]), gradients[k], micro_steps))
    after.restore()
    _check_repeated(float(torch.stack(differences).max()))
    return with_auxiliary(StepResult(result.loss.detach(), result.metrics), auxiliary)


def with_auxiliary(result: StepResult, auxiliary: Sequence[Tensor | None]) -> StepResult:
    """The result with the sum of auxiliary losses added and shown."""
    losses = [loss for loss in auxiliary if loss is not None]
    if not losses:
        return result
    total = torch.stack(losses).sum()
    return StepResult(result.loss + total, {**result.metrics, "auxiliary": float(total.detach())})


def _send_back(part: Encoded, gradient: Tensor, micro_steps: int) -> Tensor | None:
    """The backward pass of a part; its auxiliary loss, without its graph."""
    ends, gradients = ([part.vectors], [gradient]) if part.vectors.requires_grad else ([], [])
    if part.auxiliary is not None:
        ends.append(part.auxiliary)
        gradients.append(torch.ones_like(part.auxiliary) / micro_steps)
    if ends:  # a part that nothing trained has touched has nothing to learn
        torch.autograd.backward(ends, gradients)
    return None if part.auxiliary is None else part.auxiliary.detach()


def _check_repeated(difference: float) -> None:
    if not difference <= LARGEST_DIFFERENCE:
        raise UgembedError(
            f"the second pass of cached gradients gave other vectors than the first: they differ by {difference:.3g}",
            code="passes-differ",
            hint="a part of the model is not repeatable; train with trainer.chunk_rows=null and chunk_tokens=null",
        )
