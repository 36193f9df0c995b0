"""An order is a pure function of (seed, epoch)."""

from __future__ import annotations

import numpy as np

from ugembed.sampling.shuffled import ShuffledConfig

GROUPS = [str(k) for k in range(50)]


def test_every_row_comes_once_an_epoch() -> None:
    order = ShuffledConfig().build().order(GROUPS, seed=1, epoch=4)
    assert sorted(order.tolist()) == list(range(50))


def test_the_same_seed_and_epoch_give_the_same_order_and_others_do_not() -> None:
    sampler = ShuffledConfig().build()
    first = sampler.order(GROUPS, seed=1, epoch=0)
    assert np.array_equal(first, ShuffledConfig().build().order(GROUPS, seed=1, epoch=0))
    assert not np.array_equal(first, sampler.order(GROUPS, seed=1, epoch=1))
    assert not np.array_equal(first, sampler.order(GROUPS, seed=2, epoch=0))
