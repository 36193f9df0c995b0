"""Batches of similar length: nothing lost, no budget broken, and what mixed lengths cost."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from ugembed.models.batching import length_batches, real_share

lengths = st.lists(st.integers(1, 900), max_size=80)
budget = st.one_of(st.none(), st.integers(1, 4000))
count = st.one_of(st.none(), st.integers(1, 20))


@given(lengths=lengths, max_tokens=budget, max_rows=count, least_real=st.floats(0, 1))
def test_every_row_is_in_one_batch_and_no_limit_is_broken(
    lengths: list[int], max_tokens: int | None, max_rows: int | None, least_real: float
) -> None:
    batches = length_batches(lengths, max_tokens=max_tokens, max_rows=max_rows, least_real=least_real)
    assert sorted(k for batch in batches for k in batch) == list(range(len(lengths)))
    for batch in batches:
        own = [lengths[k] for k in batch]
        assert own == sorted(own, reverse=True)
        assert max_rows is None or len(batch) <= max_rows
        assert max_tokens is None or len(batch) == 1 or len(batch) * own[0] <= max_tokens
        assert sum(own) >= least_real * len(batch) * own[0]


@given(lengths=lengths, max_tokens=budget, max_rows=count)
def test_a_batch_ends_only_where_the_next_row_would_break_a_limit(
    lengths: list[int], max_tokens: int | None, max_rows: int | None
) -> None:
    batches = length_batches(lengths, max_tokens=max_tokens, max_rows=max_rows)
    for batch in batches[:-1]:
        larger = len(batch) + 1
        too_many_tokens = max_tokens is not None and larger * lengths[batch[0]] > max_tokens
        assert too_many_tokens or (max_rows is not None and larger > max_rows)


def test_rows_of_known_lengths() -> None:
    assert length_batches([5, 100, 7, 100, 30], max_tokens=200) == [[1, 3], [4, 2, 0]]
    assert length_batches([5, 100, 7, 100, 30], max_rows=2) == [[1, 3], [4, 2], [0]]
    assert length_batches([5, 100, 7, 100, 30], least_real=0.8) == [[1, 3], [4], [2, 0]]
    assert length_batches([300, 10, 10], max_tokens=20) == [[0], [1, 2]]  # a row above the budget is alone
    assert length_batches([]) == []


def test_the_share_of_real_tokens() -> None:
    assert real_share([10, 5, 20], [[0, 1], [2]]) == 35 / 40
    assert real_share([], []) == 1.0


def test_mixed_lengths_are_nearly_all_real_where_file_order_pads_a_third() -> None:
    random = Random(0)
    mixed = [random.randint(20, 600) for _ in range(512)]
    as_they_come = [list(range(start, start + 16)) for start in range(0, 512, 16)]
    assert real_share(mixed, as_they_come) < 0.65
    assert real_share(mixed, length_batches(mixed, max_rows=16)) > 0.95
    assert real_share(mixed, length_batches(mixed, max_tokens=4096)) > 0.95
